public import Tokenization

/// What stands before a prompt.
public enum PromptBeginning: Equatable, Sendable {
    /// What the model's tokenizer puts before each text, as `transformers` does. An empty prompt gets
    /// the token that begins a text in any case, for a model continues nothing but tokens.
    ///
    /// For a model that was trained here this is the end-of-text token at which its documents began.
    case automatic
    /// Nothing.
    case none
    /// A token.
    case token(TokenID)

    /// The tokens before `prompt`.
    func tokens(_ prompt: String, _ vocabulary: Vocabulary) -> [TokenID] {
        switch self {
        case .automatic:
            let prefix = vocabulary.textPrefix
            return prefix.isEmpty && prompt.isEmpty
                ? [vocabulary.beginningOfText].compactMap(\.self) : prefix
        case .none: return []
        case .token(let token): return [token]
        }
    }
}
