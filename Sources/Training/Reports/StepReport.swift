/// One optimizer step.
public struct StepReport: Sendable, Equatable {
    /// The step's number, counted from 1.
    public var step: Int
    /// The mean loss of its predictions, in nats.
    public var loss: Double
    /// The learning rate it used.
    public var learningRate: Double
    /// The gradient's global norm before clipping.
    public var gradientNorm: Double
    /// Tokens learned from since the run's very first step.
    public var tokenCount: Int
    /// Time that it took.
    public var seconds: Double
    /// Tokens a second.
    public var tokensPerSecond: Double
    /// The arithmetic of the model's matrix products a second, as a share of the matrix peak.
    public var matrixPeakShare: Double
}
