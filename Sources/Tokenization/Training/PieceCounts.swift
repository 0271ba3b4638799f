/// How often each distinct piece occurred: all that learning a vocabulary needs to know of a corpus.
///
/// Counts of parts of a corpus, merged in any order, are the counts of the whole. Storage is flat: one
/// array of bytes, and a table with one entry a piece.
public struct PieceCounts: Sendable {
    /// All pieces, one after another, in the order in which they were met.
    private(set) var bytes: [UInt8] = []

    /// Where each piece ends.
    private(set) var ends: [Int] = []

    /// How often each piece occurred.
    private(set) var counts: [UInt64] = []

    private var hashes: [UInt32] = []

    /// Numbers of pieces, `UInt32.max` where a slot is empty; a power of two of them.
    private var slots: [UInt32] = Array(repeating: .max, count: 1024)

    /// No pieces yet.
    public init() {}

    /// How many distinct pieces there are.
    public var count: Int { counts.count }

    /// How many bytes the distinct pieces have together.
    public var byteCount: Int { bytes.count }

    /// The bytes of a piece.
    func range(of piece: Int) -> Range<Int> {
        (piece == 0 ? 0 : ends[piece - 1])..<ends[piece]
    }

    /// Adds `occurrences` of `piece`. O(length).
    ///
    /// - Throws: ``TokenizationError/countOverflow``; the counts are then as they were.
    public mutating func add(
        _ piece: Span<UInt8>, occurrences: UInt64 = 1
    ) throws(TokenizationError) {
        let added = ByteView.with(piece) { view in
            add(view, from: 0, to: view.count, occurrences: occurrences)
        }
        guard added else { throw .countOverflow }
    }

    /// Adds the counts of `other`. O(size of `other`).
    ///
    /// - Throws: ``TokenizationError/countOverflow``; what was added before it stays.
    public mutating func merge(_ other: PieceCounts) throws(TokenizationError) {
        let added = ByteView.with(other.bytes.span) { view in
            for piece in 0..<other.count {
                let range = other.range(of: piece)
                guard
                    add(
                        view, from: range.lowerBound, to: range.upperBound,
                        occurrences: other.counts[piece])
                else { return false }
            }
            return true
        }
        guard added else { throw .countOverflow }
    }

    /// Adds to the count of the bytes from `start` up to `end`; returns false if it overflows.
    mutating func add(
        _ text: ByteView, from start: Int, to end: Int, occurrences: UInt64
    ) -> Bool {
        guard start < end, occurrences > 0 else { return true }
        let hash = UInt32(truncatingIfNeeded: quickHash(of: text, from: start, to: end))
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != .max {
            let piece = Int(slots[slot])
            if hashes[piece] == hash, matches(piece, text, from: start, to: end) {
                let (sum, overflow) = counts[piece].addingReportingOverflow(occurrences)
                if !overflow { counts[piece] = sum }
                return !overflow
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = UInt32(count)
        for index in start..<end { bytes.append(text[index]) }
        ends.append(bytes.count)
        counts.append(occurrences)
        hashes.append(hash)
        precondition(count < Int(UInt32.max), "more than 2³² distinct pieces")
        if count * 2 > slots.count { grow() }
        return true
    }

    private func matches(_ piece: Int, _ text: ByteView, from start: Int, to end: Int) -> Bool {
        let range = range(of: piece)
        guard range.count == end - start else { return false }
        for index in 0..<range.count where bytes[range.lowerBound + index] != text[start + index] {
            return false
        }
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: .max, count: slots.count * 4)
        for piece in 0..<count {
            var slot = Int(hashes[piece]) & (slots.count - 1)
            while slots[slot] != .max { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(piece)
        }
    }
}

extension PieceCounts: PieceSource {
    func forEachPiece(_ body: (ByteView, UInt64) -> Void) {
        ByteView.with(bytes.span) { view in
            for piece in 0..<count {
                let range = range(of: piece)
                body(view.slice(from: range.lowerBound, to: range.upperBound), counts[piece])
            }
        }
    }
}
