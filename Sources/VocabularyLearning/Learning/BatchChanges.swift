import Bytes

/// What a batch of merges changes of the counts of pairs, as far as some of the tokens beside its
/// places are concerned.
///
/// A class, because several threads work on theirs at once. Each has a share of the tokens, adds up
/// what was found of them in all parts of the rows, and lists the changes for each shard of the
/// pairs.
final class BatchChanges {
    /// Occurrences that a pair lost.
    struct Loss: BitwiseCopyable {
        let key: UInt64
        let count: UInt64
    }

    /// The changes for one shard, in the order of the merges.
    struct Changes {
        let losses: BufferView<Loss>
        /// New pairs. Where their lists start is counted from the first of all.
        let gains: BufferView<PairTable.Record>
        /// Number of losses and of gains up to each merge.
        let lossEnds: BufferView<UInt32>
        let gainEnds: BufferView<UInt32>
    }

    /// The memory that is taken for what a neighbour changes, in bytes.
    static let changeByteCount =
        MemoryLayout<Loss>.stride + MemoryLayout<PairTable.Record>.stride

    /// Places of new pairs that have lists.
    private(set) var placeCount = 0

    private let number: Int
    private let shardCount: Int
    private let minimumCount: UInt64
    private let maximumLength: Int
    private var sums: NeighborTally
    private var lists: Lists

    /// The share `number` of `count`.
    ///
    /// - Parameters:
    ///   - tokenLimit: one more than the last token there will be.
    ///   - minimumCount: the least count of a pair that has a list.
    ///   - maximumLength: the most bytes of a token that is made of one that was learned.
    init(
        _ number: Int, of count: Int, tokenLimit: Int, minimumCount: UInt64, maximumLength: Int
    ) {
        self.number = number
        shardCount = count
        self.minimumCount = minimumCount
        self.maximumLength = maximumLength
        sums = NeighborTally(tokenLimit: tokenLimit)
        lists = Lists(shardCount: count, changeLimit: 1024)
    }

    /// The number of the share that has a token, of `count`.
    @inline(__always)
    static func number(of token: UInt32, among count: Int) -> Int {
        Int(truncatingIfNeeded: (UInt64(token &* 0x9E37_79B1) &* UInt64(count)) &>> 32)
    }

    /// The changes for a shard.
    func changes(for shard: Int) -> Changes { lists.changes(for: shard) }

    /// Adds up what the parts found, and sets where the lists of new pairs begin.
    ///
    /// - Parameters:
    ///   - batch: the merges.
    ///   - parts: what was found, in the order of the rows.
    ///   - lengths: the bytes of each token.
    func add(_ batch: MergeBatch, _ parts: [RowPart], lengths: BufferView<UInt32>) {
        let views = parts.map(\.views)
        // A merge may also take from one pair what stood twice in a row.
        let limit = views.reduce(batch.merges.count) { $0 + $1.neighborCount }
        if limit > lists.changeLimit {
            lists = Lists(shardCount: shardCount, changeLimit: 2 * limit)
        }
        lists.removeAll()
        placeCount = add(batch, views, lengths, lists.writer, &sums)
    }

    /// Returns the number of places of new pairs.
    private func add(
        _ batch: MergeBatch, _ parts: [RowPart.Views], _ lengths: BufferView<UInt32>,
        _ lists: Lists.Writer, _ sums: inout NeighborTally
    ) -> Int {
        var placeCount = 0
        for (index, (merge, _)) in batch.merges.enumerated() {
            let most = maximumLength - Int(lengths[Int(merge.id)])
            for part in parts { take(part, part.found[index].lefts, &sums) }
            for token in sums.touched {
                lists.lose(token, merge.left, sums.entries[Int(token)].count)
                guard isListed(token, sums, lengths, most) else { continue }
                lists.gain(token, merge.id, &sums.entries[Int(token)], &placeCount)
            }
            for part in parts { setCursors(part, part.found[index].lefts, sums.entries) }
            sums.clear()

            for part in parts { take(part, part.found[index].rights, &sums) }
            for token in sums.touched {
                if token != merge.left || token != merge.right {
                    lists.lose(merge.right, token, sums.entries[Int(token)].count)
                }
                guard isListed(token, sums, lengths, most) else { continue }
                lists.gain(merge.id, token, &sums.entries[Int(token)], &placeCount)
            }
            for part in parts { setCursors(part, part.found[index].rights, sums.entries) }
            sums.clear()

            if merge.left != merge.right, isMine(merge.left) {
                let doubled = parts.reduce(0) { $0 &+ $1.found[index].doubledCount }
                if doubled > 0 { lists.lose(merge.right, merge.left, doubled) }
            }
            lists.end(index)
        }
        return placeCount
    }

    @inline(__always)
    private func isMine(_ token: UInt32) -> Bool {
        Self.number(of: token, among: shardCount) == number
    }

