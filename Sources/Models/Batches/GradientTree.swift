/// The binary tree over slot numbers by which the gradients of a step are summed.
///
/// A floating-point sum depends on its order, so the order is fixed by the slots' numbers alone:
/// ((0+1)+(2+3))+((4+5)+(6+7)), the tree being padded to a power of two with nothing. 2^k
/// neighbouring slots from a multiple of 2^k on are a subtree, which one thread or one process can
/// sum by itself.
///
/// Slots are worked on in waves of neighbours. The sums of finished waves wait on a stack and are
/// added as the digits of a binary counter are carried, so that few gradients exist at once: one
/// for each slot of a wave, and one for each 1 among the binary digits of the wave's number.
struct GradientTree {
    /// Adds one buffer to another.
    struct Addition: Equatable {
        let source: Int
        let target: Int
    }

    /// Slots that are worked on at once, each into a buffer of its own, and what is added
    /// afterwards.
    struct Wave {
        let slots: Range<Int>
        /// The buffer of its first slot; those of the others follow.
        let firstBuffer: Int
        /// In the order in which they are to be made.
        let additions: [Addition]
    }

    let slotCount: Int
    let waves: [Wave]
    /// Buffers in all. After the last wave the sum of all slots is in buffer 0.
    let bufferCount: Int

    /// The tree of `slotCount` slots in waves of `waveSize`, which is a power of two or holds all
    /// of them. The sum does not depend on it. O(slots).
    init(slotCount: Int, waveSize: Int) {
        precondition(
            slotCount > 0 && waveSize > 0
                && (waveSize >= slotCount || waveSize.nonzeroBitCount == 1),
            "a wave of \(waveSize) slots is no subtree of \(slotCount)")
        self.slotCount = slotCount
        var waves: [Wave] = []
        var (waiting, bufferCount) = (0, 0)
        for start in stride(from: 0, to: slotCount, by: waveSize) {
            let slots = start..<min(start + waveSize, slotCount)
            bufferCount = max(bufferCount, waiting + slots.count)
            // No padding stands behind the last wave, so its sum is carried all the way.
            let isLast = slots.upperBound == slotCount
            let carries = isLast ? waiting : (~waves.count).trailingZeroBitCount
            waves.append(
                Wave(
                    slots: slots, firstBuffer: waiting,
                    additions: Self.additions(within: slots.count, from: waiting)
                        + (0..<carries).map {
                            Addition(source: waiting - $0, target: waiting - $0 - 1)
                        }))
            waiting += 1 - carries
        }
        self.waves = waves
        self.bufferCount = bufferCount
    }

    /// The tree over `count` buffers from `first` on, whose sum ends in the first.
    private static func additions(within count: Int, from first: Int) -> [Addition] {
        var additions: [Addition] = []
        var distance = 1
        while distance < count {
            for place in stride(from: 0, to: count - distance, by: 2 * distance) {
                additions.append(
                    Addition(source: first + place + distance, target: first + place))
            }
            distance *= 2
        }
        return additions
    }

    /// The sequences of a slot: neighbours, as many in each slot or one more in the first of them.
    func sequences(ofSlot slot: Int, of sequenceCount: Int) -> Range<Int> {
        let (size, larger) = sequenceCount.quotientAndRemainder(dividingBy: slotCount)
        let start = slot * size + min(slot, larger)
        return start..<start + size + (slot < larger ? 1 : 0)
    }
}
