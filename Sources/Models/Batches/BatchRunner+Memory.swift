extension BatchRunner {
    /// Memory of a runner, in bytes.
    public struct Memory: Equatable, Sendable {
        /// The weights as products read them.
        public var panels: Int
        /// The gradients of slots and their sum.
        public var gradients: Int
        /// Activations that the threads' passes keep and work with.
        public var activations: Int
        /// Tokens, targets, documents' starts and losses.
        public var batches: Int

        /// All of it.
        public var total: Int { panels + gradients + activations + batches }
    }

    /// Memory of a runner of these numbers, before anything of it is allocated.
    ///
    /// - Parameters:
    ///   - configuration: the model's shape, which must be valid.
    ///   - batchSize: sequences of a batch.
    ///   - contextLength: tokens of a sequence.
    ///   - threadCount: threads of the team.
    ///   - slotCount: as for the runner itself.
    ///   - level: which kernels run.
    public static func memory(
        of configuration: GPTConfiguration, batchSize: Int, contextLength: Int, threadCount: Int,
        slotCount: Int? = nil, kernels level: KernelLevel = .best
    ) -> Memory {
        let layout = ParameterLayout(configuration)
        let tree = tree(slotCount: slotCount, batchSize: batchSize, threadCount: threadCount)
        let isShared = sharesSequences(slotCount: tree.slotCount, threadCount: threadCount)
        let pass = SequencePass.Shape(
            configuration, length: contextLength, level: level, keepsAll: true,
            threadCount: isShared ? threadCount : 1)
        return Memory(
            panels: 4 * PackedWeights.floatCount(configuration, layout, Kernels(level)),
            gradients: 4 * layout.floatCount * tree.bufferCount,
            activations: 4 * pass.floatCount * (isShared ? 1 : threadCount),
            batches: 4 * 4 * batchSize * contextLength)
    }
}
