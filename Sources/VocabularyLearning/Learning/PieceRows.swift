import Bytes
import Tokenization
import Work

/// Distinct pieces with their counts, which can be gone through more than once.
protocol PieceSource: ~Copyable {
    /// Calls `body` with each piece and its count, always in the same order.
    func forEachPiece(_ body: (ByteView, UInt64) -> Void) throws(TokenizationError)

    /// As above, with the pieces of one of `count` parts. Several threads may go through a part
    /// each.
    func forEachPiece(
        ofPart part: Int, of count: Int, _ body: (ByteView, UInt64) -> Void
    ) throws(TokenizationError)
}

extension PieceSource where Self: ~Copyable {
    /// The first part has all pieces.
    func forEachPiece(
        ofPart part: Int, of count: Int, _ body: (ByteView, UInt64) -> Void
    ) throws(TokenizationError) {
        if part == 0 { try forEachPiece(body) }
    }
}

/// Every distinct piece of two bytes or more as a row of tokens, which are merged in place.
///
/// A token fills as many cells as it has bytes. Its first and its last cell hold its id, so that
/// the tokens on both sides of any token are found in one step, and a merge costs the same in a
/// piece of any length; the cells between mean nothing. A cell that was the first of a token that
/// became the right half of a longer one holds ``boundary``, as does the cell between two rows.
struct PieceRows: ~Copyable {
    /// Cell before the first row and behind each.
    static let boundary = UInt32.max

    /// The most cells, because a cell's number has 32 bits.
    static let maximumCellCount = Int(UInt32.max)

    /// The cells; the rows with the highest counts come first.
    let cells: OwnedBuffer<UInt32>

    /// The count of each cell's piece.
    let weights: PieceWeights

    /// Occurrences of each byte in all pieces.
    let byteCounts: [UInt64]

    /// Neighbouring tokens within rows.
    let neighborCount: Int

    /// The rows of `source`, with the bytes numbered as `bytesInOrder` says. O(bytes of the
    /// pieces).
    ///
    /// - Parameter team: the threads, which go through a part of the source each; nil for the
    ///   caller's alone. Only the order of the rows of one count depends on them.
    /// - Throws: `TokenizationError.countOverflow` if the bytes of all occurrences are more than
    ///   64 bits count, so that no later sum can overflow;
    ///   `TokenizationError.tooManyPieces`; what reading `source` throws.
    init<Source: PieceSource & ~Copyable>(
        _ source: borrowing Source, bytesInOrder: [UInt8], team: ThreadTeam? = nil
    ) throws(TokenizationError) {
        let parts = (0..<(team?.threadCount ?? 1)).map { _ in RowSourcePart() }
        Self.run(parts.count, on: team) { parts[$0].tally(source, part: $0, of: parts.count) }
        for part in parts { if let error = part.error { throw error } }
        var tally = RowTally()
        for part in parts { tally.add(part.tally) }
        try Self.check(tally)
        let layout = RowTally.layout(parts.map(\.tally))
        let cells = OwnedBuffer<UInt32>(uninitializedCapacity: tally.cellCount)
        let row = cells.view
        row[0] = Self.boundary
        var numbers = [UInt32](repeating: 0, count: 256)
        for (number, byte) in bytesInOrder.enumerated() { numbers[Int(byte)] = UInt32(number) }
        Self.run(parts.count, on: team) {
            parts[$0].write(
                source, part: $0, of: parts.count, to: row, from: layout.cursors[$0],
                numbers: numbers)
        }
        for part in parts { if let error = part.error { throw error } }
        self.cells = cells
        weights = PieceWeights(counts: layout.counts, ends: layout.ends)
        byteCounts = (0..<256).map { byte in parts.reduce(0) { $0 + $1.byteCounts[byte] } }
        neighborCount = tally.neighborCount
    }

    private static func run(_ count: Int, on team: ThreadTeam?, _ body: (Int) -> Void) {
        guard let team else {
            for part in 0..<count { body(part) }
            return
        }
        team.run(count, body)
    }
}

/// What one thread does to make rows of its part of a source.
private final class RowSourcePart {
    // A class, because several threads work on theirs at once.

    /// What the part's rows need.
    private(set) var tally = RowTally()

    /// Occurrences of each byte in the part's pieces.
    private(set) var byteCounts = [UInt64](repeating: 0, count: 256)

    /// What was wrong with the source.
    private(set) var error: TokenizationError?

    func tally<Source: PieceSource & ~Copyable>(
        _ source: borrowing Source, part: Int, of count: Int
    ) {
        var tally = RowTally()
        attempt { () throws(TokenizationError) in
            try source.forEachPiece(ofPart: part, of: count) { piece, count in
                tally.add(byteCount: piece.count, count: count)
            }
        }
        self.tally = tally
    }

