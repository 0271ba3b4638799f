import Foundation

/// The loss that a longer training will end with, from two short ones of the same model and text.
///
/// Bits per byte after D tokens are taken to fall as B = E + A·(D + D₀)^−β, the form of Hoffmann
/// et al., "Training Compute-Optimal Large Language Models", 2022, section D.3, for one model.
/// D₀ stands for the beginning, in which the rates rise and a model learns how often each token
/// occurs. With β and D₀ given, two trainings say E and A; but they are short and close together,
/// and an error of one hundredth in either is one of several in E. So the floor is a mean of that
/// one and of the floor that models of this size have had: what is above it after 204,800 tokens
/// was a third of the loss, and more of it in larger models. β, D₀, that share and the weights of
/// the mean are those that predict best what the default recipe has reached with three sizes on two
/// texts; the article on sweeps has the table.
struct LossLaw {
    /// A training: the tokens that it learned from, and the bits per byte that it ended with.
    struct Point {
        var tokens: Double
        var bits: Double
    }

    /// Expected bits per byte.
    struct Expectation: Codable, Equatable, Sendable {
        /// The value of the law.
        var middle: Double
        /// The range between the floors that are averaged, with the error of the measurement on
        /// either side.
        var low: Double
        var high: Double
    }

    private let last: Point
    /// The floor by the slope between the points, and by what others have had.
    private let floors: (measured: Double, usual: Double)

    private static let exponent = 0.65
    private static let offset = 61_440.0
    /// The share of the loss that is above the floor after as many tokens, for a model of as many
    /// operations a token, and how it grows with their logarithm.
    private static let (usualShare, usualTokens) = (0.34, 204_800.0)
    private static let (usualOperations, shareGrowth) = (8e6, 0.03)
    private static let shares = 0.25...0.45
    /// The weight of the measured floor.
    private static let trust = 0.1
    /// Error of a short training's score, as a share.
    private static let error = 0.02

    private static func height(_ tokens: Double) -> Double { pow(tokens + offset, -exponent) }

    /// The law through two points, the second of more tokens.
    ///
    /// - Parameter operationsPerToken: floating-point operations of training on a token, by which
    ///   the model's size counts.
    init(_ first: Point, _ last: Point, operationsPerToken: Double) {
        let (before, after) = (Self.height(first.tokens), Self.height(last.tokens))
        let slope = (first.bits - last.bits) / (before - after)
        let measured = last.bits - slope * after
        let size = max(operationsPerToken, 1) / Self.usualOperations
        let share = Self.usualShare + Self.shareGrowth * log(size)
        let bounded = min(max(share, Self.shares.lowerBound), Self.shares.upperBound)
        let ratio = bounded / (1 - bounded)
        let usual = last.bits / (1 + ratio * after / Self.height(Self.usualTokens))
        // A loss does not rise with what was learned from, nor fall to nothing.
        floors = (
            measured.isFinite ? min(max(measured, usual / 2), last.bits) : usual, usual
        )
        self.last = last
    }

    /// Bits per byte after `tokens`, none of which is read twice.
    func expectation(tokens: Double) -> Expectation {
        let ratio = Self.height(tokens) / Self.height(last.tokens)
        func bits(_ floor: Double) -> Double { floor + (last.bits - floor) * ratio }
        let floor = Self.trust * floors.measured + (1 - Self.trust) * floors.usual
        let ends = [bits(floors.measured), bits(floors.usual)]
        return Expectation(
            middle: bits(floor), low: (ends.min() ?? 0) * (1 - Self.error),
            high: (ends.max() ?? 0) * (1 + Self.error))
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
