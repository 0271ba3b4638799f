import Bytes
import Files
import Tokenization

/// Reads a file of counts from its start to its end, in the memory of a buffer and one piece, and
/// refuses it at the first byte that ``PieceCountsWriter`` would not have written.
final class PieceCountsReader {
    // A class, because merging has an array of them.

    /// Pattern that cut the pieces.
    let pattern: SplitPattern

    /// The sums that the file claims; they are right if ``next()`` comes to the end without an
    /// error.
    let totals: PieceCountsFormat.Totals

    /// The count of the current piece.
    private(set) var count: UInt64 = 0

    private let file: OpenFile
    /// End of the entries in the file.
    private let end: Int
    private let checksum: UInt64

    private var buffer: [UInt8]
    /// Offset of the buffer's first byte in the file, and the bytes in the buffer still to be read.
    private var bufferOffset = 0
    private var position = 0
    private var filled = 0
    private var hash = XXH64()
    private var seen = PieceCountsFormat.Totals()

    private var bytes = OwnedBuffer<UInt8>(repeating: 0, count: 64)
    private var length = 0

    /// The current piece, until the next is read.
    var piece: ByteView { ByteView(bytes.view, count: length) }

    /// Offset of the next byte in the file.
    var offset: Int { bufferOffset + position }

    /// Reads the header and the sums of a file.
    init(_ file: OpenFile, bufferByteCount: Int = 1 << 16) throws(TokenizationError) {
        let head: [UInt8]
        let tail: [UInt8]
        let byteCount: Int
        do {
            byteCount = try file.byteCount
            head = try Self.bytes(
                of: file, at: 0,
                count: PieceCountsFormat.fixedHeaderByteCount
                    + PieceCountsFormat.maximumNameByteCount)
            tail = try Self.bytes(
                of: file, at: max(0, byteCount - PieceCountsFormat.trailerByteCount),
                count: PieceCountsFormat.trailerByteCount)
        } catch {
            throw .file(error)
        }
        func fail(_ offset: Int, _ reason: String) -> TokenizationError {
            .malformedCounts(path: file.path, offset: offset, reason: reason)
        }
        guard head.starts(with: PieceCountsFormat.magic) else {
            throw .notCounts(path: file.path)
        }
        guard head.count >= PieceCountsFormat.fixedHeaderByteCount else {
            throw fail(head.count, "it ends within its header")
        }
        let version: UInt32 = Self.number(head, at: 8)
        guard version == PieceCountsFormat.version else {
            throw fail(8, "its version is \(version); this program reads version 1")
        }
        let nameByteCount = Int(Self.number(head, at: 12) as UInt32)
        guard nameByteCount <= PieceCountsFormat.maximumNameByteCount else {
            throw fail(12, "the pattern's name has \(nameByteCount) bytes")
        }
        let start = PieceCountsFormat.fixedHeaderByteCount + nameByteCount
        guard byteCount >= start + PieceCountsFormat.trailerByteCount else {
            throw fail(byteCount, "it ends too early")
        }
        let name = String(
            decoding: head[PieceCountsFormat.fixedHeaderByteCount..<start], as: UTF8.self)
        guard let pattern = SplitPattern(rawValue: name) else {
            throw fail(16, "no pattern is called \"\(name)\"")
        }
        self.file = file
        self.pattern = pattern
        totals = PieceCountsFormat.Totals(
            pieces: Self.number(tail, at: 0), pieceBytes: Self.number(tail, at: 8),
            occurrences: Self.number(tail, at: 16), textBytes: Self.number(tail, at: 24))
        checksum = Self.number(tail, at: 32)
        end = byteCount - PieceCountsFormat.trailerByteCount
        // The sums are used, as to estimate memory, before the checksum is known, so they must be
        // possible: a piece takes four bytes at least, and has no more than all that are written.
        let room = UInt64(end - start)
        guard totals.pieces <= room / 4,
            totals.pieceBytes <= totals.pieces.multipliedReportingOverflow(by: room).partialValue
        else { throw fail(end, "its sums are not those of its pieces") }
        buffer = Array(repeating: 0, count: max(1, min(bufferByteCount, end - start)))
        bufferOffset = start
        let header = Array(head[..<start])
        unsafe hash.update(header.span.bytes)
    }