    /// - Parameters:
    ///   - row: the cells of all rows.
    ///   - cursors: where the part's rows of each count begin.
    ///   - numbers: the number of each byte.
    func write<Source: PieceSource & ~Copyable>(
        _ source: borrowing Source, part: Int, of count: Int, to row: BufferView<UInt32>,
        from cursors: CountTable, numbers: [UInt32]
    ) {
        var cursors = cursors
        var byteCounts = [UInt64](repeating: 0, count: 256)
        attempt { () throws(TokenizationError) in
            try source.forEachPiece(ofPart: part, of: count) { piece, count in
                guard piece.count > 1 else {
                    byteCounts[Int(piece[0])] += count
                    return
                }
                var cell = cursors.advance(count, by: piece.count + 1)
                for index in 0..<piece.count {
                    let byte = Int(piece[index])
                    byteCounts[byte] += count
                    row[cell] = numbers[byte]
                    cell += 1
                }
                row[cell] = PieceRows.boundary
            }
        }
        self.byteCounts = byteCounts
    }

    private func attempt(_ body: () throws(TokenizationError) -> Void) {
        do throws(TokenizationError) {
            try body()
        } catch {
            self.error = error
        }
    }
}

extension PieceRows {
    /// Bytes that stand for a token in a piece of tokens: enough for every token of a vocabulary.
    static let tokenByteCount = 3

    /// The rows of pieces of tokens, each in ``tokenByteCount`` bytes. O(bytes of the pieces).
    ///
    /// - Parameters:
    ///   - source: the pieces and their counts.
    ///   - willAllocate: told how many cells there will be, and neighbours among them, before they
    ///     take memory; may throw to refuse.
    /// - Throws: as for pieces of bytes, and what `willAllocate` throws.
    init<Source: PieceSource & ~Copyable>(
        ofTokens source: borrowing Source,
        willAllocate: (_ cellCount: Int, _ neighborCount: Int) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        let tally = try Self.tally(source, tokenByteCount: Self.tokenByteCount)
        try willAllocate(tally.cellCount, tally.neighborCount)
        let layout = RowTally.layout([tally])
        var cursors = layout.cursors[0]
        let cells = OwnedBuffer<UInt32>(repeating: Self.boundary, count: tally.cellCount)
        let row = cells.view
        try source.forEachPiece { piece, count in
            let length = piece.count / Self.tokenByteCount
            guard length > 1 else { return }
            let cell = cursors.advance(count, by: length + 1)
            for index in 0..<length {
                let byte = index &* Self.tokenByteCount
                row[cell &+ index] =
                    UInt32(piece[byte]) | UInt32(piece[byte &+ 1]) &<< 8
                    | UInt32(piece[byte &+ 2]) &<< 16
            }
        }
        self.cells = cells
        weights = PieceWeights(counts: layout.counts, ends: layout.ends)
        byteCounts = []
        neighborCount = tally.neighborCount
    }

    /// What the rows of pieces need, whose tokens have so many bytes each.
    private static func tally<Source: PieceSource & ~Copyable>(
        _ source: borrowing Source, tokenByteCount: Int
    ) throws(TokenizationError) -> RowTally {
        var tally = RowTally()
        try source.forEachPiece { piece, count in
            tally.add(byteCount: piece.count / tokenByteCount, count: count)
        }
        try check(tally)
        return tally
    }

    private static func check(_ tally: RowTally) throws(TokenizationError) {
        guard !tally.overflows else { throw .countOverflow }
        guard tally.cellCount < maximumCellCount else {
            throw .tooManyPieces(byteCount: tally.cellCount)
        }
    }
}

/// Occurrences of the piece around a cell of ``PieceRows``.
///
/// The rows are sorted by count, so it is enough to know where each count's rows end. A table of
/// where to begin looking, an entry for every few cells, makes a look-up one or two steps long:
/// there are few rows for each high count, and most rows by far have one of the low ones.
struct PieceWeights: ~Copyable {
    private let endBuffer: OwnedBuffer<UInt32>
    private let countBuffer: OwnedBuffer<UInt64>
    private let firstBuffer: OwnedBuffer<UInt32>

    /// A view for the hot loops.
    let view: View

    /// The cells of one entry of the table, as a power of two.
    private static let blockLog = 5

    struct View {
        fileprivate let ends: BufferView<UInt32>
        fileprivate let counts: BufferView<UInt64>
        fileprivate let firsts: BufferView<UInt32>

        /// The count of the piece around a cell.
        @inline(__always)
        func weight(at cell: Int) -> UInt64 {
            var index = Int(firsts[cell &>> PieceWeights.blockLog])
            while ends[index] <= UInt32(truncatingIfNeeded: cell) { index &+= 1 }
            return counts[index]
        }
    }

    /// - Parameters:
    ///   - counts: the counts, in the order of the rows.
    ///   - ends: the cell behind the last row of each count, ascending.
    init(counts: [UInt64], ends: [UInt32]) {
        let cellCount = Int(ends.last ?? 0)
        let firsts = OwnedBuffer<UInt32>(repeating: 0, count: cellCount >> Self.blockLog + 1)
        let firstView = firsts.view
        var index = 0
        for block in 0..<firstView.count {
            while index + 1 < ends.count, ends[index] <= UInt32(block << Self.blockLog) {
                index += 1
            }
            firstView[block] = UInt32(index)
        }
        endBuffer = OwnedBuffer(ends)
        countBuffer = OwnedBuffer(counts)
        firstBuffer = firsts
        view = View(ends: endBuffer.view, counts: countBuffer.view, firsts: firstView)
    }
}
