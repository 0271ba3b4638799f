/// Cuts the bytes of one input at a delimiter, in memory set by the buffer and one segment.
///
/// Lines and documents of text files are both segments. The delimiter ends a segment; behind the
/// last delimiter there is a segment only if there are bytes.
struct SegmentReader: ~Copyable {
    /// What ``advance()`` came to.
    enum Outcome {
        /// A segment, which ``withSegment(_:)`` and ``takeSegment()`` give.
        case segment
        /// A segment above the limit, which was passed over.
        case tooLarge
        /// There are no more.
        case end
    }

    private var source: ByteSource
    /// What ends a segment; nothing when the whole input is one.
    private let delimiter: [UInt8]
    private let limit: Int

    private var buffer: [UInt8]
    /// The bytes of the buffer that were not given out yet.
    private var unread = 0..<0
    private var isAtEnd = false

    /// The segment when it lies in the buffer whole.
    private var segment = 0..<0
    /// The segment, or its front while the end is looked for, when it does not.
    private var pending: [UInt8] = []

    /// A reader of segments of up to `limit` bytes each.
    ///
    /// - Parameter bufferByteCount: bytes that are looked through at once.
    init(source: consuming ByteSource, delimiter: [UInt8], limit: Int, bufferByteCount: Int) {
        self.source = source
        self.delimiter = delimiter
        self.limit = limit
        // A delimiter that straddles two reads must fit with at least one new byte.
        buffer = Array(repeating: 0, count: max(bufferByteCount, delimiter.count))
    }

    /// Goes to the next segment. O(its bytes).
    mutating func advance() throws(CorpusError) -> Outcome {
        pending = []
        var isTooLarge = false
        /// How many of the unread bytes are known to begin no delimiter.
        var searchedCount = 0
        while true {
            if let end = findDelimiter(from: unread.lowerBound + searchedCount) {
                isTooLarge = !settle(upTo: end) || isTooLarge
                unread = end + delimiter.count..<unread.upperBound
                return isTooLarge ? .tooLarge : .segment
            }
            if isAtEnd {
                let isEmpty = pending.isEmpty && unread.isEmpty
                isTooLarge = !settle(upTo: unread.upperBound) || isTooLarge
                unread = unread.upperBound..<unread.upperBound
                return isTooLarge ? .tooLarge : isEmpty ? .end : .segment
            }
            // The last bytes may be the front of a delimiter.
            let keptCount = min(unread.count, max(0, delimiter.count - 1))
            searchedCount = unread.count - keptCount
            if unread.upperBound == buffer.count {
                if unread.lowerBound == 0 {
                    isTooLarge = !spill(searchedCount) || isTooLarge
                    searchedCount = 0
                }
                moveBytesToFront(of: &buffer, from: unread)
                unread = 0..<unread.count
            }
            try fill()
        }
    }

    /// Calls `body` with the bytes of the segment.
    func withSegment<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try pending.isEmpty ? body(buffer.span.extracting(segment)) : body(pending.span)
    }

    /// The bytes of the segment, which are given away: not copied if they left the buffer.
    mutating func takeSegment() -> [UInt8] {
        if pending.isEmpty { return Array(copying: buffer.span.extracting(segment)) }
        let bytes = pending
        pending = []
        segment = 0..<0
        return bytes
    }

    /// How many stored bytes were read from the input since the last call.
    mutating func takeStoredByteCount() -> Int { source.takeStoredByteCount() }

    private func findDelimiter(from start: Int) -> Int? {
        if delimiter.isEmpty { return nil }
        let bytes = buffer.span.extracting(start..<unread.upperBound)
        return firstOffset(of: delimiter, in: bytes).map { start + $0 }
    }

    /// Ends the segment at `end`; false if it is above the limit.
    private mutating func settle(upTo end: Int) -> Bool {
        segment = unread.lowerBound..<end
        return pending.isEmpty ? segment.count <= limit : spill(segment.count)
    }

    /// Moves the first unread bytes to `pending`; false, and nothing is kept, above the limit.
    private mutating func spill(_ count: Int) -> Bool {
        let bytes = unread.lowerBound..<unread.lowerBound + count
        unread = bytes.upperBound..<unread.upperBound
        guard pending.count + count <= limit else {
            pending = []
            return false
        }
        pending.append(contentsOf: buffer[bytes])
        return true
    }

    private mutating func fill() throws(CorpusError) {
        let count = try source.read(into: &buffer, from: unread.upperBound)
        isAtEnd = count == 0
        unread = unread.lowerBound..<unread.upperBound + count
    }
}
