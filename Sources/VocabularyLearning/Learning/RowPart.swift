import Bytes

/// What one thread does of a batch of merges in its part of the rows.
///
/// A class, because several threads work on theirs at once. All of them read what it found, and
/// each sets where the places of some of it are written.
final class RowPart {
    /// A token beside the places of one merge.
    struct Neighbor: BitwiseCopyable {
        let token: UInt32
        /// Places in the part.
        let size: UInt32
        /// Occurrences at those.
        let count: UInt64
    }

    /// What was found of one merge.
    struct Found: BitwiseCopyable {
        /// Occurrences at which the token to the left was made by the same merge.
        let doubledCount: UInt64
        /// The places at which it was made.
        var placeStart: UInt32
        let placeCount: UInt32
        fileprivate let leftStart: UInt32
        fileprivate let rightStart: UInt32
        fileprivate let end: UInt32

        /// Where those lie in ``PlaceLists``.
        var places: Range<Int> { Int(placeStart)..<Int(placeStart) + Int(placeCount) }

        /// The tokens to the left and to the right, among the neighbours.
        var lefts: Range<Int> { Int(leftStart)..<Int(rightStart) }
        var rights: Range<Int> { Int(rightStart)..<Int(end) }
    }

    /// What was found of a batch.
    struct Views {
        /// What was found of each merge.
        let found: BufferView<Found>
        /// Neighbours at all merges.
        let neighbors: BufferView<Neighbor>
        /// Where the part's places of the pair that each neighbour forms are written, counted from
        /// the first list of the share of the changes that has the neighbour;
        /// ``NeighborTally/unlisted`` if it has no list.
        let cursors: BufferView<UInt32>
        let neighborCount: Int
    }

    /// The memory that is taken for a neighbour, in bytes.
    static let neighborByteCount = MemoryLayout<Neighbor>.stride + MemoryLayout<UInt32>.stride

    /// Places of pairs that the batch made.
    private(set) var placeCount = 0

    private let found: OwnedBuffer<Found>
    private var neighbors = OwnedBuffer<Neighbor>(uninitializedCapacity: 1024)
    private var cursors = OwnedBuffer<UInt32>(uninitializedCapacity: 1024)
    private var neighborCount = 0
    private var lefts: NeighborTally
    private var rights: NeighborTally

    /// A part of rows of tokens below `tokenLimit`.
    init(tokenLimit: Int) {
        found = OwnedBuffer(uninitializedCapacity: MergeBatch.mergeLimit)
        lefts = NeighborTally(tokenLimit: tokenLimit)
        rights = NeighborTally(tokenLimit: tokenLimit)
    }

    /// What was found of the batch.
    var views: Views {
        Views(
            found: found.view, neighbors: neighbors.view, cursors: cursors.view,
            neighborCount: neighborCount)
    }

    /// Makes the merges of a batch in the part's rows.
    ///
    /// - Parameter ranges: the part's places of each merge.
    func replace(_ batch: MergeBatch, _ ranges: [Range<Int>], _ views: LearningViews) {
        neighborCount = 0
        placeCount = 0
        for (index, (merge, _)) in batch.merges.enumerated() {
            found.view[index] = replace(merge, ranges[index], views)
        }
    }

    private func replace(
        _ merge: BatchMerge, _ places: Range<Int>, _ views: LearningViews
    ) -> Found {
        let made = views.replace(merge, places, &lefts, &rights).places
        // Pairs that stood twice in a row: the first was followed by its left token only until the
        // second was merged.
        let doubled = lefts.entries[Int(merge.id)]
        if doubled.size > 0 { rights.subtract(doubled, from: merge.left) }
        placeCount += lefts.placeCount + rights.placeCount
        let leftStart = neighborCount
        let rightStart = leftStart + lefts.touched.count
        let end = rightStart + rights.touched.count
        reserve(end)
        Self.move(&lefts, to: neighbors.view, from: leftStart)
        Self.move(&rights, to: neighbors.view, from: rightStart)
        neighborCount = end
        return Found(
            doubledCount: doubled.count, placeStart: UInt32(made.lowerBound),
            placeCount: UInt32(made.count), leftStart: UInt32(leftStart),
            rightStart: UInt32(rightStart), end: UInt32(end))
    }

    /// Makes room for so many neighbours.
    private func reserve(_ needed: Int) {
        guard needed > neighbors.view.count else { return }
        let grown = OwnedBuffer<Neighbor>(uninitializedCapacity: 2 * needed)
        for index in 0..<neighborCount { grown.view[index] = neighbors.view[index] }
        neighbors = grown
        cursors = OwnedBuffer(uninitializedCapacity: 2 * needed)
    }

    /// Empties a tally into neighbours from number `start` on.
    private static func move(
        _ tally: inout NeighborTally, to neighbors: BufferView<Neighbor>, from start: Int
    ) {
        let entries = tally.entries
        var next = start
        for token in tally.touched {
            let entry = entries[Int(token)]
            neighbors[next] = Neighbor(token: token, size: entry.size, count: entry.count)
            next &+= 1
        }
        tally.clear()
    }

    /// Sets where the places lie at which a merge was made.
    func moveFound(_ merge: Int, to start: UInt32) { found.view[merge].placeStart = start }

    /// Writes the part's places of the pairs that a batch made.
    ///
    /// A place that a later merge of the batch has made worthless already is not found any more.
    /// `last` takes its place, so that the places of a list still ascend.
    ///
    /// - Parameters:
    ///   - last: the boundary behind the part's last row.
    ///   - starts: where the lists of each share of the changes begin.
    func list(_ batch: MergeBatch, _ views: LearningViews, last: Int, _ starts: [UInt32]) {
        let own = self.views
        let (lefts, rights) = (lefts.entries, rights.entries)
        let last = UInt32(truncatingIfNeeded: last)
        for (index, (merge, _)) in batch.merges.enumerated() {
            let found = own.found[index]
            guard found.placeCount > 0 else { continue }
            Self.open(own, found.lefts, lefts, starts)
            Self.open(own, found.rights, rights, starts)
            views.list(found.places, merge.id, lefts, rights)
            Self.close(own, found.lefts, lefts, views.places, last)
            Self.close(own, found.rights, rights, views.places, last)
        }
    }

    /// Sets where the lists of neighbours begin.
    @inline(__always)
    private static func open(
        _ own: Views, _ range: Range<Int>, _ tally: BufferView<NeighborTally.Entry>,
        _ starts: [UInt32]
    ) {
        for index in range where own.cursors[index] != NeighborTally.unlisted {
            let token = own.neighbors[index].token
            let cursor =
                own.cursors[index] &+ starts[BatchChanges.number(of: token, among: starts.count)]
            own.cursors[index] = cursor
            tally[Int(token)].cursor = cursor
        }
    }

    /// Fills the rest of the lists of neighbours, and forgets where they are.
    @inline(__always)
    private static func close(
        _ own: Views, _ range: Range<Int>, _ tally: BufferView<NeighborTally.Entry>,
        _ places: BufferView<UInt32>, _ last: UInt32
    ) {
        for index in range where own.cursors[index] != NeighborTally.unlisted {
            let neighbor = own.neighbors[index]
            let end = Int(own.cursors[index]) + Int(neighbor.size)
            var next = Int(tally[Int(neighbor.token)].cursor)
            while next < end {
                places[next] = last
                next &+= 1
            }
            tally[Int(neighbor.token)].cursor = NeighborTally.unlisted
        }
    }
}
