import Bytes
import Work

/// The texts of a corpus and how they are read: section `corpus` of a pipeline's configuration.
public struct CorpusConfiguration: Codable, Sendable, Equatable {
    /// Files, folders, glob patterns, and `-` for standard input.
    ///
    /// They are read sorted by their names' bytes, each file once, so that neither the order of
    /// arguments nor a shell's locale changes the result. A folder stands for the files below it
    /// whose names tell a known format (and `format`, if that is not `auto`), and with the format
    /// `text` for all that are not binary; `report.json`, descriptions of pipelines and their
    /// results, and names that begin with a dot are left out, and linked folders are not entered.
    /// `**` in a pattern stands for any number of folders.
    public var inputs: [String]
    /// A file that names more inputs, one a line.
    public var inputsFrom: String?
    /// The format of files; `auto` goes by their names.
    public var format: CorpusFormat
    /// The key that holds the text in JSON, or the column in a table or in Parquet.
    ///
    /// Dots lead into objects, as in `meta.body.text`; `\\.` is a dot in a name.
    public var textField: String
    /// The key or column of the source, where a model learns from pairs; nil for `source`. Dots
    /// lead into objects, as in ``textField``.
    public var sourceField: String?
    /// The key or column of the target, where a model learns from pairs; nil for `target`.
    public var targetField: String?
    /// Quotes in tables; nil for those of the format: `double` for CSV, `none` for TSV.
    public var quotes: TableQuotes?
    /// The division of a text file into documents, where no separator is given.
    public var documents: DocumentDivision
    /// The bytes between two documents of a text file.
    public var textSeparator: String?
    /// The policy for bytes that are not UTF-8.
    public var invalidUTF8: InvalidUTF8Policy
    /// zstd data may ask for windows of up to 2 GiB, as `zstd --long=31` makes it; else up to the
    /// 128 MiB that the zstd tool allows.
    public var longWindow: Bool
    /// The policy for a line or document that cannot be read.
    public var onError: CorpusErrorPolicy
    /// The file for lines that are put into quarantine; the reasons go to another beside it. Nil if
    /// they are skipped only.
    public var quarantinePath: String?
    /// Whether the documents of JSON are its objects as they stand, and not the texts in them, and
    /// those of Parquet the objects that its rows would be.
    package var givesObjects = false
    /// The row groups that are read of files of columns, by path; of a file that is not named, all.
    package var rowGroupShares: [String: RowGroupShare] = [:]
    /// Whether a null is a blank text, and not a record that cannot be read: where a column is read
    /// beside another one.
    var takesNullForBlank = false
    /// The columns of Parquet that are in such an object.
    var objectColumns = ParquetObjectReader.Columns()
    /// The names of members of JSON that are kept with each document, see ``Document/fields``; no
    /// key of the configuration, but set by whoever writes documents again.
    public var keptFields: [String] = []
    /// The share of documents that is held out, from 0 to 1.
    public var validationFraction: Double
    /// The cut by which a text is held out where the documents' hashes hold out none; no key of the
    /// configuration, but found by ``validationOutlook(threadCount:stop:)``.
    public var validationCut: ValidationCut?
    /// The largest document in bytes; in JSON lines, the largest line.
    public var maximumDocumentByteCount: Int

