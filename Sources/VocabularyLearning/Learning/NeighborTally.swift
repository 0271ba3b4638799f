import Bytes

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
