/// Changes of a text's logits that a caller asks for, before everything else that a ``Sampler``
/// does with them.
///
/// Source: the API reference of OpenAI, "frequency and presence penalties": of a token that was
/// drawn c times already, c · ``frequencyPenalty`` are taken from the logit and, if c is above 0,
/// ``presencePenalty`` once. Tokens of the prompt do not count.
public struct LogitAdjustments: Equatable, Sendable {
    /// Taken once from the logits of tokens that were drawn before; below 0 it makes them likelier.
    public var presencePenalty = 0.0
    /// Taken from the logits of tokens for each time that they were drawn before.
    public var frequencyPenalty = 0.0
    /// Added to the logits of tokens; ids that the model does not have change nothing.
    public var logitBias: [TokenID: Float] = [:]

    /// Tokens that no penalty is for, the repetition penalty included: line breaks, say, or what
    /// ends a text.
    public var sparedTokens: Set<TokenID> = []

    /// No change.
    public init() {}

    /// Whether nothing is changed.
    public var isEmpty: Bool {
        presencePenalty == 0 && frequencyPenalty == 0 && logitBias.isEmpty
    }

    /// Whether every number is finite.
    public var areFinite: Bool {
        presencePenalty.isFinite && frequencyPenalty.isFinite
            && logitBias.values.allSatisfy(\.isFinite)
    }
}
