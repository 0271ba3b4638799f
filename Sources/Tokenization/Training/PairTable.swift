/// Every pair of neighbours that has been met: its number, its count, and the pieces that hold it.
struct PairTable {
    /// The pairs: left id in the upper half, right id in the lower.
    private(set) var keys: [UInt64] = []

    /// How often each pair occurs now.
    var counts: [UInt64] = []

    /// The piece in which each pair was met last, so that a piece is listed once.
    var lastPieces: [UInt32] = []

    /// Where each pair's list begins in ``places``, −1 before it has one, and its length.
    var starts: [Int] = []

    /// How many pieces each pair's list has.
    var sizes: [UInt32] = []

    /// The lists of all pairs, one after another.
    var places: [UInt32] = []

    /// Numbers of pairs, `UInt32.max` where a slot is empty; a power of two of them.
    private var slots: [UInt32] = Array(repeating: .max, count: 1 << 12)

    private func slot(of key: UInt64) -> Int {
        Int(truncatingIfNeeded: foldedProduct(key, 0x9E37_79B9_7F4A_7C15)) & (slots.count - 1)
    }

    /// The number of a pair; `nil` if it has not been met.
    func find(_ key: UInt64) -> Int? {
        var slot = slot(of: key)
        while slots[slot] != .max {
            let number = Int(slots[slot])
            if keys[number] == key { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The number of a pair, a new one if it has not been met.
    mutating func number(of key: UInt64) -> Int {
        var slot = slot(of: key)
        while slots[slot] != .max {
            let number = Int(slots[slot])
            if keys[number] == key { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        precondition(keys.count < Int(UInt32.max), "more than 2³² pairs")
        let number = keys.count
        slots[slot] = UInt32(number)
        keys.append(key)
        counts.append(0)
        lastPieces.append(.max)
        starts.append(-1)
        sizes.append(0)
        if keys.count * 2 > slots.count { grow() }
        return number
    }

    /// The places in ``places`` that list the pieces of a pair.
    func occurrences(of pair: Int) -> Range<Int> {
        starts[pair]..<starts[pair] + Int(sizes[pair])
    }

    private mutating func grow() {
        slots = Array(repeating: .max, count: slots.count * 4)
        for (number, key) in keys.enumerated() {
            var slot = slot(of: key)
            while slots[slot] != .max { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(number)
        }
    }
}
