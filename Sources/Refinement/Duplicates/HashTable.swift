/// A table of the 128-bit hashes that were seen, and where first, in bounded memory.
///
/// Open addressing with linear probing; three words an entry. The hashes are uniform already.
struct HashTable {
    /// The result of ``insert(_:_:_:)``.
    enum Outcome: Equatable {
        case inserted
        /// The hash was there, with this value.
        case found(UInt64)
        /// The hash is not there, and there is no memory for it.
        case full
    }

    private let byteCount: Int
    /// For each slot the hash and the value plus 1, or three zeros. Its count is 3 · 2^n.
    private var slots: [UInt64]
    private var count = 0

    private static let entryByteCount = 24

    /// An empty table that takes at most `byteCount` bytes, of which growing needs half at the end.
    init(byteCount: Int) {
        self.byteCount = byteCount
        slots = Array(repeating: 0, count: 3 * 16)
    }

    private var slotCount: Int { slots.count / 3 }

    /// Looks for the hash (`high`, `low`), and keeps `value`, below 2^64 − 1, for it if it is not
    /// there. O(1) on average.
    mutating func insert(_ high: UInt64, _ low: UInt64, _ value: UInt64) -> Outcome {
        var slot = find(high, low)
        if slots[slot + 2] != 0 { return .found(slots[slot + 2] - 1) }
        if 4 * (count + 1) > 3 * slotCount {
            // While it grows there are the old table and the new one.
            guard 3 * slotCount * Self.entryByteCount <= byteCount else { return .full }
            grow()
            slot = find(high, low)
        }
        (slots[slot], slots[slot + 1], slots[slot + 2]) = (high, low, value + 1)
        count += 1
        return .inserted
    }

    /// The slot where the hash is, or would be.
    private func find(_ high: UInt64, _ low: UInt64) -> Int {
        let mask = slotCount - 1
        var index = Int(truncatingIfNeeded: low) & mask
        while slots[3 * index + 2] != 0 {
            if slots[3 * index] == high, slots[3 * index + 1] == low { break }
            index = (index + 1) & mask
        }
        return 3 * index
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: 0, count: 2 * old.count)
        for place in stride(from: 0, to: old.count, by: 3) where old[place + 2] != 0 {
            let slot = find(old[place], old[place + 1])
            for word in 0..<3 { slots[slot + word] = old[place + word] }
        }
    }
}
