/// How the bytes of an input become documents.
public enum CorpusFormat: String, Codable, Sendable, CaseIterable {
    /// By the name: `.txt`, `.jsonl` or `.ndjson`, `.json`, `.csv`, `.tsv`, each also with `.zst` or
    /// `.gz`; standard input is text.
    case auto
    /// Bytes as they are, cut into documents as the configuration says.
    case text
    /// One JSON object a line, whose text field is the document.
    case jsonl
    /// A JSON array of objects or strings, or objects one after another.
    case json
    /// Comma-separated values, quoted as RFC 4180 has it; the text field names the column.
    case csv
    /// The same with tabs between.
    case tsv

    /// The endings of file names that tell a format.
    static let endings: [(ending: String, format: CorpusFormat)] = [
        (".txt", .text), (".jsonl", .jsonl), (".ndjson", .jsonl), (".json", .json),
        (".csv", .csv), (".tsv", .tsv),
    ]

    /// The format that the name of a file tells, of those known; `A.TXT` is one too.
    ///
    /// A final `.zst` or `.gz` is looked through; how a file is compressed is told by its first bytes.
    init?(nameOf path: String) {
        let name = Compression.strip(path.lowercased())
        guard let found = Self.endings.first(where: { name.hasSuffix($0.ending) }) else {
            return nil
        }
        self = found.format
    }

    /// The endings of names that tell this format, or any, for a person.
    var endingsText: String {
        Self.endings.filter { self == .auto || $0.format == self }.map(\.ending)
            .joined(separator: ", ")
    }
}
