public import Transformer

/// Plan of a run, before its first step.
public struct TrainingPlan: Sendable, Equatable {
    /// Trainable numbers.
    public var parameterCount: Int
    /// Steps in all.
    public var stepCount: Int
    /// Steps done by an earlier run that this one continues.
    public var completedSteps: Int
    /// Changes of the recipe since the steps so far were done.
    public var changes: [RecipeChange]
    /// Places for tokens in a step.
    public var tokensPerStep: Int
    /// Windows of one pass over every source.
    public var windowCount: Int
    /// The share of the places that is not learned from: padding, and what is read again as
    /// context.
    public var unscoredShare: Double
    /// Parts of the memory that is needed.
    public var memory: MemoryPlan
    /// In what matrix products multiply here.
    public var precision: Precision
    /// In what the configuration asks them to.
    public var wantedPrecision: Precision
    /// Measured peak of the processor's matrix units in float32, in floating-point operations a
    /// second over all threads.
    public var matrixPeak: Double
}
