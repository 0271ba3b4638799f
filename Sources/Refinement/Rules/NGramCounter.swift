import Bytes

/// A table of the runs of words in a text, by their hashes, which is cleared in no time.
struct NGramCounter {
    private struct Slot {
        var hash: UInt64 = 0
        /// The pass in which the slot was filled.
        var pass: UInt32 = 0
        var count: UInt32 = 0
        /// The first word of the first such run.
        var first = 0
    }

    private var slots: [Slot] = []
    private var pass: UInt32 = 0
    private var filledCount = 0

    /// Makes the table empty, with room for `count` runs.
    mutating func clear(for count: Int) {
        let capacity = powerOfTwo(atLeast: max(64, 2 * count))
        if slots.count < capacity || pass == .max {
            slots = Array(repeating: Slot(), count: max(capacity, slots.count))
            pass = 0
        }
        pass += 1
        filledCount = 0
    }

    /// Adds a run, and gives how often it has stood in the text and where it stood first.
    @inline(__always)
    mutating func add(_ hash: UInt64, at word: Int) -> (count: Int, first: Int) {
        let place = place(of: hash)
        if slots[place].pass == pass {
            slots[place].count += 1
            return (Int(slots[place].count), slots[place].first)
        }
        slots[place] = Slot(hash: hash, pass: pass, count: 1, first: word)
        filledCount += 1
        if 4 * filledCount > 3 * slots.count { grow() }
        return (1, word)
    }

    /// Twice the room, for what is in the table.
    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: 2 * old.count)
        for slot in old where slot.pass == pass { slots[place(of: slot.hash)] = slot }
    }

    /// The slot of a run that is in the table, or the one that it would get.
    @inline(__always)
    private func place(of hash: UInt64) -> Int {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: foldedProduct(hash, 0xE703_7ED1_A0B4_28DB)) & mask
        while slots[place].pass == pass, slots[place].hash != hash { place = (place + 1) & mask }
        return place
    }
}
