import Bytes
import HeapModule
import Tokenization

/// Merges the bytes of one token as if they were a piece of text: how the token is made, if at all.
struct TokenMerger: ~Copyable {
    /// Rule by which neighbours merge, and in which order.
    enum Rule {
        /// Those whose bytes together are a token, the smallest number first: tiktoken's rule.
        case ranks
        /// Those whose bytes together are a token, the least of its ranks first, begun with
        /// characters: SentencePiece's rule.
        case scores([UInt32])
        /// Those that are listed, the earliest first.
        case listed(MergeTable)
    }

    private let tokens: TokenTable
    private let rule: Rule

    // A piece as a linked list of parts, each named by the place of its first byte.
    private let parts: OwnedBuffer<UInt32>
    private let next: OwnedBuffer<Int>
    private let previous: OwnedBuffer<Int>
    /// For each part, the order of merging it with the next one in the upper half, and the token
    /// that makes in the lower; `UInt64.max` if they do not merge.
    private let pairs: OwnedBuffer<UInt64>

    /// A merger for the tokens of a table. O(longest token).
    init(_ tokens: TokenTable, _ rule: Rule) {
        let longest = (0..<tokens.count).reduce(0) { max($0, tokens.byteCount(of: $1)) }
        self.tokens = tokens
        self.rule = rule
        parts = OwnedBuffer(repeating: 0, count: longest)
        next = OwnedBuffer(repeating: 0, count: longest + 1)
        previous = OwnedBuffer(repeating: 0, count: longest + 1)
        pairs = OwnedBuffer(repeating: .max, count: longest)
    }

    /// The last merge that makes the token `id` of its bytes; `nil` if they stay several tokens, or
    /// are but one byte. O(n log n).
    ///
    /// Wherever the token is made by merging, in whatever text, this is the merge that makes it: as
    /// long as no merge has crossed its ends, what happens between them does not depend on what is
    /// outside, so it is what happens here.
    func lastMerge(of id: Int) -> MergePair? {
        let start = Int(tokens.offsets[id])
        let length = tokens.byteCount(of: id)
        let text = ByteView(tokens.bytes, count: tokens.bytes.count)
            .slice(from: start, to: start + length)
        let (parts, pairs) = (parts.view, pairs.view)
        let (next, previous) = (next.view, previous.view)
        var starts = Array(0..<length)
        if case .scores = rule {
            // A byte that goes on a character begins none.
            starts = starts.filter { text[$0] & 0xC0 != 0x80 }
            for place in 0..<length { pairs[place] = .max }
        }
        for (index, place) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1] : length
            next[place] = end
            previous[place] = index > 0 ? starts[index - 1] : -1
            if end - place == 1 {
                parts[place] = tokens.byteTokens[Int(text[place])]
            } else {
                guard let id = tokens.id(of: text, from: place, to: end) else { return nil }
                parts[place] = id
            }
        }
        var first: [UInt64] = []
        for place in starts {
            pairs[place] = pair(text, at: place, length)
            if pairs[place] != .max { first.append(Self.candidate(pairs[place], at: place)) }
        }
        var candidates = Heap(first)
        while let best = candidates.popMin() {
            let place = Int(best & 0xFFFF_FFFF)
            // The pair may have changed, or gone into its left neighbour, since it was pushed.
            guard pairs[place] >> 32 == best >> 32 else { continue }
            let right = next[place]
            if place == 0, next[right] == length {
                return MergePair(left: parts[0], right: parts[right])
            }
            parts[place] = UInt32(truncatingIfNeeded: pairs[place])
            pairs[right] = .max
            next[place] = next[right]
            if next[place] < length { previous[next[place]] = place }
            for changed in [place, previous[place]] where changed >= 0 {
                pairs[changed] = pair(text, at: changed, length)
                if pairs[changed] != .max {
                    candidates.insert(Self.candidate(pairs[changed], at: changed))
                }
            }
        }
        return nil
    }

    private static func candidate(_ pair: UInt64, at place: Int) -> UInt64 {
        pair & 0xFFFF_FFFF_0000_0000 | UInt64(place)
    }

    /// Key of merging the part at `place` with the next one: its rank in the upper half, its token
    /// in the lower; the greatest number if they do not merge.
    private func pair(_ text: ByteView, at place: Int, _ length: Int) -> UInt64 {
        let right = next.view[place]
        guard right < length else { return .max }
        switch rule {
        case .ranks:
            guard let id = tokens.id(of: text, from: place, to: next.view[right]) else {
                return .max
            }
            return UInt64(id) << 32 | UInt64(id)
        case .scores(let ranks):
            guard let id = tokens.id(of: text, from: place, to: next.view[right]),
                ranks[Int(id)] != .max
            else { return .max }
            return UInt64(ranks[Int(id)]) << 32 | UInt64(id)
        case .listed(let merges):
            let lookup = merges.lookup
            guard let rank = lookup.rank(parts.view[place], parts.view[right]) else { return .max }
            return UInt64(rank) << 32 | UInt64(lookup.result(of: rank))
        }
    }
}
