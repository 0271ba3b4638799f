import Bytes

/// One text: what the vocabulary learns from and what ends with an end-of-text token.
public struct Document: Sendable, Equatable {
    /// The text's bytes: valid UTF-8 when they come from JSON, and anything when from a text file.
    public var text: [UInt8]
    /// The XXH64 of `text`, with seed 0.
    public var contentHash: UInt64
    /// The place where the text was found.
    public var origin: DocumentOrigin
    /// Members of its object in JSON that are kept beside the text, as they stand in an object:
    /// `"id":7,"url":"…"`. Empty where none are.
    public var fields: [UInt8] = []

    /// A document of `text`, which is hashed. O(count).
    public init(text: [UInt8], origin: DocumentOrigin) {
        self.text = text
        self.origin = origin
        contentHash = XXH64.hash(of: text.span)
    }

    /// `text` is valid UTF-8. O(count).
    public var isValidUTF8: Bool { endOfValidUTF8(text.span, from: 0) == text.count }
}

/// The place of a document: a file, and where in it.
public struct DocumentOrigin: Sendable, Hashable {
    /// The place of a document in its file.
    public enum Position: Sendable, Hashable {
        /// A line, counted from 1; where a document is several lines, the first of them.
        case line(Int)
        /// An element of a JSON array, an object among others, a record or a file of an archive,
        /// counted from 1.
        case item(Int)
        /// A part of a text file between separators, counted from 1, empty ones included.
        case part(Int)
        /// A row of a file of columns, counted from 1.
        case row(Int)
    }

    /// The file's path, or `-` for standard input.
    public var path: String
    /// The place in the file.
    public var position: Position

    /// The place at `position` in the file at `path`.
    public init(path: String, position: Position) {
        self.path = path
        self.position = position
    }
}

extension DocumentOrigin: CustomStringConvertible {
    /// `corpus.jsonl, line 3` or `book.txt, document 3`.
    public var description: String {
        let name = path == "-" ? "standard input" : path
        return "\(name), \(position.word) \(position.number)"
    }
}
