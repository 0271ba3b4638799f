#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Scores of a model's predictions of a text.
public struct EvaluationResult: Codable, Equatable, Sendable {
    /// Predictions scored.
    public var tokenCount: Int
    /// Bytes of text that the tokens stand for.
    public var byteCount: Int
    /// The sum of all predictions' negative log-likelihoods, in nats.
    public var totalLoss: Double

    /// The result for given sums.
    public init(tokenCount: Int, byteCount: Int, totalLoss: Double) {
        self.tokenCount = tokenCount
        self.byteCount = byteCount
        self.totalLoss = totalLoss
    }

    /// The result for no text.
    public static let none = EvaluationResult(tokenCount: 0, byteCount: 0, totalLoss: 0)

    /// Adds another text's result.
    public static func += (result: inout EvaluationResult, other: EvaluationResult) {
        result.tokenCount += other.tokenCount
        result.byteCount += other.byteCount
        result.totalLoss += other.totalLoss
    }

    /// Nats a token.
    public var loss: Double { totalLoss / Double(max(tokenCount, 1)) }

    /// The number of tokens that would be as uncertain if they were equally likely.
    public var perplexity: Double { exp(loss) }

    /// Bits a byte of text: the one figure that compares across vocabularies.
    public var bitsPerByte: Double { totalLoss / log(2) / Double(max(byteCount, 1)) }

    /// The names in checkpoints.
    enum CodingKeys: String, CodingKey {
        case tokenCount = "tokens"
        case byteCount = "bytes"
        case totalLoss = "total_loss"
    }
}
