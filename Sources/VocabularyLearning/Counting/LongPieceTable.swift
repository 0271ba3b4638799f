import Bytes

/// Counts of pieces of more than fifteen bytes.
struct LongPieceTable: ~Copyable {
    /// A piece and its count.
    struct Entry: BitwiseCopyable {
        var place: PieceArena.Place
        var length: Int
        var count: UInt64
        var hash: UInt64

        fileprivate func bytes(in blocks: [BufferView<UInt8>]) -> ByteView {
            let start = Int(place.offset)
            let block = blocks[Int(place.block)]
            return ByteView(block.slice(from: start, to: start + length), count: length)
        }
    }

    /// The pieces, in the order in which they were met.
    private(set) var entries: [Entry] = []

    private var arena = PieceArena()

    /// Numbers of entries, `UInt32.max` where a slot is empty; a power of two of them.
    private var slots = [UInt32](repeating: .max, count: 1024)

    /// Number of pieces.
    var count: Int { entries.count }

    /// The bytes of a piece.
    func bytes(of entry: Entry) -> ByteView {
        entry.bytes(in: arena.views)
    }

    /// The memory that the table has while it takes in one more piece of `length` bytes.
    func byteCount(adding length: Int) -> Int {
        arena.byteCount(adding: length)
            + entries.capacity * MemoryLayout<Entry>.stride
            * (entries.count == entries.capacity ? 3 : 1)
            + slots.count * MemoryLayout<UInt32>.stride * (entries.count * 2 >= slots.count ? 3 : 1)
    }

    /// Adds to the count of the bytes from `start` up to `end`. Returns false, changing nothing, if
    /// the count overflows. O(length).
    mutating func add(
        _ text: ByteView, from start: Int, to end: Int, occurrences: UInt64
    ) -> Bool {
        let hash = quickHash(of: text, from: start, to: end)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != .max {
            let number = Int(slots[slot])
            if entries[number].hash == hash, entries[number].length == end - start,
                text.equals(
                    at: start, bytes(of: entries[number]), at: 0, length: end - start)
            {
                let (sum, overflow) = entries[number].count.addingReportingOverflow(occurrences)
                if !overflow { entries[number].count = sum }
                return !overflow
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        precondition(count < Int(UInt32.max), "more than 2³² distinct pieces")
        slots[slot] = UInt32(count)
        entries.append(
            Entry(
                place: arena.append(text, from: start, to: end), length: end - start,
                count: occurrences, hash: hash))
        if count * 2 > slots.count { grow() }
        return true
    }

    /// Adds the counts of `other`; returns false if one overflows. O(bytes of `other`).
    mutating func merge(_ other: borrowing LongPieceTable) -> Bool {
        for entry in other.entries {
            let piece = other.bytes(of: entry)
            guard add(piece, from: 0, to: piece.count, occurrences: entry.count) else {
                return false
            }
        }
        return true
    }

    /// Sorts the entries by their bytes; the table can then no longer be added to. O(n · log n).
    mutating func sortForReading() {
        slots = []
        // The blocks of the arena stay where they are.
        let arena = arena.views
        entries.sort { one, other in
            one.bytes(in: arena).precedes(other.bytes(in: arena))
        }
    }

    private mutating func grow() {
        slots = Array(repeating: .max, count: slots.count * 2)
        for (number, entry) in entries.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.hash) & (slots.count - 1)
            while slots[slot] != .max { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(number)
        }
    }
}
