public import Work

/// A family's way through batches, forward and backward, on a team of threads.
///
/// It owns activations and scratch, sized once. What it computes for a sequence depends neither on
/// the number of threads nor on what is computed beside it.
public protocol BatchPass: AnyObject {
    /// Bytes that it holds.
    var memory: BatchPassMemory { get }

    /// Lays the weights out as products read them, after they changed.
    func refresh()

    /// Writes the losses of the first `count` sequences, forward only.
    func computeLosses(ofSequences count: Int, of batch: BatchInput)

    /// Writes the losses of the sequences of some slots, and sets the slots' gradients to those of
    /// `scale` times the sum of a slot's losses. Where the batch carries states, each sequence
    /// begins with its own and leaves the one that it ends with; gradients end at the beginning.
    ///
    /// Where the batch has a `progress`, the pass may tell it, slot by slot, from which float on a
    /// slot's gradient is done, before all of it is.
    func computeGradients(of slots: [BatchSlot], of batch: BatchInput, scale: Float)
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
