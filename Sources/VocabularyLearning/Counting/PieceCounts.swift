import Bytes
public import Tokenization

/// Occurrences of each distinct piece: all that learning a vocabulary needs to know of a corpus.
///
/// Counts of parts of a corpus, merged in any order, are the counts of the whole.
public struct PieceCounts: ~Copyable, Sendable {
    private var short = ShortPieceTable()
    private var long = LongPieceTable()
    private let keyMasks = ShortKey.Masks()

    /// No pieces yet.
    public init() {}

    /// Number of distinct pieces.
    public var count: Int { short.count + long.count }

    /// Bytes of the distinct pieces together. O(count).
    public var byteCount: Int {
        var sum = 0
        forEachPiece { piece, _ in sum += piece.count }
        return sum
    }

    /// Adds `occurrences` of `piece`. O(length).
    ///
    /// - Throws: `TokenizationError.countOverflow`; the counts are then as they were.
    public mutating func add(
        _ piece: Span<UInt8>, occurrences: UInt64 = 1
    ) throws(TokenizationError) {
        let added = ByteView.with(piece) {
            add($0, from: 0, to: $0.count, occurrences: occurrences)
        }
        guard added else { throw .countOverflow }
    }

    /// Adds the counts of `other`. O(size of `other`).
    ///
    /// - Throws: `TokenizationError.countOverflow`; what was added before it stays.
    public mutating func merge(_ other: borrowing PieceCounts) throws(TokenizationError) {
        guard short.merge(other.short), long.merge(other.long) else { throw .countOverflow }
    }

    /// The memory that the counts have while they take in one more batch of pieces, of `added`
    /// bytes together.
    func byteCount(addingBatchOf added: Int) -> Int {
        short.byteCount(adding: Self.batchCount) + long.byteCount(adding: added)
    }

    /// Writes all pieces to `writer`, sorted. O(bytes · log).
    consuming func writeSorted<Sink: ByteSink & ~Copyable>(
        to writer: inout PieceCountsWriter<Sink>
    ) throws(TokenizationError) {
        let slots = short.sortForReading()
        long.sortForReading()
        var index = 0
        for entry in long.entries {
            let piece = long.bytes(of: entry)
            while index < slots.count {
                let next = slots.bytes(of: index, count: slots[index].length)
                guard next.precedes(piece) else { break }
                try writer.append(next, count: slots[index].count)
                index += 1
            }
            try writer.append(piece, count: entry.count)
        }
        while index < slots.count {
            let next = slots.bytes(of: index, count: slots[index].length)
            try writer.append(next, count: slots[index].count)
            index += 1
        }
    }

    /// Adds to the count of the bytes from `start` up to `end`; returns false if it overflows.
    mutating func add(
        _ text: ByteView, from start: Int, to end: Int, occurrences: UInt64
    ) -> Bool {
        guard start < end, occurrences > 0 else { return true }
        guard end - start <= ShortKey.maximumLength else {
            return long.add(text, from: start, to: end, occurrences: occurrences)
        }
        short.reserve(1)
        let key = ShortKey(text, from: start, length: end - start)
        let slots = short.slots
        return short.add(
            key, occurrences, from: ShortPieceTable.index(of: key, in: slots), in: slots)
    }

    /// Pieces that are looked up together, so that memory answers for all of them at once.
    static let batchCount = 256

    /// Counts `count` pieces of `text` once each: the first begins at `start`, and `ends` has the
    /// end of each, from number `first` on and counted from `origin`.
    @inline(__always)
    mutating func addPieces(
        of text: ByteView, from start: Int, ends: BufferView<UInt32>, origin: Int, first: Int,
        count: Int, keys: BufferView<WaitingPiece>
    ) {
        short.reserve(count)
        let slots = short.slots
        let masks = keyMasks.view
        var waiting = 0
        var start = start
        for number in first..<first + count {
            let end = origin &+ Int(ends[number])
            if end &- start <= ShortKey.maximumLength {
                let key =
                    start &+ 16 <= text.count
                    ? ShortKey(text, from: start, length: end &- start, masks)
                    : ShortKey(text, from: start, length: end &- start)
                let index = ShortPieceTable.index(of: key, in: slots)
                slots.prefetch(index)
                keys[waiting] = WaitingPiece(key: key, index: index)
                waiting &+= 1
            } else {
                let counted = long.add(text, from: start, to: end, occurrences: 1)
                precondition(counted, "a text cannot have 2⁶⁴ pieces")
            }
            start = end
        }
        for number in 0..<waiting {
            let piece = keys[number]
            let counted = short.add(piece.key, 1, from: piece.index, in: slots)
            precondition(counted, "a text cannot have 2⁶⁴ pieces")
        }
    }

    /// Adds to the counts of the first `count` pieces that wait, which are looked up together;
    /// returns false if one overflows.
    mutating func add(_ waiting: BufferView<WaitingKey>, count: Int) -> Bool {
        short.reserve(count)
        let slots = short.slots
        for number in 0..<count {
            let index = ShortPieceTable.index(of: waiting[number].key, in: slots)
            slots.prefetch(index)
            waiting[number].index = index
        }
        for number in 0..<count {
            let piece = waiting[number]
            guard short.add(piece.key, piece.occurrences, from: piece.index, in: slots) else {
                return false
            }
        }
        return true
    }

    /// A short piece that waits, with how often it occurs.
    struct WaitingKey: BitwiseCopyable {
        var key = ShortKey.none
        var occurrences: UInt64 = 0
        /// Its place in the table.
        var index = 0
    }

    /// A piece whose place in the table was asked for.
    struct WaitingPiece: BitwiseCopyable {
        var key = ShortKey.none
        var index = 0
    }
}

extension PieceCounts: PieceSource {
    func forEachPiece(_ body: (ByteView, UInt64) -> Void) {
        let slots = short.slots
        for index in 0..<slots.count where !slots[index].isEmpty {
            body(slots.bytes(of: index, count: slots[index].length), slots[index].count)
        }
        for entry in long.entries { body(long.bytes(of: entry), entry.count) }
    }

    func forEachPiece(ofPart part: Int, of count: Int, _ body: (ByteView, UInt64) -> Void) {
        let slots = short.slots
        for index in slots.count * part / count..<slots.count * (part + 1) / count
        where !slots[index].isEmpty {
            body(slots.bytes(of: index, count: slots[index].length), slots[index].count)
        }
        let entries = long.entries
        for entry in entries[entries.count * part / count..<entries.count * (part + 1) / count] {
            body(long.bytes(of: entry), entry.count)
        }
    }
}
