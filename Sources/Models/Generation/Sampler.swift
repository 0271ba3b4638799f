import Work

/// Chooses the next token from a model's logits: the same choices from the same seed.
///
/// The logits pass through what Hugging Face calls processors, in the order of its `generate`:
/// repetition penalty, temperature, top-k, top-p, min-p. Then one of the tokens that are left is
/// drawn by its probability; with temperature 0 it is the likeliest, the one with the smallest id
/// among equals.
public struct Sampler: Sendable {
    private let temperature: Double
    private let topK: Int
    private let topP: Double
    private let minP: Double
    private let repetitionPenalty: Double
    private let kernels: Kernels
    private var generator: RandomGenerator
    /// The tokens that the penalty is for, once each.
    private var seen: Set<TokenID> = []
    /// Weights of the tokens, from their logits: scores, then probabilities up to a factor.
    private var weights: [Float] = []

    /// A sampler with the configuration's numbers, which must be valid.
    public init(_ configuration: GenerationConfiguration, kernels level: KernelLevel = .best) {
        precondition(
            configuration.isValid, "check a configuration with validate() first")
        // A temperature so small that a quotient of logits would overflow counts as 0.
        temperature = configuration.temperature < 1e-6 ? 0 : configuration.temperature
        topK = configuration.topK
        topP = configuration.topP
        minP = configuration.minP
        repetitionPenalty = configuration.repetitionPenalty
        kernels = Kernels(level)
        generator = RandomGenerator(seed: configuration.seed)
    }

    /// Takes notice of tokens of the text, the prompt's too, which the repetition penalty is for.
    public mutating func note(_ tokens: [TokenID]) {
        if repetitionPenalty != 1 { seen.formUnion(tokens) }
    }

    /// Forgets the tokens of the text, for another one.
    public mutating func forget() { seen.removeAll() }

    /// The next token. O(V), whatever is chosen from; no vocabulary is sorted. The logits are
    /// finite.
    public mutating func next(from logits: Span<Float>) -> TokenID {
        precondition(logits.count > 0, "no logits to choose from")
        if temperature == 0, seen.isEmpty { return Self.likeliest(in: logits) }
        score(logits)
        if temperature == 0 { return Self.likeliest(in: weights.span) }
        let sum = weigh()
        var rest = generator.uniform() * sum
        for (index, weight) in weights.enumerated() {
            rest -= Double(weight)
            if rest < 0 { return TokenID(index) }
        }
        // Rounding of the sum left a rest: the last token that can come at all.
        return TokenID(weights.lastIndex { $0 > 0 } ?? 0)
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
        for index in logits.indices where logits[index] > logits[best] { best = index }
        return TokenID(best)
    }

    // MARK: Processors

    /// Sets `weights` to the logits after the repetition penalty. A penalty above 1 makes what has
    /// come before less likely. Keskar and others, <https://arxiv.org/abs/1909.05858>, with the
    /// change for negative logits that everybody has made since.
    private mutating func score(_ logits: Span<Float>) {
        weights.removeAll(keepingCapacity: true)
        weights.reserveCapacity(logits.count)
        // Neither penalty nor temperature, each at most a million, leads out of the range of floats
        // from here.
        let most: Float = 1e24
        for index in logits.indices { weights.append(min(max(logits[index], -most), most)) }
        let penalty = Float(repetitionPenalty)
        for token in seen where token.index < weights.count {
            let score = weights[token.index]
            weights[token.index] = score < 0 ? score * penalty : score / penalty
        }
    }

    /// Turns scores into weights, 0 for tokens that may not come, and returns their sum.
    private mutating func weigh() -> Double {
        if topK > 0, topK < weights.count {
            // Tokens that are level with the last of the k stay, as in Hugging Face's.
            let least = Selection.value(ofRank: topK, in: weights.span)
            for index in weights.indices where weights[index] < least {
                weights[index] = -.infinity
            }
        }
        // The kernel takes the greatest times the factor from each: of scores this large that
        // difference is the rounding's, and the greatest would be as good as impossible.
        if let most = weights.max(), most.magnitude > 1e4 {
            for index in weights.indices { weights[index] -= most }
        }
        // Not zero, for zero times the infinities of top-k would be NaN.
        let factor = max(Float(1 / temperature), .leastNormalMagnitude)
        kernels.softmax(&weights, factor: factor)
        // The kernel's exponential ends at a number that is nearly, but not, zero.
        for index in weights.indices where weights[index] < 1e-35 { weights[index] = 0 }
        var sum = weights.reduce(0) { $0 + Double($1) }
        if topP < 1 {
            let last = Selection.last(reaching: topP * sum, of: weights.span, sum: sum)
            for index in weights.indices where !last.isReached(by: weights[index], at: index) {
                weights[index] = 0
            }
            sum = weights.reduce(0) { $0 + Double($1) }
        }
        if minP > 0, let most = weights.max() {
            let least = Float(minP) * most
            for index in weights.indices where weights[index] < least { weights[index] = 0 }
            sum = weights.reduce(0) { $0 + Double($1) }
        }
        return sum
    }
}
