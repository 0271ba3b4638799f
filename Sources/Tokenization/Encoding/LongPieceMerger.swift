import HeapModule

/// Merges the bytes of one long piece into tokens: the earliest listed pair first, the leftmost among
/// equals.
///
/// A heap of pairs over a linked list, O(n log n), so that a document that is a single piece takes no
/// more than its share of time.
struct LongPieceMerger: ~Copyable {
    private let byteTokens: BufferView<UInt32>
    private let merges: MergeTable.Lookup

    /// Grown to the longest piece so far, and given back when that was very long.
    private var long = LongScratch(capacity: 0)

    /// Scratch that is larger than this is not kept.
    private static let keptCapacity = 1 << 20

    init(_ vocabulary: Vocabulary) {
        byteTokens = vocabulary.tokens.byteTokens
        merges = vocabulary.merges.lookup
    }

    /// The rank in the upper half and the result in the lower; all ones if the pair does not merge.
    @inline(__always)
    private func pair(_ left: UInt32, _ right: UInt32) -> UInt64 {
        guard let rank = merges.rank(left, right) else { return .max }
        return UInt64(rank) << 32 | UInt64(merges.result(of: rank))
    }

    /// What the heap holds: the rank in the upper half, the place of the left token in the lower.
    @inline(__always)
    private func candidate(_ pair: UInt64, at place: Int) -> UInt64 {
        pair & 0xFFFF_FFFF_0000_0000 | UInt64(place)
    }

    /// Merges a piece of any length below 2³² bytes and appends its tokens to `output`. O(n log n).
    mutating func merge(
        _ text: ByteView, from start: Int, to end: Int, appendingTo output: inout [UInt32]
    ) {
        let length = end - start
        precondition(length < Int(UInt32.max), "a piece has 2³² bytes or more")
        if long.capacity < length { long = LongScratch(capacity: length) }
        let tokens = long.tokens.view
        let pairs = long.pairs.view
        let next = long.next.view
        let previous = long.previous.view
        let none = UInt32.max

        for index in 0..<length {
            tokens[index] = byteTokens[Int(text[start + index])]
            next[index] = index + 1 < length ? UInt32(index + 1) : none
            previous[index] = index > 0 ? UInt32(index - 1) : none
        }
        // The heap's order is the merge order.
        var first: [UInt64] = []
        first.reserveCapacity(length)
        for index in 0..<length {
            pairs[index] = index + 1 < length ? pair(tokens[index], tokens[index + 1]) : .max
            if pairs[index] != .max { first.append(candidate(pairs[index], at: index)) }
        }
        var candidates = Heap(first)
        while let best = candidates.popMin() {
            let place = Int(best & 0xFFFF_FFFF)
            // The pair may have changed, or gone into its left neighbour, since it was pushed.
            guard pairs[place] >> 32 == best >> 32 else { continue }
            let right = Int(next[place])
            tokens[place] = UInt32(truncatingIfNeeded: pairs[place])
            pairs[right] = .max
            next[place] = next[right]
            pairs[place] = .max
            if next[place] != none {
                let after = Int(next[place])
                previous[after] = UInt32(place)
                pairs[place] = pair(tokens[place], tokens[after])
                if pairs[place] != .max {
                    candidates.insert(candidate(pairs[place], at: place))
                }
            }
            if previous[place] != none {
                let before = Int(previous[place])
                pairs[before] = pair(tokens[before], tokens[place])
                if pairs[before] != .max {
                    candidates.insert(candidate(pairs[before], at: before))
                }
            }
        }
        var place = UInt32(0)
        while place != none {
            output.append(tokens[Int(place)])
            place = next[Int(place)]
        }
        if long.capacity > Self.keptCapacity { long = LongScratch(capacity: 0) }
    }
}

/// A piece as a linked list of tokens.
private struct LongScratch: ~Copyable {
    let capacity: Int
    let tokens: OwnedBuffer<UInt32>
    let pairs: OwnedBuffer<UInt64>
    let next: OwnedBuffer<UInt32>
    let previous: OwnedBuffer<UInt32>

    init(capacity: Int) {
        self.capacity = capacity
        tokens = OwnedBuffer(repeating: 0, count: capacity)
        pairs = OwnedBuffer(repeating: 0, count: capacity)
        next = OwnedBuffer(repeating: 0, count: capacity)
        previous = OwnedBuffer(repeating: 0, count: capacity)
    }
}
