import Bytes

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
