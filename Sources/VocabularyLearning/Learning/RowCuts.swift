import Bytes

/// Cells at which rows begin, some for every thousand or so: where rows can be cut into parts.
struct RowCuts: ~Copyable {
    private let starts: OwnedBuffer<UInt32>
    private let blockLog: Int
    private let cellCount: Int

    /// The most cuts.
    private static let limitLog = 14

    /// The cuts of rows of bytes. O(cells) at most.
    init(_ rows: borrowing PieceRows) {
        let cells = rows.cells.view
        cellCount = cells.count
        blockLog = max(2, cells.count.bitWidth - cells.count.leadingZeroBitCount - Self.limitLog)
        starts = OwnedBuffer(repeating: 0, count: cells.count >> blockLog + 1)
        var next = 0
        for block in 0..<starts.view.count {
            next = max(next, block << blockLog)
            // A row begins behind a boundary.
            while next < cells.count, next == 0 || cells[next - 1] != PieceRows.boundary {
                next += 1
            }
            starts.view[block] = UInt32(next)
        }
    }

    /// The first cut behind a cell, or the end of all cells.
    private func cut(at cell: Int) -> Int { Int(starts.view[cell >> blockLog]) }

    /// The bounds of parts of about as many cells.
    func even(_ count: Int) -> [Int] {
        [0] + (1..<count).map { cut(at: cellCount * $0 / count) } + [cellCount]
    }

    /// The bounds of parts that have about as many of ascending cells.
    func bounds(_ count: Int, _ cells: [UInt32]) -> [Int] {
        [0] + (1..<count).map { cut(at: Int(cells[cells.count * $0 / count])) } + [cellCount]
    }

    /// The bounds of parts of which the first has everything.
    func whole(_ count: Int) -> [Int] {
        [0] + Array(repeating: cellCount, count: count)
    }
}
