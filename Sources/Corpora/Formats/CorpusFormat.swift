import Compression

/// The format of an input: how its bytes become documents.
///
/// A format is a case here, with the endings of its names and the `FormatReader` that opens it.
public enum CorpusFormat: String, Codable, Sendable, CaseIterable {
    /// By the name, which ends in one of ``endings``, perhaps with `.zst` or `.gz` behind; standard
    /// input is text.
    case auto
    /// Bytes as they are, cut into documents as the configuration says. Where it is asked for, it
    /// is the format of every file, whatever its name, that is not binary.
    case text
    /// One JSON object a line, whose text field is the document.
    case jsonl
    /// A JSON array of objects or strings, or objects one after another.
    case json
    /// Comma-separated values, quoted as RFC 4180 has it; the text field names the column.
    case csv
    /// Tab-separated values: a field is what stands between tabs, quotes and all, and so has no tab
    /// and no line end in it (IANA's text/tab-separated-values).
    case tsv
    /// The same quoted as CSV is, which spreadsheets and pandas write. No name tells it.
    case quotedTSV = "quoted-tsv"
    /// Parquet: columns, an index of which stands at the end; the text field names one of strings,
    /// dots leading into groups.
    case parquet
    /// A web archive (WARC), of which the plain texts are documents, such as Common Crawl's `.wet`.
    case warc
    /// A tar file, in which each file whose name tells a text is a document.
    case tar

    /// Refuses files whose names tell that they are of `others`.
    ///
    /// - Parameters:
    ///   - content: what the files must hold, in the plural.
    ///   - wish: the formats that do.
    static func check(
        _ paths: [String], hold content: String, not others: Set<CorpusFormat>, wish: String
    ) throws(CorpusError) {
        for path in paths {
            guard let format = CorpusFormat(nameOf: path), others.contains(format) else { continue }
            throw .malformedFile(
                path: path,
                reason: "a file of the format \(format) holds no \(content); use \(wish)")
        }
    }

    /// The endings of file names that tell the format, in small letters; of `auto`, all there are.
    public var endings: [String] {
        switch self {
        case .auto:
            [Self.text, .jsonl, .json, .csv, .tsv, .parquet, .warc, .tar].flatMap(\.endings)
        case .text: [".txt"] + Self.markupEndings
        case .jsonl: [".jsonl", ".ndjson"]
        case .json: [".json"]
        case .csv: [".csv"]
        case .tsv, .quotedTSV: [".tsv"]
        case .parquet: [".parquet"]
        case .warc: [".warc", ".wet"]
        case .tar: [".tar", ".tgz"]
        }
    }

    /// Whether a file of it is no text by its bytes, which have NULs among the first.
    package var isBinary: Bool { self == .parquet || self == .tar }

    /// Whether its records have fields with names, one of which is the text.
    package var hasFields: Bool { ![.auto, .text, .warc, .tar].contains(self) }

    /// The endings of texts with markup, which is read as it stands, tags and all.
    private static let markupEndings = [
        ".text", ".md", ".markdown", ".rst", ".adoc", ".org", ".tex", ".html", ".htm",
    ]

    /// Whether the name of a file tells a text with markup.
    static func isMarkup(nameOf path: String) -> Bool {
        let name = CompressionFormat.strip(path.lowercased())
        return markupEndings.contains { name.hasSuffix($0) }
    }

    /// Opens an input of the format.
    func open(_ input: FormatInput) throws(CorpusError) -> any FormatReader & ~Copyable {
        switch self {
        case .auto, .text: try openText(input)
        case .jsonl: input.isReadAhead ? try JSONLinesAhead(input) : try JSONLinesReader(input)
        case .json: try JSONReader(input)
        case .csv: try TableReader(input, .commaSeparated.with(input.configuration.quotes))
        case .tsv: try TableReader(input, .tabSeparated.with(input.configuration.quotes))
        case .quotedTSV:
            try TableReader(input, .quotedTabSeparated.with(input.configuration.quotes))
        case .parquet:
            input.configuration.givesObjects
                ? try ParquetObjectReader(input) : try ParquetTextReader(input)
        case .warc: try WARCReader(input)
        case .tar: try TarReader(input)
        }
    }
}

extension CorpusFormat {
    /// The format that the name of a file tells, of those known; `A.TXT` is one too.
    ///
    /// A final `.zst` or `.gz` is looked through; how a file is compressed is told by its first
    /// bytes.
    package init?(nameOf path: String) {
        let name = CompressionFormat.strip(path.lowercased())
        // Tables with tabs are TSV by their name.
        let found = Self.allCases.first { format in
            format != .auto && format != .quotedTSV
                && format.endings.contains { name.hasSuffix($0) }
        }
        guard let found else { return nil }
        self = found
    }

    /// The endings of names that tell this format, or any, for a person.
    var endingsText: String { endings.joined(separator: ", ") }
}
