/// What a run needs memory for, in bytes.
public struct MemoryPlan: Sendable, Equatable {
    /// The parameters, and the panels of them that products read.
    public var parameters: Int
    /// The gradients of the slots and their sum.
    public var gradients: Int
    /// The optimizer's moments and scratch.
    public var optimizer: Int
    /// What the threads' passes keep and work with.
    public var activations: Int
    /// Tokens, targets and losses.
    public var batches: Int

    /// All of it.
    public var total: Int { parameters + gradients + optimizer + activations + batches }
}
