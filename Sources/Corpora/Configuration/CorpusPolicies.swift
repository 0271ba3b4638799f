/// What happens at a line or document that cannot be read.
public enum CorpusErrorPolicy: String, Codable, Sendable, CaseIterable {
    /// The reader throws, naming the place.
    case fail
    /// The place is counted, the first few are kept with their reasons, and reading goes on.
    ///
    /// A file that is cut short or corrupt is an error all the same.
    case skip
    /// As `skip`, and the bytes are kept in a file: see ``Quarantine``.
    case quarantine
}

/// What happens at bytes that are not UTF-8, and at halves of surrogate pairs in JSON.
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

/// How a text file is cut into documents, where no separator is given.
public enum DocumentDivision: String, Codable, Sendable, CaseIterable {
    /// A file is a document.
    case file
    /// A line is a document; its end, LF or CR LF, is no part of it.
    case line
    /// Lines up to one that is empty, or holds nothing but spaces and tabs, are a document.
    case blankLine = "blank-line"
}
