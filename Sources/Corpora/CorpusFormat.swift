/// How the bytes of an input become documents.
public enum CorpusFormat: String, Codable, Sendable, CaseIterable {
    /// By the name: `.txt` or `.jsonl`, each with or without `.zst`; standard input is text.
    case auto
    /// Bytes as they are, cut at the separator if there is one.
    case text
    /// One JSON object a line, whose text field is the document.
    case jsonl

    /// The format that the name of a file tells, of those known.
    ///
    /// A final `.zst` is looked through; that a file is compressed is told by its first bytes.
    init?(nameOf path: String) {
        var name = Substring(path)
        if name.hasSuffix(".zst") { name.removeLast(4) }
        if name.hasSuffix(".txt") {
            self = .text
        } else if name.hasSuffix(".jsonl") {
            self = .jsonl
        } else {
            return nil
        }
    }
}

/// What happens at a line or document that cannot be read.
public enum CorpusErrorPolicy: String, Codable, Sendable, CaseIterable {
    /// The reader throws, naming the place.
    case fail
    /// The place is counted, the first few are kept with their reasons, and reading goes on.
    ///
    /// A file that is cut short or corrupt is an error all the same.
    case skip
}
