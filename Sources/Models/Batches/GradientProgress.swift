package import Work

/// How far the gradient of a batch is done, for a thread that takes it away part by part while
/// others are still at work on the rest.
///
/// Parameters lie in a buffer from the first layer to the last, and a backward pass goes from the
/// last to the first: what is done is the end of the buffer, from a float on whose number falls to
/// 0. Gradients are sums over sequences, so only the last sequence of each slot of the last wave
/// finishes anything.
///
/// ```swift
/// progress.begin()             // before the batch
/// progress.finish(first..<end) // on another thread: the sums are there, others are at work
/// ```
package final class GradientProgress: @unchecked Sendable {
    // Unchecked, because buffers are shared: a range belongs to the passes until each has told
    // that it is done, and to the thread that finishes it afterwards.
    /// The first float that is done, of each slot of the last wave.
    private let firstDone: Monitor<[Int]>
    private let floatCount: Int
    private let additions: [GradientTree.Addition]
    private let slotGradients: [FloatSlice]
    /// What the slices are of.
    private let buffers: [FloatBuffer]
    private let kernels: Kernels

    /// The progress of batches whose last wave is `wave`.
    ///
    /// - Parameters:
    ///   - slotGradients: the gradients by their numbers in the tree.
    ///   - buffers: what they are parts of.
    init(
        of wave: GradientTree.Wave, _ slotGradients: [FloatSlice], of buffers: [FloatBuffer],
        _ kernels: Kernels
    ) {
        floatCount = slotGradients[0].count
        firstDone = Monitor(Array(repeating: floatCount, count: wave.slots.count))
        additions = wave.additions
        self.slotGradients = slotGradients
        self.buffers = buffers
        self.kernels = kernels
    }

    /// Forgets the batch before; called before anybody waits for the next.
    package func begin() {
        firstDone.withLock { slots in
            for slot in slots.indices { slots[slot] = floatCount }
        }
    }

    /// Takes notice that the floats of a slot of the last wave are done from `first` on.
    func reached(_ first: Int, slot: Int) {
        let hasMoved = firstDone.withLock { slots in
            let before = slots.max() ?? 0
            slots[slot] = min(slots[slot], first)
            return (slots.max() ?? 0) < before
        }
        if hasMoved { firstDone.notifyAll() }
    }

    /// Waits until the floats of a range are done in every slot, and adds those up as the tree
    /// says: the gradients' range is what ``BatchRunner`` leaves there. Each range once, by one
    /// thread at a time. O(range · slots of the wave).
    package func finish(_ range: Range<Int>) {
        firstDone.wait { slots in slots.allSatisfy { $0 <= range.lowerBound } ? () : nil }
        let step = ParameterBlocks.blockCount
        for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
            let block = start..<min(start + step, range.upperBound)
            for addition in additions {
                kernels.add(
                    slotGradients[addition.source][block],
                    to: slotGradients[addition.target][block])
            }
        }
    }
}
