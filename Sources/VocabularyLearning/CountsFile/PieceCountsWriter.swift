import Bytes
import Files
import Tokenization

/// Writes a file of counts; ``PieceCountsFormat`` says how it looks.
struct PieceCountsWriter<Sink: ByteSink & ~Copyable>: ~Copyable {
    private var sink: Sink
    private var hash = XXH64()
    private var waiting: [UInt8] = []
    private var previous: [UInt8] = []

    /// Sums of the pieces that were written.
    private(set) var totals = PieceCountsFormat.Totals()

    private let bufferByteCount = 1 << 16

    /// Starts a file of pieces that were cut by `pattern`.
    init(_ sink: consuming Sink, pattern: SplitPattern) {
        self.sink = sink
        let name = Array(pattern.rawValue.utf8)
        waiting.append(contentsOf: PieceCountsFormat.magic)
        append(PieceCountsFormat.version)
        append(UInt32(name.count))
        waiting.append(contentsOf: name)
    }

    /// Adds a piece, which comes behind all that were added. O(length).
    mutating func append(_ piece: ByteView, count: UInt64) throws(TokenizationError) {
        guard totals.add(byteCount: piece.count, count: count) else { throw .countOverflow }
        var shared = 0
        while shared < previous.count, shared < piece.count, previous[shared] == piece[shared] {
            shared += 1
        }
        precondition(
            shared < piece.count
                && (shared == previous.count || previous[shared] < piece[shared]),
            "pieces are added in order")
        appendVarint(UInt64(shared))
        appendVarint(UInt64(piece.count - shared))
        previous.removeSubrange(shared...)
        for index in shared..<piece.count { previous.append(piece[index]) }
        waiting.append(contentsOf: previous[shared...])
        appendVarint(count)
        if waiting.count >= bufferByteCount { try flush() }
    }

    /// Writes the sums and the checksum, and returns the sink.
    consuming func finish() throws(TokenizationError) -> Sink {
        for sum in [totals.pieces, totals.pieceBytes, totals.occurrences, totals.textBytes] {
            append(sum)
        }
        try flush()
        append(hash.digest())
        try flush()
        return sink
    }

    private mutating func flush() throws(TokenizationError) {
        let bytes = waiting
        unsafe hash.update(bytes.span.bytes)
        do {
            try unsafe sink.write(bytes.span.bytes)
        } catch {
            throw .file(error)
        }
        waiting.removeAll(keepingCapacity: true)
    }

    private mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            waiting.append(UInt8(truncatingIfNeeded: number >> Number(shift)))
        }
    }

    private mutating func appendVarint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            waiting.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        waiting.append(UInt8(rest))
    }
}

/// Sink of the bytes of a file of counts, which are written one after another.
protocol ByteSink: ~Copyable {
    mutating func write(_ bytes: RawSpan) throws(FileError)
}

extension FileReplacement: ByteSink {}

/// The end of a temporary file.
struct TemporarySink: ByteSink {
    let file: OpenFile
    private var offset = 0

    /// Writes to `file` from its start on.
    init(_ file: OpenFile) { self.file = file }

    mutating func write(_ bytes: RawSpan) throws(FileError) {
        try file.write(bytes, at: offset)
        offset += bytes.byteCount
    }
}
