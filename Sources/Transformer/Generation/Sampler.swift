#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Chooses the next token from a model's logits: the same choices from the same seed.
///
/// The order is temperature, then top-k, then top-p, as in Hugging Face's `generate`; among tokens
/// of equal probability the one with the smaller id comes first.
public struct Sampler: Sendable {
    private let temperature: Double
    private let topK: Int
    private let topP: Double
    private var generator: RandomGenerator
    private var candidates: [Candidate] = []

    private struct Candidate {
        let token: Int32
        var weight: Double
    }

    /// A sampler with the configuration's numbers, which must be valid.
    public init(_ configuration: GenerationConfiguration) {
        precondition(
            configuration.temperature >= 0 && configuration.topK >= 0 && configuration.topP > 0,
            "check a configuration with validate() first")
        temperature = configuration.temperature
        topK = configuration.topK
        topP = configuration.topP
        generator = RandomGenerator(seed: configuration.seed)
    }

    /// The next token. O(V), and O(V log V) where top-k or top-p sorts.
    public mutating func next(from logits: Span<Float>) -> Int32 {
        precondition(logits.count > 0, "no logits to choose from")
        if temperature == 0 { return Self.likeliest(in: logits) }
        let all = weigh(logits)
        let u = generator.uniform()
        var rest = u * all
        for candidate in candidates {
            rest -= candidate.weight
            if rest < 0 { return candidate.token }
        }
        // Rounding left a crumb: the last one that can come at all.
        return candidates.last { $0.weight > 0 }?.token ?? Self.likeliest(in: logits)
    }

    /// The token with the greatest logit, the smallest id among equals.
    public static func likeliest(in logits: Span<Float>) -> Int32 {
        var best = 0
        for index in logits.indices where logits[index] > logits[best] { best = index }
        return Int32(best)
    }

    /// Fills `candidates` with those that may come and returns the sum of their weights.
    private mutating func weigh(_ logits: Span<Float>) -> Double {
        let most = Double(logits[Int(Self.likeliest(in: logits))])
        candidates.removeAll(keepingCapacity: true)
        for index in logits.indices {
            let weight = exp((Double(logits[index]) - most) / temperature)
            candidates.append(Candidate(token: Int32(index), weight: weight.isNaN ? 0 : weight))
        }
        let sum = candidates.reduce(0) { $0 + $1.weight }
        let hasTopK = topK > 0 && topK < candidates.count
        guard hasTopK || topP < 1 else { return sum }
        if !hasTopK {
            // Those so light that all of them together are less than what top-p leaves out cannot be
            // in its set; of a trained model's vocabulary that is nearly all, and need no sorting.
            let least = (1 - topP) * sum / Double(candidates.count)
            candidates.removeAll { $0.weight < least }
        }
        candidates.sort { ($0.weight, $1.token) > ($1.weight, $0.token) }
        if hasTopK { candidates.removeSubrange(topK...) }
        let all = hasTopK ? candidates.reduce(0) { $0 + $1.weight } : sum
        guard topP < 1 else { return all }
        // The smallest set that reaches topP: the token that crosses the line belongs to it.
        var kept = 0.0
        for (index, candidate) in candidates.enumerated() {
            kept += candidate.weight
            if kept >= topP * all {
                candidates.removeSubrange((index + 1)...)
                break
            }
        }
        return kept
    }
}
