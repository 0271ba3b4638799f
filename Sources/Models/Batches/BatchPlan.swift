/// Sizes of batches and of the work on them, from which memory follows.
public struct BatchPlan: Equatable, Sendable {
    /// Sequences in a batch.
    public let batchSize: Int
    /// Tokens in a sequence.
    public let contextLength: Int
    /// Parts that a batch is divided into.
    public let slotCount: Int
    /// Threads of the team.
    public let threadCount: Int
    /// Kernels that run.
    public let level: KernelLevel

    /// Whether there are more threads than slots, so that threads share the work on a slot.
    var sharesSlots: Bool { threadCount > slotCount }

    /// Passes over one sequence at a time: one a thread, or one that the threads share.
    var passCount: Int { sharesSlots ? 1 : threadCount }
    /// Threads that work on one of them.
    var passThreadCount: Int { sharesSlots ? threadCount : 1 }

    /// The share of a batch's sequences that are worked on last, side by side, and whose backward
    /// pass makes the gradients whole.
    ///
    /// - Parameter joinsSlots: whether the slots of a wave are worked on together.
    package func lastShare(joinsSlots: Bool) -> Double {
        let tree = tree(joinsSlots: joinsSlots)
        let last = tree.waves[tree.waves.count - 1].slots
        let count =
            joinsSlots
            ? last.reduce(0) { $0 + tree.sequences(ofSlot: $1, of: batchSize).count }
            : sharesSlots ? 1 : min(threadCount, last.count)
        return Double(count) / Double(batchSize)
    }

    /// Tree in which the gradients of slots are summed. More slots at once than threads keep those
    /// busy when some slots take longer than others; where the slots come one after the other, one
    /// at a time needs the fewest gradients.
    ///
    /// - Parameter joinsSlots: whether the slots of a wave are worked on together.
    func tree(joinsSlots: Bool) -> GradientTree {
        let isSequential = !joinsSlots && (threadCount == 1 || sharesSlots)
        var waveSize = isSequential ? 1 : 4
        while !isSequential, !joinsSlots, waveSize < threadCount { waveSize *= 2 }
        return GradientTree(slotCount: slotCount, waveSize: waveSize)
    }
}
