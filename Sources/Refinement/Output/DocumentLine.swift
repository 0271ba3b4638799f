internal import Corpora

/// Writes a document as a JSON line: its text, and where it was found.
///
///     {"text":"In the beginning …","source":{"path":"corpora/kjv.txt.zst","part":1}}
///
/// The position is `line` for a line, `part` for a part of a text file and `item` for an element of JSON,
/// from 1 on.
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