    @inline(__always)
    private func take(_ part: RowPart.Views, _ range: Range<Int>, _ sums: inout NeighborTally) {
        for index in range {
            let neighbor = part.neighbors[index]
            if neighbor.size > 0, isMine(neighbor.token) { sums.add(neighbor) }
        }
    }

    /// Whether a pair of a token and the new one has a list.
    @inline(__always)
    private func isListed(
        _ token: UInt32, _ sums: borrowing NeighborTally, _ lengths: BufferView<UInt32>, _ most: Int
    ) -> Bool {
        sums.entries[Int(token)].count >= minimumCount && Int(lengths[Int(token)]) <= most
    }

    /// Tells a part where its places go in the lists of its neighbours.
    @inline(__always)
    private func setCursors(
        _ part: RowPart.Views, _ range: Range<Int>, _ entries: BufferView<NeighborTally.Entry>
    ) {
        for index in range {
            let neighbor = part.neighbors[index]
            guard isMine(neighbor.token) else { continue }
            let cursor = entries[Int(neighbor.token)].cursor
            part.cursors[index] = cursor
            guard cursor != NeighborTally.unlisted else { continue }
            entries[Int(neighbor.token)].cursor = cursor &+ neighbor.size
        }
    }
}

extension BatchChanges {
    /// Memory for the changes of all shards.
    private struct Lists: ~Copyable {
        /// The most losses of a shard, and the most gains.
        let changeLimit: Int

        private let losses: OwnedBuffer<Loss>
        private let gains: OwnedBuffer<PairTable.Record>
        private let lossEnds: OwnedBuffer<UInt32>
        private let gainEnds: OwnedBuffer<UInt32>
        private let counts: OwnedBuffer<Counts>

        struct Counts: BitwiseCopyable {
            var losses = 0
            var gains = 0
        }

        init(shardCount: Int, changeLimit: Int) {
            self.changeLimit = changeLimit
            losses = OwnedBuffer(uninitializedCapacity: shardCount * changeLimit)
            gains = OwnedBuffer(uninitializedCapacity: shardCount * changeLimit)
            lossEnds = OwnedBuffer(repeating: 0, count: shardCount * MergeBatch.mergeLimit)
            gainEnds = OwnedBuffer(repeating: 0, count: shardCount * MergeBatch.mergeLimit)
            counts = OwnedBuffer(repeating: Counts(), count: shardCount)
        }

        func removeAll() {
            for shard in 0..<counts.view.count { counts.view[shard] = Counts() }
        }

        func changes(for shard: Int) -> Changes {
            let start = shard * changeLimit
            let count = counts.view[shard]
            let end = shard * MergeBatch.mergeLimit
            return Changes(
                losses: losses.view.slice(from: start, to: start + count.losses),
                gains: gains.view.slice(from: start, to: start + count.gains),
                lossEnds: lossEnds.view.slice(from: end, to: end + MergeBatch.mergeLimit),
                gainEnds: gainEnds.view.slice(from: end, to: end + MergeBatch.mergeLimit))
        }

        var writer: Writer {
            Writer(
                changeLimit: changeLimit, losses: losses.view, gains: gains.view,
                lossEnds: lossEnds.view, gainEnds: gainEnds.view, counts: counts.view)
        }

        /// A view of the memory, to be filled.
        struct Writer {
            let changeLimit: Int
            let losses: BufferView<Loss>
            let gains: BufferView<PairTable.Record>
            let lossEnds: BufferView<UInt32>
            let gainEnds: BufferView<UInt32>
            let counts: BufferView<Counts>

            @inline(__always)
            func lose(_ left: UInt32, _ right: UInt32, _ count: UInt64) {
                let shard = PairShard.number(left, right, of: counts.count)
                let index = shard &* changeLimit &+ counts[shard].losses
                losses[index] = Loss(key: PairTable.key(left, right), count: count)
                counts[shard].losses &+= 1
            }

            /// Adds a pair, and gives it a list behind `placeCount` places.
            @inline(__always)
            func gain(
                _ left: UInt32, _ right: UInt32, _ entry: inout NeighborTally.Entry,
                _ placeCount: inout Int
            ) {
                entry.cursor = UInt32(truncatingIfNeeded: placeCount)
                placeCount &+= Int(entry.size)
                let shard = PairShard.number(left, right, of: counts.count)
                let index = shard &* changeLimit &+ counts[shard].gains
                gains[index] = PairTable.Record(
                    key: PairTable.key(left, right), count: entry.count, start: entry.cursor,
                    size: entry.size)
                counts[shard].gains &+= 1
            }

            /// Notes that all changes of a merge are there.
            func end(_ merge: Int) {
                for shard in 0..<counts.count {
                    let index = shard * MergeBatch.mergeLimit + merge
                    lossEnds[index] = UInt32(counts[shard].losses)
                    gainEnds[index] = UInt32(counts[shard].gains)
                }
            }
        }
    }
}
