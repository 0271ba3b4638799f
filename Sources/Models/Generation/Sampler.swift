import Work

/// Chooses the next token from a model's logits: the same choices from the same seed.
///
/// The logits pass through what Hugging Face calls processors, in the order of its `generate`:
/// repetition penalty, temperature, top-k, top-p, min-p. Before them stands the bias of
/// ``LogitAdjustments``, and behind the repetition penalty are its two others. Then one of the
/// tokens that are left is drawn by its probability; with temperature 0 it is the likeliest, the
/// one with the smallest id among equals.
public struct Sampler: Sendable {
    private let temperature: Double
    private let topK: Int
    private let topP: Double
    private let minP: Double
    private let repetitionPenalty: Double
    private let adjustments: LogitAdjustments
    private let kernels: Kernels
    private var generator: RandomGenerator
    /// The tokens that the penalty is for, once each.
    private var seen: Set<TokenID> = []
    /// How often each token was drawn, where a penalty asks for it.
    private var drawnCounts: [TokenID: Int] = [:]
    /// Weights of the tokens, from their logits: scores, then probabilities up to a factor.
    private var weights: [Float] = []

    /// A sampler with the configuration's numbers, which must be valid, and of adjustments that are
    /// finite.
    public init(
        _ configuration: GenerationConfiguration, adjustments: LogitAdjustments = .init(),
        kernels level: KernelLevel = .best
    ) {
        precondition(
            configuration.isValid, "check a configuration with validate() first")
        precondition(adjustments.areFinite, "no bias and no penalty is infinite")
        // A temperature so small that a quotient of logits would overflow counts as 0.
        temperature = configuration.temperature < 1e-6 ? 0 : configuration.temperature
        topK = configuration.topK
        topP = configuration.topP
        minP = configuration.minP
        repetitionPenalty = configuration.repetitionPenalty
        self.adjustments = adjustments
        kernels = Kernels(level)
        generator = RandomGenerator(seed: configuration.seed)
    }

    /// Takes notice of tokens of the text, the prompt's too, which the repetition penalty is for.
    public mutating func note(_ tokens: [TokenID]) {
        guard repetitionPenalty != 1 else { return }
        seen.formUnion(tokens)
        if !adjustments.sparedTokens.isEmpty { seen.subtract(adjustments.sparedTokens) }
    }

    /// Takes notice of a token that was drawn for the text, which all penalties are for.
    public mutating func noteDrawn(_ token: TokenID) {
        note([token])
        guard !adjustments.sparedTokens.contains(token) else { return }
        if adjustments.presencePenalty != 0 || adjustments.frequencyPenalty != 0 {
            drawnCounts[token, default: 0] += 1
        }
    }

    /// Forgets the tokens of the text, for another one.
    public mutating func forget() {
        seen.removeAll()
        drawnCounts.removeAll()
    }

    /// The next token. O(V), whatever is chosen from; no vocabulary is sorted. The logits are
    /// finite.
    public mutating func next(from logits: Span<Float>) -> TokenID {
        precondition(logits.count > 0, "no logits to choose from")
        if temperature == 0, seen.isEmpty, adjustments.isEmpty {
            return Self.likeliest(in: logits)
        }
        score(logits)
        if temperature == 0 { return Self.likeliest(in: weights.span) }
        let sum = weigh()
        var rest = generator.uniform() * sum
        var drawn: Int?
        weights.span.eachBlock { start, block in
            guard drawn == nil, !block.isZero else { return }
            for index in block.indices {
                rest -= Double(block[index])
                if rest < 0 {
                    drawn = start + index
                    return
                }
            }
        }
        // Rounding of the sum left a rest: the last token that can come at all.
        return TokenID(drawn ?? weights.lastIndex { $0 > 0 } ?? 0)
    }

