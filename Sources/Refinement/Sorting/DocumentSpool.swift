import Compression
internal import Corpora
import Files

/// Documents that were put aside on the disk, in zstd's fastest format, to be read back in the same
/// order.
///
/// Layout, for one process only: blocks of two words of 64 bits, the count of compressed bytes and
/// of bytes, and a zstd frame of records; a record is five words, the ordinal, the place, the
/// counts of bytes, of values and of bytes of fields, and then the text, the signature and these.
/// Of documents of other corpora, which have the greatest ordinal, there is no text.
final class DocumentSpool {
    private let file: ScratchFile
    private let book: OriginBook
    private var encoder: ZstandardEncoder
    private var block: [UInt8] = []
    /// The number of documents.
    private(set) var count = 0

    /// Consecutive blocks, as ``DocumentSpoolReader`` reads them.
    struct Run {
        fileprivate var offset: Int
        fileprivate var end: Int
    }

    private var runStart = 0

    /// The ordinal of documents of other corpora.
    fileprivate static let otherOrdinal = UInt64.max

    /// Bytes of records in a block, which the last one may exceed.
    static let blockByteCount = 256 << 10

    /// An empty spool on the disk of `path`.
    init(beside path: String, book: OriginBook) throws {
        file = try ScratchFile(beside: path)
        encoder = try ZstandardEncoder(level: 1)
        self.book = book
    }

    /// Adds a document. O(bytes).
    func append(_ item: MeasuredDocument) throws {
        let text = item.isOther ? [] : item.document.text
        for word in [
            item.isOther ? Self.otherOrdinal : UInt64(item.ordinal),
            book.code(for: item.document.origin).rawValue,
            UInt64(text.count), UInt64(item.signature.count),
            UInt64(item.document.fields.count),
        ] {
            append(word)
        }
        block += text
        for value in item.signature {
            for shift in stride(from: 0, to: 32, by: 8) {
                block.append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
            }
        }
        block += item.document.fields
        count += 1
        if block.count >= Self.blockByteCount { try flush() }
    }

    /// Ends a run: all that was added since the last one ended.
    func endRun() throws -> Run {
        if !block.isEmpty { try flush() }
        defer { runStart = file.byteCount }
        return Run(offset: runStart, end: file.byteCount)
    }

    /// The documents of a run.
    func reader(of run: Run) throws -> DocumentSpoolReader {
        try DocumentSpoolReader(file: file, range: run.offset..<run.end, book: book)
    }

    private func append(_ word: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            block.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }

    private func flush() throws {
        var frame: [UInt8] = []
        let block = self.block
        self.block = []
        try encoder.append(block.span, to: &frame)
        try encoder.finish(into: &frame)
        try file.append([UInt64(frame.count), UInt64(block.count)])
        try file.append(frame)
    }
}

/// Reads a run of a ``DocumentSpool``. Memory is that of a block, twice.
struct DocumentSpoolReader: ~Copyable {
    private let file: ScratchFile
    private let book: OriginBook
    private var unread: Range<Int>
    private var decoder: ZstandardDecoder
    private var block: [UInt8] = []
    private var offset = 0

    init(file: ScratchFile, range: Range<Int>, book: OriginBook) throws {
        self.file = file
        self.book = book
        unread = range
        decoder = try ZstandardDecoder()
    }

    /// The next document; `nil` behind the last. O(bytes).
    mutating func next() throws -> MeasuredDocument? {
        if offset == block.count {
            guard !unread.isEmpty else { return nil }
            try readBlock()
        }
        let ordinal = word(at: offset)
        let code = OriginBook.Code(rawValue: word(at: offset + 8))
        let textCount = Int(word(at: offset + 16))
        let valueCount = Int(word(at: offset + 24))
        let fieldByteCount = Int(word(at: offset + 32))
        offset += 40
        let text = Array(block[offset..<offset + textCount])
        offset += textCount
        let signature = (0..<valueCount).map { index in
            (0..<4).reduce(UInt32(0)) { value, place in
                value | UInt32(block[offset + 4 * index + place]) << UInt32(8 * place)
            }
        }
        offset += 4 * valueCount
        var document = Document(text: text, origin: book.origin(of: code))
        document.fields = Array(block[offset..<offset + fieldByteCount])
        offset += fieldByteCount
        let isOther = ordinal == DocumentSpool.otherOrdinal
        var item = MeasuredDocument(
            document, ordinal: isOther ? 0 : Int(ordinal), signature: signature)
        item.isOther = isOther
        return item
    }

    private func word(at offset: Int) -> UInt64 {
        (0..<8).reduce(UInt64(0)) { value, place in
            value | UInt64(block[offset + place]) << UInt64(8 * place)
        }
    }

    private mutating func readBlock() throws {
        var frame = [UInt8](repeating: 0, count: 16)
        try file.read(into: &frame, at: unread.lowerBound)
        (block, offset) = (frame, 0)
        let (frameCount, blockCount) = (Int(word(at: 0)), Int(word(at: 8)))
        frame = Array(repeating: 0, count: frameCount)
        try file.read(into: &frame, at: unread.lowerBound + 16)
        unread = unread.lowerBound + 16 + frameCount..<unread.upperBound
        var decoded = [UInt8](repeating: 0, count: blockCount)
        var room = decoded.mutableSpan
        let step = try decoder.decode(frame.span, into: &room)
        block = decoded
        guard step.producedCount == blockCount, step.consumedCount == frameCount else {
            throw RefinementError.damagedScratch(path: file.path)
        }
    }
}
