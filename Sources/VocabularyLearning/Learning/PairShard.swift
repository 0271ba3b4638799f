import Bytes

/// Some of the pairs, which one thread keeps: those whose tokens' sum falls on it.
///
/// A class, because several threads work on theirs at once.
final class PairShard {
    private let number: Int
    private let minimumCount: UInt64
    private var table: PairTable
    private var candidates = CandidateHeap()

    /// The best of the candidates, once it was found.
    private var best: (index: Int, record: PairTable.Record)?

    /// Shard `number`, of pairs that occur at least `minimumCount` times.
    init(_ number: Int, minimumCount: UInt64) {
        self.number = number
        self.minimumCount = minimumCount
        table = PairTable(minimumCount: minimumCount)
    }

    /// The number of the shard of a pair.
    @inline(__always)
    static func number(_ left: UInt32, _ right: UInt32, of count: Int) -> Int {
        let hash = (left &+ right) &* 0x9E37_79B1
        return Int(truncatingIfNeeded: (UInt64(hash) &* UInt64(count)) &>> 32)
    }

    /// Adds a pair that is there before all merges.
    func insert(_ record: PairTable.Record) { table.insert(record) }

    /// The highest count of a pair. O(pairs).
    var highestCount: UInt64 {
        let records = table.records
        var highest: UInt64 = 0
        for index in 0..<records.count { highest = max(highest, records[index].count) }
        return highest
    }

    /// Makes the pairs that occur at least so often candidates. O(pairs).
    func addCandidates(from threshold: UInt64) {
        best = nil
        let records = table.records
        for index in 0..<records.count where records[index].count >= threshold {
            candidates.insert(.init(count: records[index].count, key: records[index].key))
        }
    }

    /// Finds the best of the candidates with its count as it is, if one has `threshold`.
    func findBest(from threshold: UInt64) -> PairTable.Record? {
        if let best { return best.record }
        while let top = candidates.top {
            guard let index = table.find(top.key) else {
                candidates.removeTop()
                continue
            }
            let record = table.records[index]
            if record.count == top.count {
                best = (index, record)
                return record
            }
            if record.count >= threshold {
                candidates.replaceTop(.init(count: record.count, key: top.key))
            } else {
                candidates.removeTop()
            }
        }
        return nil
    }

    /// Takes the best of the candidates, which was found, to be merged.
    func takeBest() {
        guard let (index, _) = best else { return }
        candidates.removeTop()
        table.records[index].count = 0
        best = nil
    }

    /// Leaves out of the lists all places that do not hold their pair any more. O(places).
    func filterLists(_ views: LearningViews) {
        let records = table.records
        for index in 0..<records.count where records[index].count >= minimumCount {
            let record = records[index]
            let start = Int(record.start)
            let end = start + Int(record.size)
            var next = start
            for place in start..<end where views.holds(record.key, at: place, before: end) {
                views.places[next] = views.places[place]
                next += 1
            }
            records[index].size = UInt32(next - start)
        }
    }

    /// The lists of all pairs that may still be merged.
    var lists: [PlaceLists.List] {
        let records = table.records
        var lists: [PlaceLists.List] = []
        for index in 0..<records.count where records[index].count >= minimumCount {
            lists.append(
                PlaceLists.List(
                    start: records[index].start, size: records[index].size,
                    owner: UInt32(number), index: UInt32(index)))
        }
        return lists
    }

    /// Sets where a list begins.
    func move(_ list: PlaceLists.List) { table.records[Int(list.index)].start = list.start }

    /// Whether the table is too small for what a batch adds.
    func isFull(_ changes: [BatchChanges.Changes]) -> Bool {
        table.isFull(adding: changes.reduce(0) { $0 + $1.gains.count })
    }

    /// Makes the table larger. O(pairs).
    func grow() { table.grow() }

    /// Takes from the pairs that a batch broke, and adds those that it made, one merge after
    /// another.
    ///
    /// - Parameters:
    ///   - changes: what the batch changes of the shard's pairs, by share.
    ///   - starts: where the lists of each share begin.
    func update(
        _ changes: [BatchChanges.Changes], starts: [UInt32], mergeCount: Int, threshold: UInt64
    ) {
        best = nil
        for merge in 0..<mergeCount {
            for change in changes { Self.lose(change, merge, table) }
            for (change, start) in zip(changes, starts) {
                Self.gain(change, merge, start, threshold, &table, &candidates)
            }
        }
    }

    @inline(__always)
    private static func lose(
        _ changes: BatchChanges.Changes, _ merge: Int, _ table: borrowing PairTable
    ) {
        let (losses, ends) = (changes.losses, changes.lossEnds)
        for index in (merge == 0 ? 0 : Int(ends[merge - 1]))..<Int(ends[merge]) {
            if index &+ prefetchDistance < losses.count {
                table.prefetch(losses[index &+ prefetchDistance].key)
            }
            table.lose(losses[index].key, losses[index].count)
        }
    }

    @inline(__always)
    private static func gain(
        _ changes: BatchChanges.Changes, _ merge: Int, _ start: UInt32, _ threshold: UInt64,
        _ table: inout PairTable, _ candidates: inout CandidateHeap
    ) {
        let (gains, ends) = (changes.gains, changes.gainEnds)
        for index in (merge == 0 ? 0 : Int(ends[merge - 1]))..<Int(ends[merge]) {
            if index &+ prefetchDistance < gains.count {
                table.prefetch(gains[index &+ prefetchDistance].key)
            }
            var record = gains[index]
            record.start &+= start
            table.insert(record)
            if record.count >= threshold {
                candidates.insert(.init(count: record.count, key: record.key))
            }
        }
    }

    /// Pairs whose records are fetched ahead of their use.
    private static let prefetchDistance = 8
}