    /// The probability of each token to be drawn next; 0 for those that may not. O(V).
    ///
    /// With temperature 0 all of it is the likeliest token's.
    public mutating func probabilities(from logits: Span<Float>) -> [Double] {
        precondition(logits.count > 0, "no logits to choose from")
        score(logits)
        guard temperature > 0 else {
            var all = [Double](repeating: 0, count: logits.count)
            all[Self.likeliest(in: weights.span).index] = 1
            return all
        }
        let sum = weigh()
        return weights.map { Double($0) / sum }
    }

    /// The token with the greatest logit, the smallest id among equals.
    public static func likeliest(in logits: Span<Float>) -> TokenID {
        var best = 0
        logits.eachBlock { start, block in
            guard block.reaches(above: logits[best]) else { return }
            for index in block.indices where block[index] > logits[best] { best = start + index }
        }
        return TokenID(best)
    }

    // MARK: Processors

    /// Sets `weights` to the logits after bias and penalties. A repetition penalty above 1 makes
    /// what has come before less likely. Keskar and others, <https://arxiv.org/abs/1909.05858>,
    /// with the change for negative logits that everybody has made since.
    private mutating func score(_ logits: Span<Float>) {
        if weights.count != logits.count {
            weights = [Float](repeating: 0, count: logits.count)
        }
        // Neither penalty nor temperature, each at most a million, leads out of the range of floats
        // from here.
        let most: Float = 1e24
        var clamped = weights.mutableSpan
        for index in logits.indices { clamped[index] = min(max(logits[index], -most), most) }
        for (token, bias) in adjustments.logitBias where token.index < weights.count {
            weights[token.index] = min(max(weights[token.index] + bias, -most), most)
        }
        let penalty = Float(repetitionPenalty)
        for token in seen where token.index < weights.count {
            let score = weights[token.index]
            weights[token.index] = score < 0 ? score * penalty : score / penalty
        }
        for (token, count) in drawnCounts where token.index < weights.count {
            let taken =
                adjustments.presencePenalty + Double(count) * adjustments.frequencyPenalty
            weights[token.index] -= Float(taken)
        }
    }

    /// Turns scores into weights, 0 for tokens that may not come, and returns their sum.
    private mutating func weigh() -> Double {
        if topK > 0, topK < weights.count {
            // Tokens that are level with the last of the k stay, as in Hugging Face's.
            let least = Selection.value(ofRank: topK, in: weights.span)
            replace(below: least, by: -.infinity)
        }
        // The kernel takes the greatest times the factor from each: of scores this large that
        // difference is the rounding's, and the greatest would be as good as impossible.
        let most = weights.span.greatest
        if most.magnitude > 1e4 {
            for index in weights.indices { weights[index] -= most }
        }
        // Not zero, for zero times the infinities of top-k would be NaN.
        let factor = max(Float(1 / temperature), .leastNormalMagnitude)
        kernels.softmax(&weights, factor: factor)
        // The kernel's exponential ends at a number that is nearly, but not, zero.
        replace(below: 1e-35, by: 0)
        var sum = sumOfWeights
        if topP < 1 {
            let last = Selection.last(reaching: topP * sum, of: weights.span, sum: sum)
            var span = weights.mutableSpan
            for index in span.indices where !last.isReached(by: span[index], at: index) {
                span[index] = 0
            }
            sum = sumOfWeights
        }
        if minP > 0 {
            replace(below: Float(minP) * weights.span.greatest, by: 0)
            sum = sumOfWeights
        }
        return sum
    }

    /// Replaces the weights that are less than `bound`.
    private mutating func replace(below bound: Float, by value: Float) {
        var span = weights.mutableSpan
        for index in span.indices { span[index] = span[index] < bound ? value : span[index] }
    }

    /// The sum of the weights, in order; of a few tokens among many it costs as much as those.
    private var sumOfWeights: Double {
        var sum = 0.0
        weights.span.eachBlock { _, block in
            if block.isZero { return }
            for index in block.indices { sum += Double(block[index]) }
        }
        return sum
    }
}
