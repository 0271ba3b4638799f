import Bytes

/// Tally of the cells that the pieces of each count need: all that laying out ``PieceRows`` takes.
struct RowTally {
    /// Cells of all rows, with the boundary before the first.
    private(set) var cellCount = 1

    /// Neighbouring bytes within rows.
    private(set) var neighborCount = 0

    /// Whether the bytes of all occurrences are more than 64 bits count.
    private(set) var overflows = false

    private var total: UInt64 = 0
    private var cells = CountTable()

    /// Counts a piece. Those of one byte need no row.
    mutating func add(byteCount: Int, count: UInt64) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: UInt64(byteCount))
        let (sum, sumOverflow) = total.addingReportingOverflow(bytes)
        total = sum
        overflows = overflows || overflow || sumOverflow
        guard byteCount > 1 else { return }
        cells.advance(count, by: byteCount + 1)
        cellCount += byteCount + 1
        neighborCount += byteCount - 1
    }

    /// Adds what another part of the pieces needs. The cells of each count are not added.
    mutating func add(_ other: RowTally) {
        let (sum, overflow) = total.addingReportingOverflow(other.total)
        total = sum
        overflows = overflows || other.overflows || overflow
        cellCount += other.cellCount - 1
        neighborCount += other.neighborCount
    }

    /// Layout of the rows: where those of each count lie.
    struct Layout {
        /// The counts, the highest first.
        var counts: [UInt64] = []
        /// The cell behind the last row of each.
        var ends: [UInt32] = []
        /// The first cell of each, for each part of the pieces.
        var cursors: [CountTable]
    }

    /// The layout of parts of the pieces, which fits if the sum of ``cellCount`` is below
    /// ``PieceRows/maximumCellCount``. O(counts · log).
    static func layout(_ parts: [RowTally]) -> Layout {
        var layout = Layout(cursors: parts.map { _ in CountTable() })
        let sizes = parts.enumerated().flatMap { part, tally in
            tally.cells.entries().map { (count: $0.count, part: part, size: $0.number) }
        }
        var next = 1
        for (count, part, size) in sizes.sorted(by: {
            $0.count == $1.count ? $0.part < $1.part : $0.count > $1.count
        }) {
            layout.cursors[part].advance(count, by: next)
            next += size
            if layout.counts.last == count {
                layout.ends[layout.ends.count - 1] = UInt32(next)
            } else {
                layout.counts.append(count)
                layout.ends.append(UInt32(next))
            }
        }
        return layout
    }
}

/// A number for each count of pieces; most counts are small.
struct CountTable {
    private var small = [Int](repeating: 0, count: 1 << 12)
    private var large: [UInt64: Int] = [:]

    /// Adds `distance` to the number of `count`, which starts at 0, and returns what it was.
    @discardableResult
    mutating func advance(_ count: UInt64, by distance: Int) -> Int {
        guard count < UInt64(small.count) else {
            let number = large[count, default: 0]
            large[count] = number + distance
            return number
        }
        let number = small[Int(count)]
        small[Int(count)] = number + distance
        return number
    }

    /// The counts whose number is not 0, in no order. O(counts).
    func entries() -> [(count: UInt64, number: Int)] {
        small.enumerated().filter { $0.element != 0 }.map { (UInt64($0.offset), $0.element) }
            + large.map { ($0.key, $0.value) }
    }
}

/// Tally of the tokens on one side of a pair that is being merged: the occurrences of each, and
/// where the list of the pair that it forms now is to be written.
struct NeighborTally: ~Copyable {
    struct Entry: BitwiseCopyable {
        /// Occurrences in the corpus.
        var count: UInt64 = 0
        /// Places in the rows.
        var size: UInt32 = 0
        /// Cell of ``PlaceLists`` that the next place is written to.
        var cursor: UInt32 = NeighborTally.unlisted
    }

    /// The cursor of a pair that has no list.
    static let unlisted = UInt32.max

    private let buffer: OwnedBuffer<Entry>

    /// Places of all tokens.
    private(set) var placeCount = 0

    /// The tokens that were met.
    private(set) var touched: [UInt32] = []

    /// A tally for tokens below `tokenLimit`.
    init(tokenLimit: Int) {
        buffer = OwnedBuffer(repeating: Entry(), count: tokenLimit)
    }

    /// The entry of each token, by its id.
    var entries: BufferView<Entry> { buffer.view }

    /// Counts a neighbour, unless it is the end of a row.
    @inline(__always)
    mutating func add(_ neighbor: UInt32, _ count: UInt64) {
        guard neighbor != PieceRows.boundary else { return }
        let entries = entries
        let index = Int(neighbor)
        if entries[index].size == 0 { touched.append(neighbor) }
        entries[index].count &+= count
        entries[index].size &+= 1
        placeCount &+= 1
    }

    /// Counts all places of a token in a part of the rows.
    @inline(__always)
    mutating func add(_ neighbor: RowPart.Neighbor) {
        let entries = entries
        let index = Int(neighbor.token)
        // A neighbour may have no places left, and is then met twice.
        if entries[index].size == 0 { touched.append(neighbor.token) }
        entries[index].count &+= neighbor.count
        entries[index].size &+= neighbor.size
    }

    /// Takes from what a token has.
    mutating func subtract(_ entry: Entry, from neighbor: UInt32) {
        entries[Int(neighbor)].count &-= entry.count
        entries[Int(neighbor)].size &-= entry.size
        placeCount &-= Int(entry.size)
    }

    /// Forgets everything. O(tokens met).
    mutating func clear() {
        for neighbor in touched { entries[Int(neighbor)] = Entry() }
        touched.removeAll(keepingCapacity: true)
        placeCount = 0
    }
}
