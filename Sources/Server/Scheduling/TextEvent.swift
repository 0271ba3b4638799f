import Models
public import Tokens

/// What happens to the texts of a request, in order; the last is ``finished(_:)`` or
/// ``failed(_:)``.
public enum TextEvent: Sendable {
    /// The prompt is read, of which so many tokens were known from earlier prompts. The tokens are
    /// given to a request that echoes it and asks for log-probabilities.
    case promptRead(cachedCount: Int, tokens: [ScoredToken])
    /// A token was drawn for a text; nil for what was held back at its end.
    ///
    /// The bytes are whole characters, certainly before a stop string, and perhaps none: a token's
    /// own bytes may come with a later one. Bytes that cannot be UTF-8 are handed on.
    case piece(sample: Int, token: ScoredToken?, bytes: [UInt8])
    /// A text has ended.
    case ended(sample: Int, reason: FinishReason)
    /// All texts have ended.
    case finished(TextUsage)
    /// The request came to nothing from here on, for the reason given.
    case failed(EngineFailure)

    /// Whether nothing comes after it.
    var isLast: Bool {
        switch self {
        case .finished, .failed: true
        case .promptRead, .piece, .ended: false
        }
    }
}

/// A token of a text, with the probability that the model gave it.
public struct ScoredToken: Sendable, Equatable {
    /// A token and the natural logarithm of its probability.
    public struct Alternative: Sendable, Equatable {
        /// The token, which may be one of the model that its vocabulary does not have.
        public let token: TokenID
        /// The natural logarithm of its probability.
        public let logProbability: Double
    }

    /// The token, which may be one of the model that its vocabulary does not have.
    public let token: TokenID
    /// The natural logarithm of the probability that the model gave it, before temperature and
    /// everything else that changes the choice: a float, widened. Nil for a prompt's first token,
    /// and unless it was asked for.
    public let logProbability: Double?
    /// The likeliest tokens at its place, best first. The one that is the token itself has the same
    /// number.
    public let alternatives: [Alternative]
    /// Whether it ended its text, of which it is no part.
    public let isEnd: Bool

    init(
        _ token: TokenID, logProbability: Double?, alternatives: [Alternative], isEnd: Bool = false
    ) {
        self.token = token
        self.logProbability = logProbability
        self.alternatives = alternatives
        self.isEnd = isEnd
    }

    /// A token with what is known of it, and the likeliest at its place.
    init(_ token: TokenID, _ scores: LogitScorer.Scores?, isEnd: Bool = false) {
        self.init(
            token, logProbability: scores?.own.first,
            alternatives: (scores?.likeliest ?? []).map {
                Alternative(token: $0.token, logProbability: $0.logProbability)
            }, isEnd: isEnd)
    }
}

/// Reason for which a text ended.
public enum FinishReason: String, Sendable {
    /// A token that ends it came, or a stop string.
    case stop
    /// It has as many tokens as were asked for.
    case length
}

/// Tokens and seconds that a request took.
public struct TextUsage: Sendable, Equatable {
    /// Tokens of the prompt.
    public var promptTokenCount = 0
    /// Tokens of the prompt that were known from earlier prompts.
    public var cachedTokenCount = 0
    /// Tokens that were drawn for all texts, those that ended one included.
    public var completionTokenCount = 0
    /// Seconds in the queue.
    public var waitingSeconds = 0.0
    /// Seconds from there until the prompt was read.
    public var promptSeconds = 0.0
    /// Seconds from there until the last text ended.
    public var drawingSeconds = 0.0
}

/// Reason for which a request that was taken comes to nothing.
public enum EngineFailure: Error, Sendable, Equatable {
    /// The model computes numbers that are infinite or none.
    case notFinite
    /// The engine stops.
    case stopped
}

extension EngineFailure: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .notFinite: "the model computes numbers that are not finite"
        case .stopped: "the server stops"
        }
    }
}
