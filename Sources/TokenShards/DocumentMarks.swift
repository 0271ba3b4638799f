import Tokenization

/// The tokens that stand around each document of a shard and are no part of its text.
struct DocumentMarks: Equatable, Sendable {
    /// Token before each document; nil for none.
    var begin: TokenID?
    /// Token behind each document; nil for none.
    var end: TokenID?

    /// No tokens.
    init() {}

    /// The token `begin` before each document and `end` behind it.
    init(begin: TokenID?, end: TokenID?) { (self.begin, self.end) = (begin, end) }

    /// The end-of-text token where a policy has it.
    init(_ policy: EndOfTextPolicy, _ endOfText: TokenID?) {
        switch policy {
        case .before: begin = endOfText
        case .after: end = endOfText
        case .none: break
        }
    }

    /// Whether there is none.
    var isEmpty: Bool { begin == nil && end == nil }
}
