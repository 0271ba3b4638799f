public import Work

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

/// Memory of a pass over batches, in bytes.
public struct BatchPassMemory: Equatable, Sendable {
    /// The weights as products read them.
    public var panels: Int
    /// Activations and scratch.
    public var activations: Int

    /// So many bytes.
    public init(panels: Int, activations: Int) {
        self.panels = panels
        self.activations = activations
    }
}

/// What a pass over batches is made for: its sizes, its threads, and where gradients go.
public struct BatchRoom {
    /// Sizes of the batches.
    public let plan: BatchPlan
    /// The threads.
    public let team: ThreadTeam
    /// The gradients of slots, by their numbers in the tree, laid out as the parameters.
    let gradients: [FloatSlice]
}

/// A slot of a batch, whose gradient a pass computes.
public struct BatchSlot: Equatable, Sendable {
    /// Its sequences in the batch.
    public let sequences: Range<Int>
    /// The number of the buffer that its gradient goes to.
    public let gradient: Int
}
