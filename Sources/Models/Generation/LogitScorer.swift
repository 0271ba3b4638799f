/// Log-probabilities of tokens in a row of logits, and of the likeliest ones, by one sum over the
/// vocabulary.
///
/// A token has the same number wherever it stands among the results. The scratch is the scorer's
/// own, so that several threads read rows side by side, each with its own scorer.
public final class LogitScorer {
    /// Log-probabilities, natural logarithms of probabilities: floats, widened.
    public struct Scores {
        /// Those of the tokens that were asked for.
        public let own: [Double]
        /// The likeliest tokens, best first and the smallest id first among equals.
        public let likeliest: [(token: TokenID, logProbability: Double)]
    }

    private let kernels: Kernels
    private var scratch = FloatBuffer(count: 0)
    private let target = IDBuffer(count: 1)
    private let loss = FloatBuffer(count: 1)

    /// A scorer without scratch yet.
    public convenience init(kernels level: KernelLevel = .best) { self.init(Kernels(level)) }

    init(_ kernels: Kernels) { self.kernels = kernels }

    /// The log-probabilities of `tokens`, and those of the `count` likeliest, or of all if there
    /// are fewer. The logits are finite. O(V + count log count).
    public func scores(
        of tokens: [TokenID], likeliest count: Int = 0, in logits: Span<Float>
    ) -> Scores {
        let logSum = logSum(of: logits)
        func score(_ logit: Float) -> Double { -Double(logSum - logit) }
        let best = min(count, logits.count)
        return Scores(
            own: tokens.map { score(logits[$0.index]) },
            likeliest: best == 0
                ? []
                : Selection.greatest(best, in: logits).map { (TokenID($0.index), score($0.value)) })
    }

    /// The logarithm of the sum of the logits' exponentials.
    private func logSum(of logits: Span<Float>) -> Float {
        let count = logits.count
        if scratch.count < count + 1 { scratch = FloatBuffer(count: count + 1) }
        scratch.withMutableSpan { scratch in
            for index in logits.indices { scratch[index] = logits[index] }
            scratch[count] = 0
        }
        // A loss is the logarithm of the sum minus the target's logit. The target is the 0 behind
        // the row, which is in no sum.
        target[0] = Int32(count)
        kernels.crossEntropy(
            Matrix(scratch.slice(0..<count + 1), 1, count), targets: target.all, scale: 0,
            losses: loss.all)
        return loss[0]
    }
}
