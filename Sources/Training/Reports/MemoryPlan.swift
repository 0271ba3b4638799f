public import Models
import Work

/// Memory that a run needs, in bytes.
public struct MemoryPlan: Encodable, Sendable, Equatable {
    /// The parameters, and their panels as products read them.
    public var parameters: Int
    /// The gradients of the slots and their sum.
    public var gradients: Int
    /// The optimizer's moments and scratch.
    public var optimizer: Int
    /// Activations that the threads' passes keep and work with.
    public var activations: Int
    /// Tokens, targets and losses.
    public var batches: Int

    /// All of it.
    public var total: Int { parameters + gradients + optimizer + activations + batches }

    /// Memory for training a model of this shape, before anything of it is allocated.
    ///
    /// - Parameters:
    ///   - shape: the model's shape with its vocabulary size, which must be valid.
    ///   - configuration: the recipe.
    ///   - threadCount: threads, each of which has activations of its own.
    public init(
        shape: any ModelShape, configuration: TrainingConfiguration, threadCount: Int
    ) {
        let layout = shape.layout
        let runner = BatchRunner.memory(
            of: shape, batchSize: configuration.windowsPerStep,
            contextLength: shape.positionCount, threadCount: threadCount,
            slotCount: configuration.slotCount, carriesState: configuration.carriesState,
            kernels: .best(configuration.precision))
        parameters = 4 * layout.floatCount + runner.panels
        gradients = runner.gradients
        optimizer = Optimizer.byteCount(configuration, layout: layout, threadCount: threadCount)
        activations = runner.activations
        batches = runner.batches
    }

    /// Refuses what is too much.
    ///
    /// - Parameter limit: bytes that may be needed; nil for what the machine has to give.
    func check(limit: Int?) throws(TrainingError) {
        let available = limit ?? AvailableMemory.byteCount
        guard total <= available else {
            throw .tooLittleMemory(needed: self, available: available)
        }
    }
}
