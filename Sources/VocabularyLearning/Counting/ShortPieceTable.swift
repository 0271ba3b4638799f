import Bytes
import Tokenization

/// Counts of pieces of at most fifteen bytes, almost all there are: a flat table of keys and
/// counts.
///
/// Open addressing over the hash as a fraction of the size, so that the table grows by half and not
/// to twice its size.
struct ShortPieceTable: ~Copyable {
    /// A piece and its count.
    struct Slot: BitwiseCopyable {
        /// The piece as in ``ShortKey``: zero-padded bytes, and the length in the last of them.
        var low: UInt64 = 0
        var high: UInt64 = 0
        var count: UInt64 = 0

        @inline(__always)
        var isEmpty: Bool { high == 0 }

        /// The number of bytes.
        var length: Int { Int(high >> 56) }
    }

    private var buffer: OwnedBuffer<Slot>

    /// Number of pieces.
    private(set) var count = 0

    /// Pieces that fit before the table must grow.
    private var limit: Int

    init(capacity: Int = 8192) {
        buffer = OwnedBuffer(repeating: Slot(), count: capacity)
        limit = Self.limit(capacity)
    }

    /// The slots, in no order; some are empty.
    var slots: BufferView<Slot> { buffer.view }

    /// The memory that the table has, and that it has while it grows to hold `added` more pieces.
    var byteCount: Int { slots.count * MemoryLayout<Slot>.stride }

    func byteCount(adding added: Int) -> Int {
        count + added <= limit
            ? byteCount
            : byteCount + Self.grown(slots.count, added) * MemoryLayout<Slot>.stride
    }

    private static func limit(_ capacity: Int) -> Int { capacity / 4 * 3 }

    private static func grown(_ capacity: Int, _ added: Int) -> Int {
        max(capacity / 2 * 3, capacity + added * 2)
    }

    /// First slot at which a key is looked for.
    @inline(__always)
    static func index(of key: ShortKey, in slots: BufferView<Slot>) -> Int {
        Int(truncatingIfNeeded: key.hash.multipliedFullWidth(by: UInt64(slots.count)).high)
    }

    /// Makes room for `added` pieces.
    mutating func reserve(_ added: Int) {
        if count + added > limit { grow(added) }
    }

    /// Adds to the count of a piece, for which there is room, looking from `first` on. Returns
    /// false, changing nothing, if the count overflows.
    @inline(__always)
    mutating func add(
        _ key: ShortKey, _ occurrences: UInt64, from first: Int, in slots: BufferView<Slot>
    ) -> Bool {
        var index = first
        while true {
            let slot = slots[index]
            if slot.low == key.low, slot.high == key.high {
                let (sum, overflow) = slot.count.addingReportingOverflow(occurrences)
                if overflow { return false }
                slots[index].count = sum
                return true
            }
            if slot.isEmpty {
                slots[index] = Slot(low: key.low, high: key.high, count: occurrences)
                count &+= 1
                return true
            }
            index &+= 1
            if index == slots.count { index = 0 }
        }
    }

    /// Adds the counts of `other`; returns false if one overflows. O(size of `other`).
    mutating func merge(_ other: borrowing ShortPieceTable) -> Bool {
        let source = other.slots
        // Slots lie in the order of hashes. Taken in that order they would fill one part of this
        // table to the brim before the rest has anything; so they are taken with wide steps.
        for lane in 0..<Self.laneCount {
            for number in stride(from: lane, to: source.count, by: Self.laneCount) {
                let slot = source[number]
                guard !slot.isEmpty else { continue }
                let key = ShortKey(low: slot.low, high: slot.high)
                reserve(1)
                let slots = slots
                guard add(key, slot.count, from: Self.index(of: key, in: slots), in: slots) else {
                    return false
                }
            }
        }
        return true
    }

    private static let laneCount = 64

    private mutating func grow(_ added: Int) {
        let old = slots
        let capacity = Self.grown(old.count, added)
        let grown = OwnedBuffer(repeating: Slot(), count: capacity)
        let view = grown.view
        for number in 0..<old.count where !old[number].isEmpty {
            let slot = old[number]
            var index = Self.index(of: ShortKey(low: slot.low, high: slot.high), in: view)
            while !view[index].isEmpty {
                index += 1
                if index == capacity { index = 0 }
            }
            view[index] = slot
        }
        buffer = grown
        limit = Self.limit(capacity)
    }
}

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
