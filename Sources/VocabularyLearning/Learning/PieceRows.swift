import Bytes
import Tokenization

/// Distinct pieces with their counts, which can be gone through more than once.
protocol PieceSource: ~Copyable {
    /// Calls `body` with each piece and its count, always in the same order.
    func forEachPiece(_ body: (ByteView, UInt64) -> Void) throws(TokenizationError)
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
    /// - Throws: `TokenizationError.countOverflow` if the bytes of all occurrences are more than
    ///   64 bits count, so that no later sum can overflow;
    ///   `TokenizationError.tooManyPieces`; what reading `source` throws.
    init<Source: PieceSource & ~Copyable>(
        _ source: borrowing Source, bytesInOrder: [UInt8]
    ) throws(TokenizationError) {
        let tally = try Self.tally(source, tokenByteCount: 1)
        let layout = tally.layout()
        var cursors = layout.cursors
        let cells = OwnedBuffer<UInt32>(repeating: Self.boundary, count: tally.cellCount)
        let row = cells.view
        var numbers = [UInt32](repeating: 0, count: 256)
        for (number, byte) in bytesInOrder.enumerated() { numbers[Int(byte)] = UInt32(number) }
        var byteCounts = [UInt64](repeating: 0, count: 256)
        try source.forEachPiece { piece, count in
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
        }
        self.cells = cells
        weights = PieceWeights(counts: layout.counts, ends: layout.ends)
        self.byteCounts = byteCounts
        neighborCount = tally.neighborCount
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
        let layout = tally.layout()
        var cursors = layout.cursors
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
        guard !tally.overflows else { throw .countOverflow }
        guard tally.cellCount < maximumCellCount else {
            throw .tooManyPieces(byteCount: tally.cellCount)
        }
        return tally
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
