import Bytes

/// Merges the bytes of one long piece into tokens: the earliest listed pair first, the leftmost
/// among equals.
///
/// A heap of pairs over a linked list, O(n log n), a window of the piece after another, so that a
/// document that is a single piece takes no more than its share of time and of memory.
///
/// Windows are exact, because tokens are what merging makes of a text just if every two neighbours
/// are what merging makes of their bytes: until a merge first crosses the place between two tokens,
/// what happens on both sides of it depends on nothing else. (The same fact lets bpe of
/// https://github.com/github/rust-gems encode from left to right.) So a window's last tokens, which
/// what follows may change, are left to the next one, and where the next begins with another token
/// than the one before had there, the two at the seam are merged by themselves.
struct LongPieceMerger: ~Copyable {
    private let tokens: TokenTable
    private let merges: MergeTable.Lookup

    private var scratch = Scratch(capacity: 0)

    /// The tokens of the piece that was merged last.
    private(set) var result: [UInt32] = []

    /// The bytes of a window: its scratch, 36 bytes each, stays near the core.
    private static let windowSize = 1 << 14

    /// Tokens at a window's end that are left to the next one.
    private static let marginCount = 16

    /// Scratch and results that are larger than this are not kept.
    private static let keptCapacity = 1 << 18

    init(_ vocabulary: Vocabulary) {
        tokens = vocabulary.tokens
        merges = vocabulary.merges.lookup
    }

    /// Gives back memory that only a very long piece needs.
    mutating func shrink() {
        if result.capacity > Self.keptCapacity { result = [] }
        if scratch.capacity > Self.keptCapacity { scratch = Scratch(capacity: 0) }
    }

    /// Merges a piece of any length; ``result`` has its tokens. O(n log n).
    ///
    /// - Parameter size: the bytes of a window to begin with.
    mutating func merge(_ text: ByteView, from start: Int, to end: Int, window size: Int? = nil) {
        var size = size ?? Self.windowSize
        // A larger window in the end is the whole piece.
        while !mergeWindows(text, from: start, to: end, size: size) { size *= 4 }
    }

    /// As ``merge(_:from:to:window:)``; false if windows of that size do not fit together.
    private mutating func mergeWindows(
        _ text: ByteView, from start: Int, to end: Int, size: Int
    ) -> Bool {
        result.removeAll(keepingCapacity: true)
        var position = start
        var expected = UInt32.max
        while true {
            let windowEnd = min(position + size, end)
            var count = mergeWindow(text, from: position, to: windowEnd)
            if let last = result.last, scratch.output.view[0] != expected {
                guard areNeighbours(last, scratch.output.view[0]) else { return false }
                count = mergeWindow(text, from: position, to: windowEnd)
            }
            let output = scratch.output.view
            if windowEnd == end {
                unsafe result.append(contentsOf: output.elements(from: 0, to: count))
                return true
            }
            let kept = count - Self.marginCount
            guard kept > 0 else { return false }
            for index in 0..<kept { position += tokens.byteCount(of: Int(output[index])) }
            expected = output[kept]
            unsafe result.append(contentsOf: output.elements(from: 0, to: kept))
        }
    }

    /// Whether merging the bytes of two tokens gives just these two.
    private mutating func areNeighbours(_ left: UInt32, _ right: UInt32) -> Bool {
        let bytes = tokens.bytes(of: Int(left)) + tokens.bytes(of: Int(right))
        let count = ByteView.with(bytes.span) { mergeWindow($0, from: 0, to: $0.count) }
        return count == 2 && scratch.output.view[0] == left && scratch.output.view[1] == right
    }

    /// The rank in the upper half and the result in the lower; all ones if the pair does not merge.
    @inline(__always)
    private func pair(_ left: UInt32, _ right: UInt32) -> UInt64 {
        guard let rank = merges.rank(left, right) else { return .max }
        return UInt64(rank) &<< 32 | UInt64(merges.result(of: rank))
    }

    /// Merges one window as if it were the piece; the scratch's output has its tokens. Returns how
    /// many there are.
    private mutating func mergeWindow(_ text: ByteView, from start: Int, to end: Int) -> Int {
        let length = end - start
        if scratch.capacity < length { scratch = Scratch(capacity: length) }
        let byteTokens = self.tokens.byteTokens
        let tokens = scratch.tokens.view
        for index in 0..<length { tokens[index] = byteTokens[Int(text[start &+ index])] }
        return mergeTokens(length)
    }

    /// Merges the tokens of `range`, which need not be of bytes; ``result`` has what they become.
    /// O(n log n).
    mutating func merge(_ ids: BufferView<UInt32>, _ range: Range<Int>) {
        if scratch.capacity < range.count { scratch = Scratch(capacity: range.count) }
        let tokens = scratch.tokens.view
        for (index, place) in range.enumerated() { tokens[index] = ids[place] }
        let count = mergeTokens(range.count)
        result.removeAll(keepingCapacity: true)
        unsafe result.append(contentsOf: scratch.output.view.elements(from: 0, to: count))
    }

