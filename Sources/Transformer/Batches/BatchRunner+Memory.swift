extension BatchRunner {
    /// What a runner holds, in bytes.
    public struct Memory: Equatable, Sendable {
        /// The weights as products read them.
        public var panels: Int
        /// The gradients of slots and their sum.
        public var gradients: Int
        /// What the threads' passes keep and work with.
        public var activations: Int
        /// Tokens, targets, documents' starts and losses.
        public var batches: Int

        /// All of it.
        public var total: Int { panels + gradients + activations + batches }
    }

    /// What a runner of these numbers will hold, before anything of it is allocated.
    ///
    /// - Parameters:
    ///   - configuration: the model's shape, which must be valid.
    ///   - batchSize: sequences of a batch.
    ///   - contextLength: tokens of a sequence.
    ///   - threadCount: threads of the team.
    ///   - sequencesPerSlot: as for the runner itself.
    ///   - level: which kernels run.
    public static func memory(
        of configuration: GPTConfiguration, batchSize: Int, contextLength: Int, threadCount: Int,
        sequencesPerSlot: Int? = nil, kernels level: KernelLevel = .best
    ) -> Memory {
        let layout = ParameterLayout(configuration)
        let kernels = Kernels(level)
        let slots = batchSize / (sequencesPerSlot ?? defaultSequencesPerSlot(batchSize))
        let isShared = sharesSequences(slotCount: slots, threadCount: threadCount)
        let pass = SequencePass.Shape(
            configuration, length: contextLength, level: level, keepsAll: true,
            threadCount: isShared ? threadCount : 1)
        return Memory(
            panels: 4 * PackedWeights.floatCount(configuration, layout, kernels),
            gradients: 4 * layout.floatCount
                * (1 + slotGradientCount(batchSize: batchSize, slotCount: slots)),
            activations: 4 * pass.floatCount * (isShared ? 1 : min(threadCount, batchSize)),
            batches: 4 * 4 * batchSize * contextLength)
    }
}
