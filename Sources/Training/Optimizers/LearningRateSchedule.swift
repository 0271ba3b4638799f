#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The learning rate of each step as a share of its highest: a linear rise, then a shape.
public struct LearningRateSchedule: Sendable {
    /// Shape of the schedule after the rise.
    public enum Shape: String, Codable, Sendable, CaseIterable {
        /// The highest rate to the end.
        case constant
        /// A straight line to the final rate.
        case linear
        /// Half a cosine to the final rate (Loshchilov and Hutter, "SGDR", 2017, without restarts).
        case cosine
        /// Warm-up, stable, decay: the highest rate, and over the last steps a straight line to the
        /// final rate (Hu et al., "MiniCPM", 2024). A run can be prolonged from before its decay.
        case wsd
    }

    private let shape: Shape
    private let final: Double
    private let warmupSteps: Int
    /// The last step at the highest rate.
    private let decayStart: Int
    private let lastStep: Int

    /// The schedule that `configuration` describes.
    public init(_ configuration: TrainingConfiguration) {
        shape = configuration.schedule
        final = shape == .constant ? 1 : configuration.finalLearningRateRatio
        warmupSteps = configuration.warmupSteps
        lastStep = configuration.steps - 1
        let decaySteps =
            shape == .wsd
            ? Int((Double(configuration.steps) * configuration.decayFraction).rounded())
            : configuration.steps
        decayStart = max(warmupSteps, lastStep - decaySteps)
    }

    /// The share of step `step`, counted from 0; the final one from the last step on.
    public func factor(step: Int) -> Double {
        if step < warmupSteps { return Double(step + 1) / Double(warmupSteps) }
        // A run of one step has no fall, only its step.
        if step <= decayStart, step < max(lastStep, 1) { return 1 }
        guard step < lastStep else { return final }
        let progress = Double(step - decayStart) / Double(lastStep - decayStart)
        let fall = shape == .cosine ? 0.5 * (1 + cos(.pi * progress)) : 1 - progress
        return final + (1 - final) * fall
    }
}
