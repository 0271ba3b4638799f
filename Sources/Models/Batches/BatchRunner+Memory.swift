import Work

extension BatchRunner {
    /// Memory of a runner, in bytes.
    public struct Memory: Equatable, Sendable {
        /// The weights as products read them.
        public var panels: Int
        /// The gradients of slots and their sum.
        public var gradients: Int
        /// Activations that the threads' passes keep and work with.
        public var activations: Int
        /// Tokens, targets, documents' starts, losses and carried states.
        public var batches: Int

        /// All of it.
        public var total: Int { panels + gradients + activations + batches }
    }

    /// Memory of a runner of these numbers, before anything of it is allocated.
    ///
    /// - Parameters:
    ///   - shape: the model's shape, which must be valid.
    ///   - batchSize: sequences of a batch.
    ///   - contextLength: tokens of a sequence.
    ///   - threadCount: threads of the team.
    ///   - slotCount: as for the runner itself.
    ///   - carriesState: as for the runner itself.
    ///   - level: which kernels run.
    public static func memory(
        of shape: any ModelShape, batchSize: Int, contextLength: Int, threadCount: Int,
        slotCount: Int? = nil, carriesState: Bool = false, kernels level: KernelLevel = .best
    ) -> Memory {
        let plan = plan(
            batchSize: batchSize, contextLength: contextLength, slotCount: slotCount,
            threadCount: threadCount, level)
        let tree = plan.tree(joinsSlots: type(of: shape).joinsSlots)
        return Memory(
            plan, shape.passMemory(plan), gradients: 4 * shape.layout.floatCount * tree.bufferCount,
            stateCount: carriesState ? shape.carriedStateCount : 0)
    }

    /// Throws ``ModelError/tooLittleMemory(_:)`` unless there is memory for a runner of these
    /// numbers.
    ///
    /// - Parameters:
    ///   - shape: the model's shape, which must be valid.
    ///   - batchSize: sequences of a batch.
    ///   - contextLength: tokens of a sequence.
    ///   - threadCount: threads of the team.
    public static func checkMemory(
        of shape: any ModelShape, batchSize: Int, contextLength: Int, threadCount: Int
    ) throws(ModelError) {
        let memory = memory(
            of: shape, batchSize: batchSize, contextLength: contextLength, threadCount: threadCount)
        do {
            // Gradients are not written where nothing is learned.
            try AvailableMemory.require(
                memory.total - memory.gradients, for: "scoring \(batchSize) windows at once",
                advice: "choose a smaller batch_size")
        } catch {
            throw .tooLittleMemory(error)
        }
    }

    /// Bytes of gradients, activations and scratch.
    public var byteCount: Int { memory.total }

    /// Memory of the runner.
    public var memory: Memory {
        Memory(
            plan, pass.memory, gradients: 4 * gradients.count * slotGradients.count,
            stateCount: (carriedState?.count ?? 0) / batchSize)
    }
}

extension BatchRunner.Memory {
    fileprivate init(
        _ plan: BatchPlan, _ pass: BatchPassMemory, gradients: Int, stateCount: Int
    ) {
        self.init(
            panels: pass.panels, gradients: gradients, activations: pass.activations,
            batches: BatchInput.byteCount(
                batchSize: plan.batchSize, contextLength: plan.contextLength,
                stateCount: stateCount))
    }
}
