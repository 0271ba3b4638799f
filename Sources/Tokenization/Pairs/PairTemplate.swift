/// The way in which a source and its target become one row of tokens for an encoder–decoder:
/// `source… end pad target… end`.
///
/// The token of padding is the first that the decoder reads, as Marian has it, and thereby marks
/// where the target begins. Text becomes neither of the two tokens.
public struct PairTemplate: Sendable {
    /// The token that a vocabulary needs beside its end of text.
    public static let padding = "<|pad|>"

    /// The token of the end, where a vocabulary has none yet.
    public static let end = "<|endoftext|>"

    /// The vocabulary that has the two tokens.
    public let vocabulary: Vocabulary
    /// Token that begins a target.
    public let pad: TokenID
    /// Token that ends a source and a target.
    public let end: TokenID

    /// The template in the ids of `vocabulary`, with the tokens that it lacks added behind its
    /// last. O(tokens).
    public init(extending vocabulary: Vocabulary) throws(TokenizationError) {
        let missing = [Self.padding] + (vocabulary.endOfText == nil ? [Self.end] : [])
        self = try PairTemplate(vocabulary.adding(specialTokens: missing))
    }

    /// The template in the ids of `vocabulary`.
    ///
    /// - Throws: ``TokenizationError/unknownSpecialToken(_:known:)`` unless it has both tokens.
    public init(_ vocabulary: Vocabulary) throws(TokenizationError) {
        func missing(_ content: String) -> TokenizationError {
            .unknownSpecialToken(content, known: vocabulary.specialTokens.map(\.content))
        }
        guard let pad = vocabulary.specialToken(Self.padding) else { throw missing(Self.padding) }
        guard let end = vocabulary.endOfText else { throw missing(Self.end) }
        self.vocabulary = vocabulary
        self.pad = pad
        self.end = end
    }

    /// The ids of a source and of the token behind it that begins the target: what generation goes
    /// on from. O(text).
    ///
    /// - Throws: ``TokenizationError/lackedByte(_:offset:)``.
    public func prompt(
        _ source: String, with encoder: BytePairEncoder
    ) throws(TokenizationError) -> [TokenID] {
        var ids: [TokenID] = []
        encoder.encode(Array(source.utf8).span, into: &ids)
        try encoder.check()
        return ids + [end, pad]
    }

    /// The ids of a pair. O(text).
    ///
    /// - Throws: ``TokenizationError/lackedByte(_:offset:)``, with the place in the source or in
    ///   the target.
    public func encode(
        source: String, target: String, with encoder: BytePairEncoder
    ) throws(TokenizationError) -> [TokenID] {
        var ids = try prompt(source, with: encoder)
        encoder.encode(Array(target.utf8).span, into: &ids)
        try encoder.check()
        ids.append(end)
        return ids
    }
}
