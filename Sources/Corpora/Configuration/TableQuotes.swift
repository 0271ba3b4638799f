/// Quotes in tables.
public enum TableQuotes: String, Codable, Sendable, CaseIterable {
    /// A quote is a character like any other: a field is what stands between delimiters, and has no
    /// delimiter and no line end in it.
    case none
    /// A field may stand in quotes, in which two stand for one (RFC 4180).
    case double
}
