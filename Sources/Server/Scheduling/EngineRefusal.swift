public import Models

/// Reason for which a request is not taken.
public enum EngineRefusal: Error, Sendable, Equatable {
    /// As many requests wait as may; there is likely to be room after so many seconds.
    case queueIsFull(retryAfterSeconds: Int)
    /// The engine takes no more requests.
    case isStopping
    /// Prompt and tokens to be drawn are more than the model's context has room for.
    case doesNotFit(promptCount: Int, tokenCount: Int, limit: Int)
    /// The prompt has no token.
    case promptIsEmpty
    /// The prompt holds a token that the model does not have.
    case unknownToken(TokenID, count: Int)
    /// The prompt of a model of pairs lacks the token that begins the target.
    case noTarget(TokenID)
    /// A number of the request is out of its range.
    case badRequest(reason: String)
    /// There is too little memory for what would be kept of the texts.
    case tooLittleMemory(reason: String)

    /// A word for the reason, for counts.
    public var reason: String {
        switch self {
        case .queueIsFull: "queue_full"
        case .isStopping: "stopping"
        case .doesNotFit: "context_size"
        case .tooLittleMemory: "memory"
        case .promptIsEmpty, .unknownToken, .noTarget, .badRequest: "bad_request"
        }
    }
}

extension EngineRefusal: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .queueIsFull(let seconds):
            "as many requests wait as may; try again in \(seconds) s"
        case .isStopping:
            "the server stops and takes no more requests"
        case .doesNotFit(let promptCount, let tokenCount, let limit):
            "the prompt has \(promptCount) tokens and \(tokenCount) more may be drawn, but the "
                + "model's context has room for \(limit)"
        case .promptIsEmpty:
            "the prompt is empty: a text is continued from at least one token"
        case .unknownToken(let token, let count):
            "token \(token) is not one of the model's, which are 0 to \(count - 1)"
        case .noTarget(let token):
            "the prompt of a model of pairs holds its source and the token \(token), which begins "
                + "the target"
        case .badRequest(let reason), .tooLittleMemory(let reason):
            reason
        }
    }
}
