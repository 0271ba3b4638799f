import Bytes

/// Counts of texts, pieces and tokens: the results of encoding, in numbers that add up.
///
/// ```swift
/// var counts = EncodingCounts()
/// counts.add(text.span, ids: ids.span, of: vocabulary)
/// counts.bytesPerToken
/// ```
///
/// A word is a run of letters and marks, whatever the vocabulary's pattern, so that vocabularies
/// with different patterns can be compared; it is whole if all of it lies in one token. Scripts
/// that do not put spaces between words have long runs, and few that are whole.
public struct EncodingCounts: Sendable, Equatable {
    /// Texts.
    public private(set) var documentCount = 0
    /// Bytes of the texts.
    public private(set) var byteCount = 0
    /// Tokens that the texts became.
    public private(set) var tokenCount = 0
    /// Words in the texts.
    public private(set) var wordCount = 0
    /// Words that lie in one token.
    public private(set) var wholeWordCount = 0

    /// Zeros.
    public init() {}

    /// Mean bytes of text a token; 0 without tokens.
    public var bytesPerToken: Double { Double(byteCount) / Double(max(tokenCount, 1)) }

    /// The share of words that lie in one token, from 0 to 1; 0 without words.
    public var wholeWordShare: Double { Double(wholeWordCount) / Double(max(wordCount, 1)) }

    /// Adds a text and what it became. O(count of the text).
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - ids: its ids.
    ///   - vocabulary: the vocabulary of the ids.
    /// - Precondition: the ids decode to the text, or to what the vocabulary makes of it.
    public mutating func add(_ text: Span<UInt8>, ids: Span<TokenID>, of vocabulary: Vocabulary) {
        documentCount += 1
        byteCount += text.count
        tokenCount += ids.count
        let tables = UnicodeClasses.shared.tables
        ByteView.with(text) { view in
            var (token, tokenEnd) = (0, 0)
            var index = 0
            while index < view.count {
                let (classes, length) = tables.character(view, index)
                guard classes.isAny([.letter, .mark]) else {
                    index += length
                    continue
                }
                let end = tables.endOfRun(of: [.letter, .mark], in: view, from: index + length)
                // The token that holds the first byte holds the whole word, or the word is cut.
                while tokenEnd <= index, token < ids.count {
                    tokenEnd += vocabulary.tokens.byteCount(of: ids[token].index)
                    token += 1
                }
                wordCount += 1
                if tokenEnd >= end { wholeWordCount += 1 }
                index = end
            }
        }
    }

    /// Adds what was counted elsewhere.
    public static func += (left: inout EncodingCounts, right: EncodingCounts) {
        left.documentCount += right.documentCount
        left.byteCount += right.byteCount
        left.tokenCount += right.tokenCount
        left.wordCount += right.wordCount
        left.wholeWordCount += right.wholeWordCount
    }
}
