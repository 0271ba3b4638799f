import Compression
internal import Corpora

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
        let ordinal = Int(word(at: offset))
        let code = OriginBook.Code(rawValue: word(at: offset + 8))
        let textCount = Int(word(at: offset + 16))
        let valueCount = Int(word(at: offset + 24))
        offset += 32
        let text = Array(block[offset..<offset + textCount])
        offset += textCount
        let signature = (0..<valueCount).map { index in
            (0..<4).reduce(UInt32(0)) { value, place in
                value | UInt32(block[offset + 4 * index + place]) << UInt32(8 * place)
            }
        }
        offset += 4 * valueCount
        return MeasuredDocument(
            Document(text: text, origin: book.origin(of: code)), ordinal: ordinal,
            signature: signature)
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
