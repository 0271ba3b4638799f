import Bytes

/// Cuts the bytes of one input into segments, in memory set by the buffer and one segment.
///
/// Lines, documents of text files, records of tables and elements of arrays are all segments; a
/// ``SegmentCutter`` says where they end. Behind the last end there is a segment only if there are
/// bytes.
struct SegmentReader<Cutter: SegmentCutter>: ~Copyable, Sendable {
    /// The end of one step from segment to segment.
    enum Outcome {
        /// A segment, which ``withSegment(_:)`` and ``takeSegment()`` give.
        case segment
        /// A segment above the limit, which was passed over, or not read to its end.
        case tooLarge
        /// There are no more.
        case end
    }

    /// The rule by which segments end, and the state of the present one.
    private(set) var cutter: Cutter
    /// Segments so far, those above the limit included.
    private(set) var segmentCount = 0

    private let path: String
    private var source: InputBytes
    private let limit: Int
    private let endsAboveLimit: Bool
    private let frontByteCount: Int

    private var buffer: [UInt8]
    /// The bytes of the buffer that were not given out yet.
    private var unread = 0..<0
    /// Bytes of the input up to the end of `unread`.
    private var readCount = 0
    private var isAtEnd = false
    /// The input's first bytes, until there are enough to tell that they are no UTF-8.
    private var head: [UInt8]? = []

    /// The segment when it lies in the buffer whole.
    private var segment = 0..<0
    /// The segment, or its beginning while the end is looked for, when it does not.
    private var pending: [UInt8] = []
    /// The first bytes of a segment above the limit.
    private(set) var front: [UInt8] = []

    /// A reader of segments of up to `limit` bytes each.
    ///
    /// - Parameters:
    ///   - path: names the input in errors.
    ///   - endsAboveLimit: whether nothing is read behind a segment above the limit.
    ///   - bufferByteCount: bytes that are looked through at once.
    ///   - frontByteCount: the most bytes that are kept of a segment above the limit.
    init(
        source: consuming InputBytes, path: String, cutter: Cutter, limit: Int,
        endsAboveLimit: Bool = false, bufferByteCount: Int, frontByteCount: Int = 0
    ) {
        // Any segment above the limit has as many, however it comes through the buffer.
        self.frontByteCount = min(frontByteCount, limit)
        self.source = source
        self.path = path
        self.cutter = cutter
        self.limit = limit
        self.endsAboveLimit = endsAboveLimit
        // A delimiter that straddles two reads must fit with at least one new byte.
        buffer = Array(repeating: 0, count: max(bufferByteCount, cutter.reach))
    }

    /// Goes to the next segment. O(its bytes).
    mutating func advance() throws(CorpusError) -> Outcome {
        let outcome = try findNext()
        if outcome != .end { segmentCount += 1 }
        return outcome
    }

    /// Goes to the next segment, which is a record; `position` makes its place of the number of
    /// segments. O(its bytes).
    mutating func step(
        _ position: (Int) -> DocumentOrigin.Position
    ) throws(CorpusError) -> FormatStep {
        switch try advance() {
        case .end: .end
        case .segment: .record(position(segmentCount))
        case .tooLarge: .tooLarge(position(segmentCount), front: front)
        }
    }

    private mutating func findNext() throws(CorpusError) -> Outcome {
        pending = []
        front = []
        var isTooLarge = false
        /// The number of unread bytes that are known to belong to the segment.
        var searchedCount = 0
        while true {
            let start = unread.lowerBound + searchedCount
            switch look(from: start) {
            case .end(let end, let next):
                isTooLarge = !settle(upTo: start + end) || isTooLarge
                unread = start + next..<unread.upperBound
                return isTooLarge ? .tooLarge : .segment
            case .before(let count):
                unread = unread.lowerBound + count..<unread.upperBound
                continue
            case .fault(let offset, let reason):
                let place = readCount - (unread.upperBound - start - offset)
                throw .malformedFile(path: path, reason: "byte \(place + 1): \(reason)")
            case .inside(let keptCount):
                searchedCount = unread.count - keptCount
            }
            if isAtEnd {
                if let reason = cutter.faultAtEnd {
                    throw .malformedFile(path: path, reason: reason)
                }
                let isEmpty = pending.isEmpty && unread.isEmpty
                isTooLarge = !settle(upTo: unread.upperBound) || isTooLarge
                unread = unread.upperBound..<unread.upperBound
                return isTooLarge ? .tooLarge : isEmpty ? .end : .segment
            }
            if unread.upperBound == buffer.count {
                if unread.lowerBound == 0 {
                    isTooLarge = !spill(searchedCount) || isTooLarge
                    searchedCount = 0
                    if isTooLarge, endsAboveLimit { return .tooLarge }
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

    /// Stored bytes that were read from the input since the last call.
    mutating func takeStoredByteCount() -> Int { source.takeStoredByteCount() }

    private mutating func look(from start: Int) -> SegmentFinding {
        // Shared and not copied, so that its span does not hold all of the reader.
        let bytes = buffer
        return cutter.look(through: bytes.span.extracting(start..<unread.upperBound))
    }

    /// Ends the segment at `end`; false if it is above the limit.
    private mutating func settle(upTo end: Int) -> Bool {
        segment = unread.lowerBound..<end
        guard pending.isEmpty else { return spill(segment.count) }
        if segment.count > limit { keepFront(segment) }
        return segment.count <= limit
    }

    /// Moves the first unread bytes to `pending`; false, and nothing but the front is kept, above
    /// the limit.
    private mutating func spill(_ count: Int) -> Bool {
        let bytes = unread.lowerBound..<unread.lowerBound + count
        unread = bytes.upperBound..<unread.upperBound
        guard pending.count + count <= limit else {
            keepFront(bytes)
            pending = []
            return false
        }
        pending.append(contentsOf: buffer[bytes])
        return true
    }

    /// Keeps the first bytes of a segment above the limit: what is pending of it, and then those of
    /// the buffer at `bytes`.
    private mutating func keepFront(_ bytes: Range<Int>) {
        // One that is several times as large comes here again.
        guard front.isEmpty else { return }
        front = Array(pending.prefix(frontByteCount))
        front += buffer[bytes].prefix(frontByteCount - front.count)
    }

    private mutating func fill() throws(CorpusError) {
        let count = try source.read(into: &buffer, from: unread.upperBound)
        isAtEnd = count == 0
        readCount += count
        if head != nil { try lookAtHead(from: unread.upperBound, count) }
        unread = unread.lowerBound..<unread.upperBound + count
    }

    /// Refuses an input that is UTF-16 by its first bytes, of which `count` more came.
    private mutating func lookAtHead(from place: Int, _ count: Int) throws(CorpusError) {
        let wanted = TextEncodingMark.byteCount
        head!.append(contentsOf: buffer[place..<place + count].prefix(wanted - head!.count))
        guard head!.count == wanted || isAtEnd else { return }
        try TextEncodingMark.refuse(head!, path: path)
        head = nil
    }
}
