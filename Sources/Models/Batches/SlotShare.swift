/// The slots of a step that one of several processes works on, with their sequences.
///
/// A process has a whole subtree of the ``GradientTree`` over all slots: 2^k neighbours from a
/// multiple of 2^k on, or fewer behind which there are no more. What it sums by itself is then a
/// part of that tree, and the rest of it is a tree over the processes, so that the sum is the same
/// for any number of them. No process is left without a slot.
package struct SlotShare: Equatable, Sendable {
    /// The slots.
    package let slots: Range<Int>
    /// Their sequences among all of the step.
    package let sequences: Range<Int>

    /// The share of process `rank` of `count`; nil where so many cannot have whole subtrees.
    package init?(rank: Int, of count: Int, slotCount: Int, sequenceCount: Int) {
        guard let width = Self.width(for: count, slotCount) else { return nil }
        slots = rank * width..<min((rank + 1) * width, slotCount)
        let tree = GradientTree(slotCount: slotCount, waveSize: 1)
        sequences =
            tree.sequences(ofSlot: slots.lowerBound, of: sequenceCount)
            .lowerBound..<tree.sequences(ofSlot: slots.upperBound - 1, of: sequenceCount).upperBound
    }

    /// Slots of a subtree where `count` processes have one each; nil where they cannot.
    private static func width(for count: Int, _ slotCount: Int) -> Int? {
        var width = 1
        while (slotCount + width - 1) / width > count { width *= 2 }
        return (slotCount + width - 1) / width == count ? width : nil
    }

    /// The numbers of processes that can share so many slots, ascending.
    package static func counts(forSlots slotCount: Int) -> [Int] {
        (1...slotCount).filter { width(for: $0, slotCount) != nil }
    }
}
