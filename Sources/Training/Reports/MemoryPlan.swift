public import Models
import Processes
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
    /// The program itself, with its libraries and its threads' stacks, and the pages of files that
    /// it reads at a time: of shards, and of a checkpoint whose bytes are compared. Measured.
    public var program: Int

    /// All of it.
    public var total: Int { allocated + program }

    /// What training allocates.
    var allocated: Int { parameters + gradients + optimizer + activations + batches }

    /// Bytes of a file's pages that are in memory at a time.
    static let pageByteCount = 8 << 20
    /// Bytes of the program and its libraries, as x86-64 Linux counts them.
    package static let programByteCount = 48 << 20
    /// Bytes of a thread's stack and of what its allocator keeps.
    package static let threadByteCount = 2 << 20

    /// Memory for training a model of this shape, before anything of it is allocated.
    ///
    /// - Parameters:
    ///   - shape: the model's shape with its vocabulary size, which must be valid.
    ///   - configuration: the recipe.
    ///   - threadCount: threads, each of which has activations of its own.
    ///   - dataByteCount: bytes of the shards that are learned from; nil for many.
    public init(
        shape: any ModelShape, configuration: TrainingConfiguration, threadCount: Int,
        dataByteCount: Int? = nil
    ) {
        self.init(
            shape: shape, configuration: configuration, threadCount: threadCount,
            dataByteCount: dataByteCount, slots: nil, optimizer: nil)
    }

    /// Memory of one of several processes.
    ///
    /// - Parameters:
    ///   - slots: the slots that it works on; nil for all.
    ///   - optimizer: what it steps; nil for everything.
    ///   - count: processes.
    init(
        shape: any ModelShape, configuration: TrainingConfiguration, threadCount: Int,
        dataByteCount: Int?, slots: SlotShare?, optimizer share: OptimizerShare?, of count: Int = 1
    ) {
        let layout = shape.layout
        let runner = BatchRunner.memory(
            of: shape, batchSize: slots?.sequences.count ?? configuration.windowsPerStep,
            contextLength: shape.positionCount, threadCount: threadCount,
            slotCount: slots?.slots.count ?? configuration.slotCount,
            carriesState: configuration.carriesState,
            kernels: .best(configuration.precision))
        parameters = 4 * layout.floatCount + runner.panels
        gradients = runner.gradients
        if let share {
            gradients += share.division.scratchByteCount(as: configuration.wire ?? .float32)
        }
        optimizer = Optimizer.byteCount(
            configuration, layout: layout, threadCount: threadCount, share: share)
        if configuration.localSteps != nil {
            optimizer += OuterStep.byteCount(
                ofFloats: layout.floatCount, count: count, as: configuration.wire ?? .float32)
        }
        activations = runner.activations
        batches = runner.batches
        program =
            Self.programByteCount + threadCount * Self.threadByteCount
            + min(Self.pageByteCount, dataByteCount ?? Self.pageByteCount)
            + min(Self.pageByteCount, 4 * layout.floatCount)
    }

    /// Refuses what is too much.
    ///
    /// - Parameter limit: bytes that may be needed; nil for what the machine has to give.
    func check(limit: Int?) throws(TrainingError) {
        // The program is there already, and has its share of what the machine had to give.
        let available = limit ?? AvailableMemory.byteCount
        guard (limit == nil ? allocated : total) <= available else {
            throw .tooLittleMemory(needed: self, available: available)
        }
    }
}