    /// The keys of the JSON object, each of which may be left out.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case inputs
        case inputsFrom = "inputs_from"
        case format
        case documents
        case invalidUTF8 = "invalid_utf8"
        case longWindow = "long_window"
        case textField = "text_field"
        case sourceField = "source_field"
        case targetField = "target_field"
        case quotes
        case textSeparator = "text_separator"
        case onError = "on_error"
        case validationFraction = "validation_fraction"
        case maximumDocumentByteCount = "max_document_bytes"
    }

    /// A configuration, with the default for what is not given.
    public init(
        inputs: [String] = [], inputsFrom: String? = nil, format: CorpusFormat = .auto,
        textField: String = "text", documents: DocumentDivision = .file,
        textSeparator: String? = nil, invalidUTF8: InvalidUTF8Policy = .keep,
        longWindow: Bool = false, onError: CorpusErrorPolicy = .fail,
        validationFraction: Double = 0.05, maximumDocumentByteCount: Int = 256 << 20
    ) {
        self.inputs = inputs
        self.inputsFrom = inputsFrom
        self.documents = documents
        self.invalidUTF8 = invalidUTF8
        self.longWindow = longWindow
        self.format = format
        self.textField = textField
        self.textSeparator = textSeparator
        self.onError = onError
        self.validationFraction = validationFraction
        self.maximumDocumentByteCount = maximumDocumentByteCount
    }

    /// Reads the keys that are there and takes the default for the others.
    public init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try container.read(.inputs, into: &inputs)
        try container.read(.inputsFrom, into: &inputsFrom)
        try container.read(.format, into: &format)
        try container.read(.documents, into: &documents)
        try container.read(.invalidUTF8, into: &invalidUTF8)
        try container.read(.longWindow, into: &longWindow)
        try container.read(.textField, into: &textField)
        sourceField = try container.decodeIfPresent(String.self, forKey: .sourceField)
        targetField = try container.decodeIfPresent(String.self, forKey: .targetField)
        try container.read(.quotes, into: &quotes)
        try container.read(.textSeparator, into: &textSeparator)
        try container.read(.onError, into: &onError)
        try container.read(.validationFraction, into: &validationFraction)
        try container.read(.maximumDocumentByteCount, into: &maximumDocumentByteCount)
    }

    /// Checks that every value is one that can be worked with.
    public func validate() throws(CorpusError) {
        func check(_ isGood: Bool, _ key: CodingKeys, _ wish: String) throws(CorpusError) {
            if !isGood { throw .badValue(key: key.rawValue, wish: wish) }
        }
        try check(
            !inputs.isEmpty || inputsFrom != nil, .inputs,
            "name at least one file, folder or pattern, or \"-\"")
        try check(!inputs.contains(""), .inputs, "must not hold an empty name")
        try check(textSeparator != "", .textSeparator, "must not be empty; leave it out instead")
        try check(
            textSeparator == nil || documents == .file, .textSeparator,
            "is given, and so is corpus.documents: choose one of them")
        if let fault = numericFault { throw .badValue(key: fault.key, wish: fault.reason) }
    }

    /// The fields of the two sides of pairs.
    public var pairFields: PairFields {
        let standard = PairFields()
        return PairFields(
            source: sourceField ?? standard.source, target: targetField ?? standard.target)
    }

    /// The default of ``quarantinePath`` for a result at `output`: beside it.
    public static func quarantinePath(beside output: String) -> String {
        var name = output[...]
        while name.count > 1, name.last == "/" { name.removeLast() }
        return name + ".quarantine"
    }

    /// The largest window of zstd data, as a power of two.
    var maximumWindowLog: Int { longWindow ? 31 : 27 }

    /// The files that the inputs stand for, in the order in which they are read; "-" for standard
    /// input. O(files).
    ///
    /// - Throws: ``CorpusError`` for an input that stands for nothing.
    public func inputPaths() throws(CorpusError) -> [String] {
        try findInputs().paths
    }

    /// The files and folders that the inputs stand for. O(files).
    ///
    /// - Throws: ``CorpusError`` for an input that stands for nothing.
    public func findInputs() throws(CorpusError) -> CorpusInputs {
        try CorpusInputs(SourceList(self))
    }
}

/// The policy for a line or document that cannot be read.
public enum CorpusErrorPolicy: String, Codable, Sendable, CaseIterable {
    /// The reader throws, naming the place.
    case fail
    /// The place is counted, the first few are kept with their reasons, and reading goes on: behind
    /// the record, or with the next file where one is cut short, corrupt or may not be read. The
    /// documents that end before such a place are kept.
    case skip
    /// As `skip`, and the bytes are kept in a file, and the reasons in another.
    case quarantine
}

/// The policy for bytes that are not UTF-8, and for halves of surrogate pairs in JSON.
public enum InvalidUTF8Policy: String, Codable, Sendable, CaseIterable {
    /// The line or document cannot be read; ``CorpusErrorPolicy`` says what follows.
    case fail
    /// U+FFFD stands for each ill-formed sequence (for the longest part of one that begins a
    /// character, as the Unicode Standard recommends), and for each lone surrogate.
    case replace
    /// Bytes stay as they are, which a byte-level vocabulary takes; the documents are counted. JSON
    /// cannot hold such text: a line with it cannot be read, as with `fail`.
    case keep
}

/// The division of a text file into documents, where no separator is given.
public enum DocumentDivision: String, Codable, Sendable, CaseIterable {
    /// A file is a document.
    case file
    /// A line is a document; its end, LF or CR LF, is no part of it.
    case line
    /// Lines up to one that is empty, or holds nothing but spaces and tabs, are a document.
    case blankLine = "blank-line"
}
