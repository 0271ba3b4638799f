/// Loss of a model against how much of a text it has seen.
public struct LossCurve: Codable, Equatable, Sendable {
    /// The points in the order of what was seen.
    public var points: [Point]

    /// A point: a mean over predictions with so much context.
    public struct Point: Codable, Equatable, Sendable {
        /// The fewest tokens before a prediction.
        public var first: Int
        /// The most tokens before a prediction.
        public var last: Int
        /// Predictions.
        public var tokenCount: Int
        /// Documents that they are from.
        public var documentCount: Int
        /// Mean loss in nats a token.
        public var loss: Double
        /// Standard error of the mean; nil for one document, which does not tell.
        public var standardError: Double?

        enum CodingKeys: String, CodingKey {
            case first = "first_context"
            case last = "last_context"
            case tokenCount = "tokens"
            case documentCount = "documents"
            case loss
            case standardError = "standard_error"
        }
    }

    /// A curve of such points.
    public init(points: [Point]) { self.points = points }
}

/// Mean of losses, and its standard error where the losses of one document are alike.
///
/// Tokens of a document share its subject and its difficulty, so that their number would make the
/// mean look surer than it is. The error is that of a ratio of two sums over documents, linearised:
/// the root of D / (D − 1) · Σ (Sᵢ − m nᵢ)² over Σ nᵢ, for sums Sᵢ of nᵢ losses in D documents and
/// the mean m (Cochran, "Sampling Techniques", third edition, 1977, section 6.3).
struct ClusteredMean {
    private var tokenCount = 0
    private var documentCount = 0
    private var sum = 0.0
    // Sums over documents: of Sᵢ², Sᵢ nᵢ and nᵢ².
    private var (squares, products, squaredCounts) = (0.0, 0.0, 0.0)

    /// Adds a document's losses: their sum and their number.
    mutating func add(sum: Double, count: Int) {
        guard count > 0 else { return }
        let n = Double(count)
        tokenCount += count
        documentCount += 1
        self.sum += sum
        squares += sum * sum
        products += sum * n
        squaredCounts += n * n
    }

    /// The point of predictions with `contexts` tokens before them; nil where there are none.
    func point(_ contexts: ClosedRange<Int>) -> LossCurve.Point? {
        guard tokenCount > 0 else { return nil }
        let mean = sum / Double(tokenCount)
        let d = Double(documentCount)
        let spread = max(0, squares - 2 * mean * products + mean * mean * squaredCounts)
        let error =
            documentCount > 1
            ? (d / (d - 1) * spread).squareRoot() / Double(tokenCount) : nil
        return LossCurve.Point(
            first: contexts.lowerBound, last: contexts.upperBound, tokenCount: tokenCount,
            documentCount: documentCount, loss: mean, standardError: error)
    }
}
