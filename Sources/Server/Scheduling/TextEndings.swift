import Tokenization

/// The tokens that end texts of a model.
struct TextEndings {
    private let tokenCount: Int
    private let ends: Set<TokenID>
    /// Special tokens that only a program writes.
    let controls: Set<TokenID>

    /// - Parameter endTokens: what the model's files say, beside the vocabulary's own.
    init(_ vocabulary: Vocabulary, endTokens: Set<TokenID>) {
        tokenCount = vocabulary.count
        ends = endTokens.union([vocabulary.endOfText].compactMap(\.self))
        controls = Set(
            vocabulary.specialTokens.filter { $0.recognition == .whereAllowed }.map(\.id))
    }

    /// Whether `token` ends a text of `request`. One that only the model knows, which may have more
    /// embeddings than its vocabulary has tokens, stands for nothing and ends it as well.
    func contains(_ token: TokenID, for request: TextRequest) -> Bool {
        guard !request.ignoresEnd else { return false }
        return token.index >= tokenCount || (request.endTokens ?? ends).contains(token)
            || request.moreEndTokens.contains(token)
    }
}
