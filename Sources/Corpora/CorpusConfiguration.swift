/// Which texts there are and how they are read: section `corpus` of a pipeline's configuration.
public struct CorpusConfiguration: Codable, Sendable, Equatable {
    /// Files, folders, glob patterns, and `-` for standard input.
    ///
    /// They are read sorted by their names' bytes, each file once, so that neither the order of
    /// arguments nor a shell's locale changes the result. A folder stands for the files below it whose names
    /// tell a known format (and `format`, if that is not `auto`); names that begin with a
    /// dot are left out, and linked folders are not entered.
    public var inputs: [String]
    /// How files become documents.
    public var format: CorpusFormat
    /// The top-level key that holds the text in JSON lines.
    public var textField: String
    /// The bytes between two documents of a text file; without, a file is one document.
    public var textSeparator: String?
    /// What happens at a line or document that cannot be read.
    public var onError: CorpusErrorPolicy
    /// The share of documents that is held out, from 0 to 1.
    public var validationFraction: Double
    /// The largest document in bytes; in JSON lines, the largest line.
    public var maximumDocumentByteCount: Int

    /// The keys of the JSON object, each of which may be left out.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case inputs
        case format
        case textField = "text_field"
        case textSeparator = "text_separator"
        case onError = "on_error"
        case validationFraction = "validation_fraction"
        case maximumDocumentByteCount = "max_document_bytes"
    }

    /// A configuration, with the default for what is not given.
    public init(
        inputs: [String] = [], format: CorpusFormat = .auto, textField: String = "text",
        textSeparator: String? = nil, onError: CorpusErrorPolicy = .fail,
        validationFraction: Double = 0.05, maximumDocumentByteCount: Int = 256 << 20
    ) {
        self.inputs = inputs
        self.format = format
        self.textField = textField
        self.textSeparator = textSeparator
        self.onError = onError
        self.validationFraction = validationFraction
        self.maximumDocumentByteCount = maximumDocumentByteCount
    }

    /// Reads the keys that are there and takes the default for the others.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys, _ standard: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? standard
        }
        let standard = CorpusConfiguration()
        inputs = try value(.inputs, standard.inputs)
        format = try value(.format, standard.format)
        textField = try value(.textField, standard.textField)
        textSeparator = try value(.textSeparator, standard.textSeparator)
        onError = try value(.onError, standard.onError)
        validationFraction = try value(.validationFraction, standard.validationFraction)
        maximumDocumentByteCount = try value(
            .maximumDocumentByteCount, standard.maximumDocumentByteCount)
    }

    /// Checks that every value is one that can be worked with.
    public func validate() throws(CorpusError) {
        func check(_ isGood: Bool, _ key: CodingKeys, _ wish: String) throws(CorpusError) {
            if !isGood { throw .badValue(key: key.rawValue, wish: wish) }
        }
        try check(!inputs.isEmpty, .inputs, "name at least one file, folder or pattern, or \"-\"")
        try check(!inputs.contains(""), .inputs, "must not hold an empty name")
        try check(textSeparator != "", .textSeparator, "must not be empty; leave it out instead")
        try check(
            (0...1).contains(validationFraction), .validationFraction, "must be from 0 to 1")
        try check(
            maximumDocumentByteCount > 0, .maximumDocumentByteCount, "must be at least 1")
    }

    /// The files that the inputs stand for, in the order in which they are read; "-" for standard
    /// input. O(files).
    ///
    /// - Throws: ``CorpusError`` for an input that stands for nothing.
    public func inputPaths() throws(CorpusError) -> [String] {
        try SourceList(self).sources.map(\.path)
    }
}