    /// Goes to the next piece; false at the end, after the sums and the checksum were found right.
    /// O(length).
    func next() throws(TokenizationError) -> Bool {
        guard offset < end else {
            try finish()
            return false
        }
        let start = offset
        let shared = try varint()
        guard shared <= UInt64(length) else {
            throw fail(start, "a piece shares \(shared) bytes with one of \(length)")
        }
        let added = try varint()
        guard added > 0 else { throw fail(start, "a piece is not behind the one before it") }
        guard added <= UInt64(end - offset) else { throw fail(start, "a piece is cut off") }
        let kept = Int(shared)
        let before = kept < length ? bytes.view[kept] : nil
        try readBytes(from: kept, count: Int(added))
        if let before, bytes.view[kept] <= before {
            throw fail(start, "a piece is not behind the one before it")
        }
        count = try varint()
        guard count > 0 else { throw fail(start, "a piece has the count 0") }
        guard seen.add(byteCount: length, count: count) else { throw .countOverflow }
        return true
    }

    private func finish() throws(TokenizationError) {
        guard seen == totals else { throw fail(end, "its sums are not those of its pieces") }
        try hashBuffer()
        var tail: [UInt8] = []
        for sum in [totals.pieces, totals.pieceBytes, totals.occurrences, totals.textBytes] {
            for shift in stride(from: 0, to: 64, by: 8) {
                tail.append(UInt8(truncatingIfNeeded: sum >> UInt64(shift)))
            }
        }
        var whole = hash
        unsafe whole.update(tail.span.bytes)
        guard whole.digest() == checksum else {
            throw fail(end + 32, "its checksum is wrong: it was damaged")
        }
    }

    /// Puts `added` bytes of the file behind the first `kept` of the piece.
    private func readBytes(from kept: Int, count added: Int) throws(TokenizationError) {
        if kept + added > bytes.view.count {
            let grown = OwnedBuffer<UInt8>(
                repeating: 0, count: max(kept + added, bytes.view.count * 2))
            for index in 0..<kept { grown.view[index] = bytes.view[index] }
            bytes = grown
        }
        let target = bytes.view
        var place = kept
        while place < kept + added {
            if position == filled { try fill() }
            let (count, first) = (min(filled - position, kept + added - place), position)
            let source = buffer.span
            for index in 0..<count { target[place &+ index] = source[first &+ index] }
            place += count
            position += count
        }
        length = place
    }

    private func varint() throws(TokenizationError) -> UInt64 {
        let start = offset
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard offset < end else { throw fail(start, "a number is cut off") }
            let byte = try byte()
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                guard byte > 0 || shift == 0, shift < 63 || byte == 1 else {
                    throw fail(start, "a number is not in its shortest form")
                }
                return number
            }
            shift += 7
            guard shift < 64 else { throw fail(start, "a number has more than 64 bits") }
        }
    }

    /// The next byte of the entries.
    @inline(__always)
    private func byte() throws(TokenizationError) -> UInt8 {
        if position == filled { try fill() }
        defer { position += 1 }
        return buffer[position]
    }

    private func fill() throws(TokenizationError) {
        try hashBuffer()
        let count: Int
        do {
            count = try file.read(into: &buffer, at: bufferOffset)
        } catch {
            throw .file(error)
        }
        filled = min(count, end - bufferOffset)
        guard filled > 0 else { throw fail(bufferOffset, "it became shorter while it was read") }
    }

    /// Hashes what the buffer had and makes it empty.
    private func hashBuffer() throws(TokenizationError) {
        let bytes = buffer
        unsafe hash.update(bytes.span.extracting(0..<filled).bytes)
        bufferOffset += filled
        position = 0
        filled = 0
    }

    private func fail(_ offset: Int, _ reason: String) -> TokenizationError {
        .malformedCounts(path: file.path, offset: offset, reason: reason)
    }

    private static func bytes(
        of file: OpenFile, at offset: Int, count: Int
    ) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = try file.read(into: &bytes, at: offset)
        return Array(bytes[..<read])
    }

    private static func number<Number: FixedWidthInteger>(
        _ bytes: [UInt8], at offset: Int
    ) -> Number {
        var number: Number = 0
        for index in (0..<Number.bitWidth / 8).reversed() where offset + index < bytes.count {
            number = number << 8 | Number(truncatingIfNeeded: bytes[offset + index])
        }
        return number
    }
}
