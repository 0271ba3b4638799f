#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The logits of the texts of the last step, (texts, vocabulary), and what is asked of them.
public final class LogitRows {
    let matrix: Matrix  // (texts, V)
    private let buffer: FloatBuffer
    private let scorer: LogitScorer

    init(textCount: Int, vocabularySize: Int, kernels: Kernels) {
        let buffer = FloatBuffer(count: textCount * vocabularySize)
        self.buffer = buffer
        matrix = Matrix(buffer.all, textCount, vocabularySize)
        scorer = LogitScorer(kernels)
    }

    /// Calls `body` with the logits of a text.
    public func withLogits<Result, Failure: Error>(
        ofText text: Int = 0, _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let row = matrix.row(text)
        return try body(unsafe Span(_unsafeStart: row.base, count: row.count))
    }

    /// The natural logarithm of the probability that the model gives `token` after a text. O(V).
    public func logProbability(of token: TokenID, ofText text: Int) -> Double {
        withLogits(ofText: text) { scorer.scores(of: [token], in: $0).own[0] }
    }

    /// The most probable next tokens of a text, and their probabilities; none where the logits are
    /// not finite. O(V).
    public func likeliest(
        _ count: Int, ofText text: Int = 0
    ) -> [(token: TokenID, probability: Double)] {
        withLogits(ofText: text) { logits in
            guard logits.areFinite else { return [] }
            let most = Double(logits[Sampler.likeliest(in: logits).index])
            var sum = 0.0
            for index in logits.indices { sum += exp(Double(logits[index]) - most) }
            return Selection.greatest(min(count, logits.count), in: logits).map {
                (TokenID($0.index), exp(Double($0.value) - most) / sum)
            }
        }
    }
}
