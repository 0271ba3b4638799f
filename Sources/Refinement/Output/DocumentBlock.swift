import Bytes
import Compression
public import Corpora

/// Some documents as JSON lines, compressed by themselves or not at all.
public struct DocumentBlock: Sendable {
    /// The bytes: a zstd frame, or the lines.
    public var bytes: [UInt8]
    /// The length of the lines.
    var lineByteCount: Int
    /// The number of documents.
    public var documents: Int
    /// Bytes of their text.
    var textBytes: Int

    /// Bytes of text that make a block full.
    public static let textByteCount = 1 << 20

    /// Writes `documents` as lines and compresses them into a frame, if there is a `level`.
    /// O(bytes).
    public init(_ documents: [Document], level: Int?) throws {
        var lines: [UInt8] = []
        textBytes = documents.reduce(0) { $0 + $1.text.count }
        lines.reserveCapacity(textBytes + textBytes / 16 + 96 * documents.count)
        for document in documents { try DocumentLine.append(document, to: &lines) }
        lineByteCount = lines.count
        self.documents = documents.count
        guard let level else {
            bytes = lines
            return
        }
        var encoder = try ZstandardEncoder(level: level)
        bytes = []
        try encoder.append(lines.span, to: &bytes)
        try encoder.finish(into: &bytes)
    }
}

/// Writes a document as a JSON line: its text, and where it was found.
///
///     {"text":"In the beginning …","source":{"path":"corpora/kjv.txt.zst","part":1}}
///
/// The position is `line` for a line, `part` for a part of a text file, `item` for an element of
/// JSON and `row` for a row of a file of columns, from 1 on.
enum DocumentLine {
    /// Appends the line of `document`, whose text must be UTF-8. O(bytes).
    static func append(_ document: Document, to line: inout [UInt8]) throws(RefinementError) {
        guard document.isValidUTF8 else { throw .invalidText(origin: document.origin) }
        line += "{\"text\":".utf8
        JSONString.append(document.text.span, to: &line)
        line += ",\"source\":{\"path\":".utf8
        JSONString.append(document.origin.path.utf8Span.span, to: &line)
        switch document.origin.position {
        case .line(let number): line += ",\"line\":\(number)}}\n".utf8
        case .part(let number): line += ",\"part\":\(number)}}\n".utf8
        case .item(let number): line += ",\"item\":\(number)}}\n".utf8
        case .row(let number): line += ",\"row\":\(number)}}\n".utf8
        }
    }
}
