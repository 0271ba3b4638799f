import Testing
import Work

@testable import Models

@Suite struct SlotShareTests {
    @Test func `eight slots are for 1, 2, 4 or 8 processes`() {
        #expect(SlotShare.counts(forSlots: 8) == [1, 2, 4, 8])
        #expect(SlotShare.counts(forSlots: 6) == [1, 2, 3, 6])
        #expect(SlotShare.counts(forSlots: 1) == [1])
        #expect(SlotShare(rank: 0, of: 3, slotCount: 8, sequenceCount: 8) == nil)
    }

    /// Every count of slots, sequences and processes up to some: the shares are neighbours, cover
    /// all, and each divides its sequences as the whole does.
    @Test func `shares divide as the whole does`() throws {
        for slotCount in 1...17 {
            for sequenceCount in slotCount...slotCount + 19 {
                let whole = GradientTree(slotCount: slotCount, waveSize: 1)
                for count in SlotShare.counts(forSlots: slotCount) {
                    var (slot, sequence) = (0, 0)
                    for rank in 0..<count {
                        let share = try #require(
                            SlotShare(
                                rank: rank, of: count, slotCount: slotCount,
                                sequenceCount: sequenceCount))
                        #expect(share.slots.lowerBound == slot && !share.slots.isEmpty)
                        #expect(share.sequences.lowerBound == sequence)
                        let own = GradientTree(slotCount: share.slots.count, waveSize: 1)
                        for number in share.slots {
                            let inside = own.sequences(
                                ofSlot: number - slot, of: share.sequences.count)
                            let outside = whole.sequences(ofSlot: number, of: sequenceCount)
                            #expect(
                                inside.lowerBound + sequence == outside.lowerBound
                                    && inside.count == outside.count)
                        }
                        (slot, sequence) = (share.slots.upperBound, share.sequences.upperBound)
                    }
                    #expect(slot == slotCount && sequence == sequenceCount)
                }
            }
        }
    }

    /// Floats whose sum differs with the order, summed by the whole tree and by shares.
    @Test func `the trees of shares are parts of the tree`() throws {
        var generator = RandomGenerator(seed: 3)
        for slotCount in 1...16 {
            let values = (0..<slotCount).map { _ in Float(generator.normal()) }
            let whole = sum(values)
            for count in SlotShare.counts(forSlots: slotCount) {
                let parts = try (0..<count).map { rank in
                    let share = try #require(
                        SlotShare(
                            rank: rank, of: count, slotCount: slotCount, sequenceCount: slotCount))
                    return sum(Array(values[share.slots]))
                }
                #expect(sum(parts).bitPattern == whole.bitPattern)
            }
        }
    }

    private func sum(_ values: [Float]) -> Float {
        let tree = GradientTree(slotCount: values.count, waveSize: 4)
        var buffers = [Float](repeating: 0, count: tree.bufferCount)
        for wave in tree.waves {
            for (place, slot) in wave.slots.enumerated() {
                buffers[wave.firstBuffer + place] = values[slot]
            }
            for addition in wave.additions { buffers[addition.target] += buffers[addition.source] }
        }
        return buffers[0]
    }
}
