#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The learning rate of each step: a linear rise, then a half cosine down (Loshchilov and Hutter,
/// "SGDR", 2017, without restarts).
public struct LearningRateSchedule: Sendable {
    private let peak: Double
    private let final: Double
    private let warmupSteps: Int
    private let steps: Int

    /// The schedule that `configuration` describes.
    public init(_ configuration: TrainingConfiguration) {
        peak = configuration.learningRate
        final = configuration.learningRate * configuration.finalLearningRateRatio
        warmupSteps = configuration.warmupSteps
        steps = configuration.steps
    }

    /// The learning rate of step `step`, counted from 0; the final one from the last step on.
    public func rate(step: Int) -> Double {
        if step < warmupSteps {
            return peak * Double(step + 1) / Double(warmupSteps)
        }
        guard step < steps - 1, steps - 1 > warmupSteps else { return final }
        let progress = Double(step - warmupSteps) / Double(steps - 1 - warmupSteps)
        return final + (peak - final) * 0.5 * (1 + cos(.pi * progress))
    }
}