    /// Merges the first tokens of the scratch; its output has what they become. Returns how many
    /// there are.
    private mutating func mergeTokens(_ length: Int) -> Int {
        let (tokens, pairs) = (scratch.tokens.view, scratch.pairs.view)
        let (next, previous) = (scratch.next.view, scratch.previous.view)
        for index in 0..<length {
            next[index] = UInt32(truncatingIfNeeded: index &+ 1)
            previous[index] = UInt32(truncatingIfNeeded: index &- 1)
        }
        var queue = MergeQueue(scratch.queue.view)
        for index in 0..<length &- 1 {
            pairs[index] = pair(tokens[index], tokens[index &+ 1])
            if pairs[index] != .max { queue.append(pairs[index], at: index) }
        }
        pairs[length - 1] = .max
        queue.order()
        while let best = queue.popFirst() {
            let place = Int(best & 0xFFFF_FFFF)
            // The pair may have changed, or gone into its left neighbour, since it was put there.
            guard pairs[place] &>> 32 == best &>> 32 else { continue }
            let token = UInt32(truncatingIfNeeded: pairs[place])
            let right = Int(next[place])
            let after = Int(next[right])
            tokens[place] = token
            next[place] = UInt32(truncatingIfNeeded: after)
            pairs[right] = .max
            pairs[place] = .max
            if after < length {
                previous[after] = UInt32(truncatingIfNeeded: place)
                pairs[place] = pair(token, tokens[after])
                if pairs[place] != .max { queue.insert(pairs[place], at: place) }
            }
            if place > 0 {
                let before = Int(previous[place])
                pairs[before] = pair(tokens[before], token)
                if pairs[before] != .max { queue.insert(pairs[before], at: before) }
            }
        }
        let output = scratch.output.view
        var count = 0
        var place = 0
        while place < length {
            output[count] = tokens[place]
            count &+= 1
            place = Int(next[place])
        }
        return count
    }

    /// A window as a linked list of tokens.
    struct Scratch: ~Copyable {
        let capacity: Int
        let tokens: OwnedBuffer<UInt32>
        let pairs: OwnedBuffer<UInt64>
        let next: OwnedBuffer<UInt32>
        let previous: OwnedBuffer<UInt32>
        let output: OwnedBuffer<UInt32>
        /// Every merge takes one pair out of the queue and puts at most two in.
        let queue: OwnedBuffer<UInt64>

        init(capacity: Int) {
            self.capacity = capacity
            tokens = OwnedBuffer(repeating: 0, count: capacity)
            pairs = OwnedBuffer(repeating: 0, count: capacity)
            next = OwnedBuffer(repeating: 0, count: capacity)
            previous = OwnedBuffer(repeating: 0, count: capacity)
            output = OwnedBuffer(repeating: 0, count: capacity)
            queue = OwnedBuffer(repeating: 0, count: 2 * capacity)
        }
    }
}

/// Queue of the pairs that may merge, the earliest merge first and the leftmost among equals: a
/// binary heap in the caller's memory.
private struct MergeQueue {
    /// The rank of each merge, and in the lower half the place of its left token.
    private let elements: BufferView<UInt64>
    private var count = 0

    init(_ elements: BufferView<UInt64>) {
        self.elements = elements
    }

    @inline(__always)
    private static func element(_ pair: UInt64, _ place: Int) -> UInt64 {
        pair & 0xFFFF_FFFF_0000_0000 | UInt64(place)
    }

    /// Adds a pair whose place in the order ``order()`` finds.
    @inline(__always)
    mutating func append(_ pair: UInt64, at place: Int) {
        elements[count] = Self.element(pair, place)
        count &+= 1
    }

    /// Orders what was appended. O(count).
    mutating func order() {
        var index = count / 2
        while index > 0 {
            index &-= 1
            sink(elements[index], from: index)
        }
    }

    /// Adds a pair. O(log count).
    @inline(__always)
    mutating func insert(_ pair: UInt64, at place: Int) {
        let element = Self.element(pair, place)
        var index = count
        count &+= 1
        while index > 0 {
            let parent = (index &- 1) / 2
            guard element < elements[parent] else { break }
            elements[index] = elements[parent]
            index = parent
        }
        elements[index] = element
    }

    /// Takes out the first pair. O(log count).
    @inline(__always)
    mutating func popFirst() -> UInt64? {
        guard count > 0 else { return nil }
        let first = elements[0]
        count &-= 1
        if count > 0 { sink(elements[count], from: 0) }
        return first
    }

    @inline(__always)
    private func sink(_ element: UInt64, from start: Int) {
        var index = start
        while true {
            var child = 2 &* index &+ 1
            guard child < count else { break }
            let other = child &+ 1
            if other < count, elements[other] < elements[child] { child = other }
            guard elements[child] < element else { break }
            elements[index] = elements[child]
            index = child
        }
        elements[index] = element
    }
}
