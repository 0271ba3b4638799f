import Compression
internal import Corpora

/// Documents that were put aside on the disk, in zstd's fastest format, to be read back in the same
/// order.
///
/// Layout, for one process only: blocks of two words of 64 bits, the count of compressed bytes and
/// of bytes, and a zstd frame of records; a record is four words, the ordinal, the place, the
/// counts of bytes and of values, and then the text and the signature.
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
        for word in [
            UInt64(item.ordinal), book.code(for: item.document.origin).rawValue,
            UInt64(item.document.text.count), UInt64(item.signature.count),
        ] {
            append(word)
        }
        block += item.document.text
        for value in item.signature {
            for shift in stride(from: 0, to: 32, by: 8) {
                block.append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
            }
        }
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
