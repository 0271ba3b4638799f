/// A part of a training step, as `StepProfile` tells them apart.
public enum StepPart: Int, CaseIterable, Sendable {
    /// Tokens and positions become vectors.
    case embedding
    /// Attention with its norm and its projections, in all blocks.
    case attentionForward
    /// The feed-forward part with its norm, in all blocks.
    case feedForwardForward
    /// The last norm, the logits, the loss, and their gradients.
    case head
    /// The gradients of the feed-forward parts.
    case feedForwardBackward
    /// The gradients of attention.
    case attentionBackward
    /// The gradients of the vectors of tokens and positions.
    case embeddingBackward
    /// Threads that had no sequence left while others still worked.
    case idle
    /// Laying the weights out as products read them.
    case packing
    /// Clearing the gradients of slots and summing them.
    case gradientSum
    /// The gradient's norm and the optimizer's step.
    case optimizer
    /// Waiting for the next batch.
    case dataWait
}
