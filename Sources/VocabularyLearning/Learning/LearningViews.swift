import Bytes

/// What a merge reads and writes of the rows and of the lists of places.
struct LearningViews {
    let cells: BufferView<UInt32>
    let weights: PieceWeights.View
    /// The cells of each token.
    let lengths: BufferView<UInt32>
    /// The lists of places of all pairs. The places of one list ascend.
    let places: BufferView<UInt32>

    /// Places that are fetched ahead of their use.
    private static let prefetchDistance = 16

    /// Merges a pair wherever it still stands among places, from the start of each row to its end,
    /// and sums up what stands beside it.
    ///
    /// - Returns: where those places now lie, which is at the front of the list, and how often
    ///   their pieces occur.
    @inline(__always)
    func replace(
        _ merge: BatchMerge, _ list: Range<Int>, _ lefts: inout NeighborTally,
        _ rights: inout NeighborTally
    ) -> (places: Range<Int>, size: UInt64) {
        let leftLength = Int(lengths[Int(merge.left)])
        let rightLength = Int(lengths[Int(merge.right)])
        var kept = list.lowerBound
        var size: UInt64 = 0
        for index in list {
            if index &+ Self.prefetchDistance < list.upperBound {
                cells.prefetch(Int(places[index &+ Self.prefetchDistance]))
            }
            let cell = Int(places[index])
            guard cells[cell] == merge.left else { continue }
            let middle = cell &+ leftLength
            guard cells[middle] == merge.right else { continue }
            let next = middle &+ rightLength
            cells[middle] = PieceRows.boundary
            cells[next &- 1] = merge.id
            cells[cell] = merge.id
            let weight = weights.weight(at: cell)
            size &+= weight
            // The token to the left may be the one that is being made: then its right neighbour was
            // summed up before and is not there any more.
            lefts.add(cells[cell &- 1], weight)
            rights.add(cells[next], weight)
            places[kept] = UInt32(truncatingIfNeeded: cell)
            kept &+= 1
        }
        return (list.lowerBound..<kept, size)
    }

    /// Writes the lists of the pairs that a merge made, from the cursors of `lefts` and `rights`
    /// on.
    ///
    /// Where a later merge has made a token of a neighbour, the pair is that merge's.
    ///
    /// - Parameters:
    ///   - merged: the places at which it was made.
    ///   - id: the token that it made.
    @inline(__always)
    func list(
        _ merged: Range<Int>, _ id: UInt32, _ lefts: BufferView<NeighborTally.Entry>,
        _ rights: BufferView<NeighborTally.Entry>
    ) {
        let length = Int(lengths[Int(id)])
        for index in merged {
            if index &+ Self.prefetchDistance < merged.upperBound {
                cells.prefetch(Int(places[index &+ Self.prefetchDistance]))
            }
            let cell = Int(places[index])
            // A boundary is above every token.
            let before = cells[cell &- 1]
            if before <= id {
                let cursor = lefts[Int(before)].cursor
                if cursor != NeighborTally.unlisted {
                    places[Int(cursor)] = UInt32(truncatingIfNeeded: cell) &- lengths[Int(before)]
                    lefts[Int(before)].cursor = cursor &+ 1
                }
            }
            let after = cells[cell &+ length]
            if after < id {
                let cursor = rights[Int(after)].cursor
                if cursor != NeighborTally.unlisted {
                    places[Int(cursor)] = UInt32(truncatingIfNeeded: cell)
                    rights[Int(after)].cursor = cursor &+ 1
                }
            }
        }
    }

    /// Whether the place at `index`, of a list that ends at `end`, still holds its pair.
    @inline(__always)
    func holds(_ key: UInt64, at index: Int, before end: Int) -> Bool {
        if index &+ Self.prefetchDistance < end {
            cells.prefetch(Int(places[index &+ Self.prefetchDistance]))
        }
        let cell = Int(places[index])
        let left = UInt32(truncatingIfNeeded: key >> 32)
        return cells[cell] == left
            && cells[cell &+ Int(lengths[Int(left)])] == UInt32(truncatingIfNeeded: key)
    }
}
