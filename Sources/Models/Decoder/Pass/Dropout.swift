import CKernels
import Work

/// Dropout in one batch: which numbers are dropped follows from the seed, the number of the
/// sequence in the run, the layer and the place, and from nothing else.
///
/// Numbers are dropped where GPT-2 does it: from the embeddings, from the weights of attention, and
/// from what each part of a block adds to the residual stream. Those that stay are divided by the
/// share that stays, so that the expected value does not change. Srivastava and others,
/// <https://jmlr.org/papers/v15/srivastava14a.html>.
public struct Dropout: Sendable {
    /// The share of numbers that are dropped, from 0 to below 1.
    public let rate: Double
    /// Seed that the choices follow from.
    public let seed: UInt64
    /// The number that the batch's first sequence has among all sequences of the run.
    public let firstSequence: Int

    /// Dropout of `rate` in a batch whose first sequence is number `firstSequence` of the run.
    public init(rate: Double, seed: UInt64, firstSequence: Int) {
        precondition(rate >= 0 && rate < 1, "a rate of \(rate) drops everything or nothing at all")
        precondition(firstSequence >= 0, "sequences are counted from 0")
        self.rate = rate
        self.seed = seed
        self.firstSequence = firstSequence
    }

    /// The dropout of a sequence of the batch.
    func stream(ofSequence index: Int) -> Stream {
        let number = UInt64(firstSequence + index)
        // The seed goes through a generator, so that seeds that are close share no keys.
        var generator = RandomGenerator(seed: seed &+ number >> 32)
        let key = generator.next()
        return Stream(rate: rate, key: key, sequence: UInt32(truncatingIfNeeded: number))
    }

    /// Places in the model where numbers are dropped.
    enum Place {
        case embedding
        case attention(layer: Int, head: Int)
        case attentionOutput(layer: Int)
        case feedForward(layer: Int)
        /// What a recurrent layer reads of the one below.
        case layerInput(layer: Int)
    }

    /// The masks of one sequence.
    struct Stream {
        let rate: Double
        let key: UInt64
        let sequence: UInt32

        /// The mask at a place of a model with `heads` heads in a layer.
        func mask(_ place: Place, heads: Int) -> qk_dropout {
            let number =
                switch place {
                case .embedding: 0
                case .attentionOutput(let layer): 1 + layer * (heads + 2)
                case .feedForward(let layer): 2 + layer * (heads + 2)
                case .attention(let layer, let head): 3 + layer * (heads + 2) + head
                case .layerInput(let layer): layer
                }
            return qk_dropout(
                key: (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32)),
                counter: (UInt32(truncatingIfNeeded: number), sequence),
                threshold: UInt32(rate * 0x1p32), scale: Float(1 / (1 - rate)))
        }
    }
}
