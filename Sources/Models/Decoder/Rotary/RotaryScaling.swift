#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// How the angles of rotary positions are stretched, so that a model reads more positions than it
/// has first learned.
///
/// Each rule is that of Transformers' `modeling_rope_utils.py`, in float32 as there.
public enum RotaryScaling: Hashable, Sendable {
    /// As without scaling up to the model's positions, which no text is longer than here; a factor
    /// says how texts beyond them would be turned. Only kept, to be written again.
    case dynamic(factor: Double)
    /// Every angle is divided by a factor. Chen and others, <https://arxiv.org/abs/2306.15595>.
    case linear(factor: Double)
    /// Llama 3.1's rule.
    case llama3(Llama3)
    /// YaRN: Peng and others, <https://arxiv.org/abs/2309.00071>.
    case yarn(YaRN)

    /// Pairs that turn slowly are slowed down by a factor, those that turn quickly stay, and those
    /// between are mixed of both.
    public struct Llama3: Hashable, Sendable {
        /// Factor of the slow ones.
        public var factor: Double
        /// Turns within the original context up to which a pair is slow.
        public var lowFrequencyFactor: Double
        /// Turns within the original context from which on a pair is quick.
        public var highFrequencyFactor: Double
        /// Positions that the model has first learned.
        public var originalPositionCount: Int

        /// A rule.
        public init(
            factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double,
            originalPositionCount: Int
        ) {
            self.factor = factor
            self.lowFrequencyFactor = lowFrequencyFactor
            self.highFrequencyFactor = highFrequencyFactor
            self.originalPositionCount = originalPositionCount
        }
    }

    /// As ``Llama3``, with the mixture counted in pairs and not in turns, and with queries and keys
    /// lengthened, which sharpens attention.
    public struct YaRN: Hashable, Sendable {
        /// Factor of the slow pairs.
        public var factor: Double
        /// Positions that the model has first learned.
        public var originalPositionCount: Int
        /// Factor of the lengths of queries and keys; nil for the one that follows from `factor`.
        public var attentionFactor: Double?
        /// Turns within the original context from which on a pair is quick.
        public var fastTurns = 32.0
        /// Turns within the original context up to which a pair is slow.
        public var slowTurns = 1.0
        /// The `mscale` and `mscale_all_dim` of the file, by which the factor of lengths follows
        /// otherwise; nil unless both are there.
        public var lengthScales: LengthScales?
        /// Whether the borders between quick and slow pairs are rounded to whole pairs.
        public var roundsBorders = true

        /// Two weights of the logarithm of the factor.
        public struct LengthScales: Hashable, Sendable {
            /// `mscale`.
            public var own: Double
            /// `mscale_all_dim`.
            public var all: Double
        }

        /// A rule with the paper's numbers.
        public init(factor: Double, originalPositionCount: Int) {
            self.factor = factor
            self.originalPositionCount = originalPositionCount
        }
    }

    /// The rule in words: "linear by 4".
    public var name: String {
        switch self {
        case .dynamic(let factor): "dynamic by \(factor)"
        case .linear(let factor): "linear by \(factor)"
        case .llama3(let rule): "llama3 by \(rule.factor)"
        case .yarn(let rule): "yarn by \(rule.factor)"
        }
    }

    /// Throws for numbers that make no angles.
    func validate() throws(ModelError) {
        let numbers: [Double]
        switch self {
        case .dynamic(let factor), .linear(let factor): numbers = [factor]
        case .llama3(let rule):
            numbers = [
                rule.factor, rule.lowFrequencyFactor,
                rule.highFrequencyFactor - rule.lowFrequencyFactor,
                Double(rule.originalPositionCount),
            ]
        case .yarn(let rule):
            numbers = [
                rule.factor, Double(rule.originalPositionCount), rule.attentionFactor ?? 1,
                rule.fastTurns, rule.slowTurns, rule.lengthFactor,
            ]
        }
        guard numbers.allSatisfy({ $0 > 0 && $0 < 1e9 }) else {
            throw .badConfiguration(reason: "the numbers that scale its rotary positions make none")
        }
    }
}

extension RotaryScaling {
    /// The frequencies of the pairs of a head of `d` floats, from those without scaling.
    func frequencies(of plain: [Float], headSize d: Int, base: Double) -> [Float] {
        switch self {
        case .dynamic: plain
        case .linear(let factor): plain.map { $0 / Float(factor) }
        case .llama3(let rule): plain.map(rule.frequency)
        case .yarn(let rule): rule.frequencies(headSize: d, base: base)
        }
    }

    /// Factor of the lengths of queries and keys.
    var lengthFactor: Float {
        if case .yarn(let rule) = self { Float(rule.lengthFactor) } else { 1 }
    }
}

extension RotaryScaling.Llama3 {
    /// The frequency of a pair that turns by `plain` a position without scaling.
    func frequency(of plain: Float) -> Float {
        let original = Double(originalPositionCount)
        let wavelength = Float(2 * Double.pi) / plain
        if wavelength > Float(original / lowFrequencyFactor) { return plain / Float(factor) }
        if wavelength < Float(original / highFrequencyFactor) { return plain }
        let share =
            (Float(original) / wavelength - Float(lowFrequencyFactor))
            / Float(highFrequencyFactor - lowFrequencyFactor)
        return (1 - share) * plain / Float(factor) + share * plain
    }
}

extension RotaryScaling.YaRN {
    /// Factor of the lengths of queries and keys.
    var lengthFactor: Double {
        func scale(_ weight: Double) -> Double {
            factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1
        }
        return attentionFactor
            ?? lengthScales.map { scale($0.own) / scale($0.all) } ?? scale(1)
    }

    /// The frequencies of the pairs of a head of `d` floats.
    func frequencies(headSize d: Int, base: Double) -> [Float] {
        /// The pair that turns so often within the original context.
        func pair(turning turns: Double) -> Double {
            Double(d) * log(Double(originalPositionCount) / (turns * 2 * .pi)) / (2 * log(base))
        }
        var (first, last) = (pair(turning: fastTurns), pair(turning: slowTurns))
        if roundsBorders { (first, last) = (first.rounded(.down), last.rounded(.up)) }
        (first, last) = (max(first, 0), min(last, Double(d - 1)))
        if first == last { last += 0.001 }
        return (0..<d / 2).map { index in
            let power = powf(Float(base), Float(2 * index) / Float(d))
            let ramp = min(max((Float(index) - Float(first)) / Float(last - first), 0), 1)
            let kept = 1 - ramp
            return 1 / (Float(factor) * power) * (1 - kept) + 1 / power * kept
        }
    }
}
