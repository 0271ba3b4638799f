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

    /// Short pieces: the tokens at the places where they begin, and for each the merge with the next:
    /// its rank, and in the lowest bits the place, so that the least number is the next merge.
    private let shortTokens = OwnedBuffer<UInt32>(repeating: 0, count: shortLimit)
    private let shortMerges = OwnedBuffer<Int32>(repeating: .max, count: shortLimit)
    private let shortNext = OwnedBuffer<UInt8>(repeating: 0, count: shortLimit)
    private let shortPrevious = OwnedBuffer<UInt8>(repeating: 0, count: shortLimit)

    /// Long pieces; grown to the longest so far, and given back when that was very long.
    private var long = LongScratch(capacity: 0)

    /// Scratch that is larger than this is not kept.
    private static let keptCapacity = 1 << 20

    init(_ vocabulary: Vocabulary) {
        byteTokens = vocabulary.tokens.byteTokens
        merges = vocabulary.merges.lookup
    }

    /// Merges a piece of at most ``shortLimit`` bytes and puts its tokens where `place` is. Returns
    /// how many there are.
    ///
    /// The least of all merges is found by looking at four at a time, which is quicker than keeping
    /// them in order: there are only a few dozen.
    func mergeShort(
        _ text: ByteView, from start: Int, to end: Int, into output: BufferView<UInt32>,
        at place: Int
    ) -> Int {
        let (tokens, merges) = (shortTokens.view, shortMerges.view)
        let (next, previous) = (shortNext.view, shortPrevious.view)
        let count = end &- start
        for index in 0..<count {
            tokens[index] = byteTokens[Int(text[start &+ index])]
            next[index] = UInt8(truncatingIfNeeded: index &+ 1)
            previous[index] = UInt8(truncatingIfNeeded: index &- 1)
        }
        for index in 0..<count &- 1 {
            merges[index] = merge(tokens[index], tokens[index &+ 1], at: index)
        }
        let padded = (count &+ 3) & ~3
        for index in count &- 1..<padded { merges[index] = .max }
        while true {
            let best = merges.minimum(padded)
            guard best != .max else { break }
            let index = Int(best & 0x7F)
            let right = Int(next[index])
            let token = self.merges.results[Int(best &>> 7)]
            tokens[index] = token
            merges[right] = .max
            let after = Int(next[right])
            next[index] = UInt8(truncatingIfNeeded: after)
            if after < count {
                previous[after] = UInt8(truncatingIfNeeded: index)
                merges[index] = merge(token, tokens[after], at: index)
            } else {
                merges[index] = .max
            }
            if index > 0 {
                let before = Int(previous[index])
                merges[before] = merge(tokens[before], token, at: before)
            }
        }
        var written = 0
        var index = 0
        while index < count {
            output[place &+ written] = tokens[index]
            written &+= 1
            index = Int(next[index])
        }
        return written
    }

    /// The rank of merging two tokens and, in the lowest seven bits, the place of the left one; the
    /// greatest number if they do not merge.
    @inline(__always)
    private func merge(_ left: UInt32, _ right: UInt32, at place: Int) -> Int32 {
        guard let rank = merges.rank(left, right) else { return .max }
        return Int32(truncatingIfNeeded: rank) &<< 7 | Int32(truncatingIfNeeded: place)
    }

    /// The rank in the upper half and the result in the lower; all ones if the pair does not merge.
    @inline(__always)
    private func pair(_ left: UInt32, _ right: UInt32) -> UInt64 {
        guard let rank = merges.rank(left, right) else { return .max }
        return UInt64(rank) << 32 | UInt64(merges.results[Int(rank)])
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

extension BufferView<Int32> {
    /// The least of the first `count` elements, a multiple of four. O(count).
    @inline(__always)
    fileprivate func minimum(_ count: Int) -> Int32 {
        var least = four(at: 0)
        var index = 4
        while index < count {
            let other = four(at: index)
            least.replace(with: other, where: other .< least)
            index &+= 4
        }
        return least.min()
    }

    @inline(__always)
    private func four(at index: Int) -> SIMD4<Int32> {
        assert(index >= 0 && index + 4 <= count, "index outside the buffer")
        return unsafe UnsafeRawPointer(base + index).load(as: SIMD4<Int32>.self)
    }
}
