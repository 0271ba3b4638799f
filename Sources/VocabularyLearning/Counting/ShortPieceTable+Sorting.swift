import Bytes

extension ShortPieceTable {
    /// Sorts the pieces by their bytes, in place: they come to the front, and the table can no
    /// longer be asked or added to. O(count · length). Returns the sorted pieces.
    mutating func sortForReading() -> BufferView<Slot> {
        let slots = slots
        var used = 0
        for index in 0..<slots.count where !slots[index].isEmpty {
            slots[used] = slots[index]
            used += 1
        }
        let sorted = slots.slice(from: 0, to: used)
        Self.sort(sorted, from: 0, to: used, byte: 0)
        return sorted
    }

    /// Sorts by the bytes from number `byte` on, those before being equal, by exchange in place
    /// ("American flag sort"): how often each byte occurs says where its pieces belong. Source:
    /// McIlroy, Bostic and McIlroy, "Engineering Radix Sort", Computing Systems 6 (1993).
    private static func sort(_ slots: BufferView<Slot>, from start: Int, to end: Int, byte: Int) {
        guard end - start > 24, byte < 16 else {
            insertionSort(slots, from: start, to: end)
            return
        }
        var ends = [Int](repeating: 0, count: 256)
        for index in start..<end { ends[slots[index].byte(byte)] += 1 }
        var next = start
        for value in 0..<256 {
            next += ends[value]
            ends[value] = next
        }
        var starts = [start] + ends.dropLast()
        let bounds = starts
        for value in 0..<256 {
            while starts[value] < ends[value] {
                var slot = slots[starts[value]]
                // Each exchange brings one piece to its place for good.
                while slot.byte(byte) != value {
                    let other = slot.byte(byte)
                    swap(&slot, with: slots, at: starts[other])
                    starts[other] += 1
                }
                slots[starts[value]] = slot
                starts[value] += 1
            }
        }
        for value in 0..<256 where ends[value] - bounds[value] > 1 {
            sort(slots, from: bounds[value], to: ends[value], byte: byte + 1)
        }
    }

    private static func swap(_ slot: inout Slot, with slots: BufferView<Slot>, at index: Int) {
        let other = slots[index]
        slots[index] = slot
        slot = other
    }

    private static func insertionSort(_ slots: BufferView<Slot>, from start: Int, to end: Int) {
        guard end - start > 1 else { return }
        for index in start + 1..<end {
            let slot = slots[index]
            var place = index
            while place > start, slot.precedes(slots[place - 1]) {
                slots[place] = slots[place - 1]
                place -= 1
            }
            slots[place] = slot
        }
    }
}

extension ShortPieceTable.Slot {
    /// A byte of the key; the last is the length, which tells pieces apart that end in zeros.
    @inline(__always)
    fileprivate func byte(_ number: Int) -> Int {
        let word = number < 8 ? low : high
        return Int(truncatingIfNeeded: word &>> UInt64(8 &* (number & 7))) & 0xFF
    }

    @inline(__always)
    fileprivate func precedes(_ other: ShortPieceTable.Slot) -> Bool {
        low == other.low
            ? high.byteSwapped < other.high.byteSwapped : low.byteSwapped < other.low.byteSwapped
    }
}
