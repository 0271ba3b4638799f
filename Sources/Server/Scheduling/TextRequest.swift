public import Models
import Tokenization

/// Request for texts that continue one prompt.
public struct TextRequest: Sendable {
    /// The prompt's tokens, at least one. For a model of pairs the source and the token that begins
    /// its target.
    public var prompt: [TokenID]
    /// How tokens are drawn, how many at most, and the strings that end a text. With no token to be
    /// drawn only the prompt is read.
    public var generation: GenerationConfiguration
    /// Changes of the logits.
    public var adjustments = LogitAdjustments()
    /// Texts, from 1 to ``maximumSampleCount``; number i draws with the seed plus i.
    public var sampleCount = 1
    /// The likeliest tokens that are told beside each token, from 0 to
    /// ``maximumAlternativeCount``; nil for no log-probabilities at all.
    public var alternativeCount: Int?
    /// Whether the log-probabilities of the prompt's tokens are told as well, if any are. The
    /// prompt is then read anew.
    public var echoesPrompt = false
    /// Whether a text goes on behind a token that ends it.
    public var ignoresEnd = false
    /// Tokens that end a text, as in a conversation, in place of those that end the model's texts;
    /// nil for those.
    public var endTokens: Set<TokenID>?
    /// More tokens that end a text.
    public var moreEndTokens: Set<TokenID> = []
    /// Whether special tokens that only a program writes are left out of the text.
    public var skipsSpecialTokens = false
    /// Whether what was kept of earlier prompts is used, and this one kept.
    public var usesCache = true

    /// Whether the prompt is a pair's source, behind which a text of its own begins.
    public var isPair = false

    /// Whether the texts go on behind that of the prompt.
    func isContinued(in vocabulary: Vocabulary) -> Bool {
        !isPair && !vocabulary.beginsText(behind: prompt)
    }

    /// The most texts of a request.
    public static let maximumSampleCount = 16
    /// The most alternatives to a token.
    public static let maximumAlternativeCount = 20

    /// A request for one text behind `prompt`.
    public init(prompt: [TokenID], generation: GenerationConfiguration = .init()) {
        self.prompt = prompt
        self.generation = generation
    }
}
