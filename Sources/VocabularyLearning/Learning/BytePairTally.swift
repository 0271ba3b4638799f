import Bytes

/// Tally of the pairs of bytes in a part of the rows.
///
/// A class, because several threads work on theirs at once.
final class BytePairTally {
    private let buffer = OwnedBuffer(repeating: NeighborTally.Entry(), count: 1 << 16)

    /// The pairs, by the left byte and then the right one.
    var entries: BufferView<NeighborTally.Entry> { buffer.view }

    /// Counts the pairs of the rows between two cells.
    func count(in part: Range<Int>, _ views: LearningViews) {
        let (cells, weights, entries) = (views.cells, views.weights, entries)
        for cell in part {
            let left = cells[cell]
            guard left != PieceRows.boundary, cells[cell &+ 1] != PieceRows.boundary else {
                continue
            }
            let pair = Int(left << 8 | cells[cell &+ 1])
            entries[pair].count &+= weights.weight(at: cell)
            entries[pair].size &+= 1
        }
    }

    /// Writes the places of the pairs that have a cursor.
    func list(in part: Range<Int>, _ views: LearningViews) {
        let (cells, places, entries) = (views.cells, views.places, entries)
        for cell in part {
            let left = cells[cell]
            guard left != PieceRows.boundary, cells[cell &+ 1] != PieceRows.boundary else {
                continue
            }
            let pair = Int(left << 8 | cells[cell &+ 1])
            let cursor = entries[pair].cursor
            guard cursor != NeighborTally.unlisted else { continue }
            places[Int(cursor)] = UInt32(truncatingIfNeeded: cell)
            entries[pair].cursor = cursor &+ 1
        }
    }
}
