import HeapModule

/// Merges the bytes of one piece into tokens: the earliest listed pair first, the leftmost among
/// equals.
///
/// Short pieces by looking through all pairs for the best one, which is quickest for a few dozen
/// bytes and quadratic beyond; long ones by a heap of pairs over a linked list, O(n log n), so that a
/// document that is a single piece takes no more than its share of time.
struct PieceMerger: ~Copyable {
    /// The longest piece that is merged without a heap.
    static let shortLimit = LongPieceCache.maximumLength

    private let byteTokens: BufferView<UInt32>
    private let merges: MergeTable.Lookup

    /// Short pieces: the tokens, and for each the rank and result of merging it with the next.
    private let shortTokens = OwnedBuffer<UInt32>(repeating: 0, count: shortLimit + 1)
    private let shortPairs = OwnedBuffer<UInt64>(repeating: 0, count: shortLimit + 1)

    /// Long pieces; grown to the longest so far, and given back when that was very long.
    private var long = LongScratch(capacity: 0)

    /// Scratch that is larger than this is not kept.
    private static let keptCapacity = 1 << 20

    init(_ vocabulary: Vocabulary) {
        byteTokens = vocabulary.tokens.byteTokens
        merges = vocabulary.merges.lookup
    }

    /// The tokens of the last short piece.
    var tokens: BufferView<UInt32> { shortTokens.view }

    /// Merges a piece of at most ``shortLimit`` bytes; the result is in ``tokens``. Returns how many
    /// tokens there are.
    func mergeShort(_ text: ByteView, from start: Int, to end: Int) -> Int {
        let tokens = shortTokens.view
        let pairs = shortPairs.view
        var count = end - start
        for index in 0..<count { tokens[index] = byteTokens[Int(text[start + index])] }
        for index in 0..<count - 1 { pairs[index] = pair(tokens[index], tokens[index + 1]) }
        while count > 1 {
            var best = UInt64.max
            var place = 0
            for index in 0..<count - 1 where pairs[index] < best {
                best = pairs[index]
                place = index
            }
            guard best != .max else { break }
            tokens[place] = UInt32(truncatingIfNeeded: best)
            tokens.move(from: place + 2, to: place + 1, count: count - place - 2)
            if place + 2 < count {
                pairs.move(from: place + 2, to: place + 1, count: count - place - 3)
            }
            count -= 1
            if place > 0 { pairs[place - 1] = pair(tokens[place - 1], tokens[place]) }
            if place + 1 < count { pairs[place] = pair(tokens[place], tokens[place + 1]) }
        }
        return count
    }

    /// The rank in the upper half and the result in the lower; all ones if the pair does not merge.
    @inline(__always)
    private func pair(_ left: UInt32, _ right: UInt32) -> UInt64 {
        let slot = merges.find(left, right)
        return UInt64(slot.rank) << 32 | UInt64(slot.result)
    }

    /// What the heap holds: the rank in the upper half, the place of the left token in the lower.
    @inline(__always)
    private func candidate(_ pair: UInt64, at place: Int) -> UInt64 {
        pair & 0xFFFF_FFFF_0000_0000 | UInt64(place)
    }

    /// Merges a piece of any length below 2³² bytes and appends its tokens to `output`. O(n log n).
    mutating func mergeLong(
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
