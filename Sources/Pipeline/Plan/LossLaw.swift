import Foundation

/// The loss that a longer training will end with, from two short ones of the same model and text.
///
/// Bits per byte B after D tokens are taken to fall as B = E + (B₂ − E)·(D₂/D)^β. The floor E and
/// the exponent β cannot both be had of two points; with β given, their slope says E. So there are
/// three laws: the straight power law without a floor, which has no end and is the hopeful one; β
/// = 0.28, which is that of Hoffmann et al., "Training Compute-Optimal Large Language Models",
/// 2022, section D.3, and flattens first; and between them β = 0.2.
///
/// On the King James Bible, the default model with a learning rate of 1e-2, and of 0.02 for Muon,
/// ends at 1.926 after 20 steps of 2,048 tokens, at 1.697 after 50, at 1.338 after 300 and at 1.219
/// after 600: from the first two, the laws say 1.33, 1.34 and 1.37 for 300, and 1.21, 1.24 and 1.28
/// for 600.
struct LossLaw {
    /// A training: the tokens that it learned from, and the bits per byte that it ended with.
    struct Point {
        var tokens: Double
        var bits: Double
    }

    /// Expected bits per byte.
    struct Expectation: Codable, Equatable, Sendable {
        /// The value of the middle law.
        var middle: Double
        /// The range that the laws span, with the error of the measurement on either side.
        var low: Double
        var high: Double
    }

    private let last: Point
    /// The slope of the logarithm of bits over that of tokens, without its sign.
    private let slope: Double

    /// Slopes that texts have; of another one, a short training knows too little.
    private static let slopes = 0.05...0.2
    /// Error of a short training's score, as a share: its validation text is small.
    private static let error = 0.02

    /// The law through two points, the second of more tokens.
    init(_ first: Point, _ last: Point) {
        let measured = log(first.bits / last.bits) / log(last.tokens / first.tokens)
        let slope = measured.isFinite ? measured : Self.slopes.lowerBound
        self.slope = min(max(slope, Self.slopes.lowerBound), Self.slopes.upperBound)
        self.last = last
    }

    /// Bits per byte after `tokens`, none of which is read twice.
    func expectation(tokens: Double) -> Expectation {
        let ratio = last.tokens / tokens
        func bits(_ exponent: Double) -> Double {
            let floor = last.bits * (1 - slope / exponent)
            return floor + (last.bits - floor) * pow(ratio, exponent)
        }
        // An exponent below the slope would have a floor below nothing.
        let all = [
            last.bits * pow(ratio, slope), bits(max(0.2, slope * 1.45)),
            bits(max(0.28, slope * 2)),
        ]
        return Expectation(
            middle: all[1], low: (all.min() ?? 0) * (1 - Self.error),
            high: (all.max() ?? 0) * (1 + Self.error))
    }

    /// Tokens that are worth as much as `tokens`, of which `distinct` are different: reading again
    /// is worth less each time, and after some fifteen times nothing. Source: Muennighoff et al.,
    /// "Scaling Data-Constrained Language Models", 2023, equation 5 with R* = 15.39.
    static func worth(of tokens: Double, distinct: Double) -> Double {
        guard distinct > 0, tokens > distinct else { return tokens }
        let (repeats, decay) = (tokens / distinct - 1, 15.39)
        return distinct * (1 + decay * (1 - exp(-repeats / decay)))
    }
}
