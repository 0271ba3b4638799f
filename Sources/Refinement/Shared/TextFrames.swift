import Bytes
import Compression
import Files

/// Documents on their way through shared work, in frames of zstd's fastest format.
///
/// A frame has for each document four words, of which two are for the writer's use and two count
/// the bytes of the text and of the fields, and then these.
struct TextFrame: Sendable {
    /// The bytes as they are stored.
    var bytes: [UInt8]
    /// Bytes of the documents.
    var contentByteCount: Int
    /// The number of documents.
    var count: Int

    /// Compresses documents that ``append(_:_:_:_:to:)`` wrote.
    init(_ content: [UInt8], count: Int) throws {
        var encoder = try ZstandardEncoder(level: 1)
        var bytes: [UInt8] = []
        try encoder.appendFrame(of: content.span, to: &bytes)
        self.bytes = bytes
        contentByteCount = content.count
        self.count = count
    }

    /// Writes a document behind others. O(bytes).
    static func append(
        _ first: UInt64, _ second: UInt64, _ text: [UInt8], _ fields: [UInt8],
        to content: inout [UInt8]
    ) {
        append(first, to: &content)
        append(second, to: &content)
        append(UInt64(text.count), to: &content)
        append(UInt64(fields.count), to: &content)
        content += text
        content += fields
    }

    private static func append(_ word: UInt64, to content: inout [UInt8]) {
        for shift in stride(from: 0, to: 64, by: 8) {
            content.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }
}

/// The frames of a stored file, and beside it rows of six words for each: a number that the writer
/// chooses and by which they ascend, the documents, the place, the bytes, those of the documents,
/// and the XXH64 of the bytes.
struct FramedFile: Codable, Equatable, Sendable {
    var frames: StoredFile
    var index: StoredFile

    static let indexWidth = 6
    /// Number of frames.
    var count: Int { index.bytes / (8 * Self.indexWidth) }

    /// The number of the first frame whose number is `number` or more.
    func firstFrame(from number: UInt64, path: String, _ finder: RowFinder) throws -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            let row = try finder.row(
                middle, width: Self.indexWidth, path: path + FrameWriter.indexSuffix)
            if row[0] < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The documents of a frame, and its number.
    func frame(
        _ place: Int, path: String, _ finder: RowFinder
    ) throws -> (number: UInt64, documents: TextFrameReader) {
        let row = try finder.row(
            place, width: Self.indexWidth, path: path + FrameWriter.indexSuffix)
        let limit = UInt64(frames.bytes)
        guard row[2] <= limit, row[3] <= limit - row[2], row[4] < 1 << 40 else {
            throw RefinementError.damagedUnit(path: path)
        }
        let bytes = try finder.bytes(Int(row[2]), count: Int(row[3]), path: path)
        guard XXH64.hash(of: bytes.span) == row[5] else {
            throw RefinementError.damagedUnit(path: path)
        }
        var decoder = try ZstandardDecoder()
        var content = [UInt8](repeating: 0, count: Int(row[4]))
        var room = content.mutableSpan
        let step = try decoder.decode(bytes.span, into: &room)
        guard step.producedCount == content.count, step.consumedCount == bytes.count else {
            throw RefinementError.damagedUnit(path: path)
        }
        return (row[0], TextFrameReader(content, path: path))
    }
}

/// Writes a ``FramedFile``.
///
/// A class, because a file has one writer.
final class FrameWriter {
    private let path: String
    private var file: StoredFileWriter
    private var index: [[UInt64]] = []

    static let indexSuffix = ".index"

    /// Begins the file at `path`.
    init(path: String) throws(FileError) {
        self.path = path
        file = try StoredFileWriter(path: path)
    }

    /// Adds a frame with a number.
    func append(_ frame: TextFrame, number: UInt64) throws(FileError) {
        let row = [
            number, UInt64(frame.count), UInt64(file.byteCount), UInt64(frame.bytes.count),
            UInt64(frame.contentByteCount), XXH64.hash(of: frame.bytes.span),
        ]
        index.append(row)
        try file.append(frame.bytes)
    }

    /// Makes the file durable, and its index, in which frames of one number stay in their order.
    func commit() throws(FileError) -> FramedFile {
        let frames = try file.commit()
        let order = index.indices.sorted { (index[$0][0], $0) < (index[$1][0], $1) }
        let indexFile = try StoredFileWriter(path: path + Self.indexSuffix)
        for place in order { try indexFile.append(index[place]) }
        return FramedFile(frames: frames, index: try indexFile.commit())
    }
}

/// Reads the documents of a frame.
struct TextFrameReader {
    /// A document as it was written.
    struct Item {
        var first, second: UInt64
        var text, fields: [UInt8]
    }

    private let content: [UInt8]
    private let path: String
    private var offset = 0

    init(_ content: [UInt8], path: String) {
        self.content = content
        self.path = path
    }

    /// Whether the last document was given out.
    var isAtEnd: Bool { offset >= content.count }

    /// The next document; nil behind the last. O(bytes).
    mutating func next() throws -> Item? {
        guard let head = try nextHead() else { return nil }
        let text = Array(content[head.text])
        return Item(
            first: head.first, second: head.second, text: text, fields: Array(content[head.fields])
        )
    }

    /// Passes over the next document.
    mutating func skip() throws { _ = try nextHead() }

    private mutating func nextHead() throws -> (
        first: UInt64, second: UInt64, text: Range<Int>, fields: Range<Int>
    )? {
        guard offset < content.count else { return nil }
        let rest = content.count - offset
        guard rest >= 32, word(2) <= UInt64(rest - 32),
            word(3) <= UInt64(rest - 32) - word(2)
        else { throw RefinementError.damagedUnit(path: path) }
        let text = offset + 32..<offset + 32 + Int(word(2))
        let fields = text.upperBound..<text.upperBound + Int(word(3))
        let head = (word(0), word(1), text, fields)
        offset = fields.upperBound
        return head
    }

    private func word(_ index: Int) -> UInt64 {
        unsafe content.withUnsafeBytes {
            unsafe $0.loadUnaligned(fromByteOffset: offset + 8 * index, as: UInt64.self)
        }
    }
}
