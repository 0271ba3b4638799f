import Bytes
import Tokenization
import Work

/// A ``MergeLearner`` for several threads, which makes merges in batches.
///
/// The threads do three things of a batch (``MergeBatch``), one after another. Each makes its
/// merges in a part of the rows of its own, and sums up what stands beside them. Then each adds
/// these sums up for a share of the pairs that is its own, and sets where their lists begin. At
/// last, it brings its pairs up to date and writes the places of its rows. Sums do not depend on
/// the order of what is summed up, so that the result is that of one thread.
struct BatchLearner: ~Copyable {
    /// The merges learned so far, in order. Ids 0 to 255 are the bytes as the tie rule orders them.
    private(set) var merges: [MergePair] = []

    /// Occurrences of each merge's pair when it was made.
    private(set) var mergeCounts: [UInt64] = []

    /// Occurrences of each byte.
    var byteCounts: [UInt64] { rows.byteCounts }

    private let minimumCount: UInt64
    private let maximumTokenLength: Int
    private let team: ThreadTeam
    private let handOverCount: Int
    private let rows: PieceRows
    /// The bytes of each token, which are its cells.
    private let tokenLengths: OwnedBuffer<UInt32>
    private var places: PlaceLists
    private let cuts: RowCuts
    private let parts: [RowPart]
    private let changes: [BatchChanges]
    private let shards: [PairShard]
    private var batch: MergeBatch

    /// Pairs below this count wait in their tables until all above are merged.
    private var threshold: UInt64 = .max

    /// Places of a batch from which on it is worth while to wake other threads.
    static let handOverCount = 512

    /// The most places of a batch of several merges: what is found beside them stays in the caches.
    private static let placeLimit = 1 << 14

    /// The most threads that are of use: merges are too small to be divided among many.
    static let threadLimit = 8

    /// The memory that threads take besides what one thread does, in bytes.
    static func scratchByteCount(vocabularySize: Int, threadCount: Int) -> Int {
        let threadCount = min(threadCount, threadLimit)
        guard threadCount > 1 else { return 0 }
        let tallies = 3 * vocabularySize * MemoryLayout<NeighborTally.Entry>.stride
        // With another neighbour on both sides of each place, which is more than there ever are.
        let changes = 2 * placeLimit * (RowPart.neighborByteCount + BatchChanges.changeByteCount)
        return threadCount * (tallies + changes)
    }

    /// Starts with every piece as its bytes. O(bytes of the distinct pieces).
    ///
    /// - Parameters:
    ///   - team: the threads. The result does not depend on them.
    ///   - handOverCount: places of a batch from which on other threads than the caller's take
    ///     part.
    ///   - mergeLimit: the most merges that will be asked for.
    ///   - minimumCount: the least count of a pair that is merged.
    ///   - maximumTokenLength: the most bytes of a token; nil for no limit.
    ///   - keepsShorter: whether a token that is made of one that was learned has fewer.
    init(
        _ rows: consuming PieceRows, team: ThreadTeam, handOverCount: Int = handOverCount,
        mergeLimit: Int, minimumCount: UInt64, maximumTokenLength: Int?, keepsShorter: Bool
    ) {
        let tokenLimit = 256 + max(0, mergeLimit)
        let leastCount = max(1, minimumCount)
        self.minimumCount = leastCount
        self.maximumTokenLength = maximumTokenLength ?? .max
        let grownLength = maximumTokenLength.map { keepsShorter ? $0 - 1 : $0 } ?? .max
        self.team = team
        self.handOverCount = handOverCount
        places = PlaceLists(capacity: PlaceLists.capacity(neighborCount: rows.neighborCount))
        cuts = RowCuts(rows)
        self.rows = rows
        tokenLengths = OwnedBuffer(repeating: 1, count: tokenLimit)
        let count = team.threadCount
        parts = (0..<count).map { _ in RowPart(tokenLimit: tokenLimit) }
        changes = (0..<count).map {
            BatchChanges(
                $0, of: count, tokenLimit: tokenLimit, minimumCount: leastCount,
                maximumLength: grownLength)
        }
        shards = (0..<count).map { PairShard($0, minimumCount: leastCount) }
        batch = MergeBatch(tokenLimit: tokenLimit)
        if self.maximumTokenLength >= 2 { findPairsOfBytes() }
    }

    private var views: LearningViews {
        LearningViews(
            cells: rows.cells.view, weights: rows.weights.view, lengths: tokenLengths.view,
            places: places.view)
    }

    private mutating func findPairsOfBytes() {
        let views = views
        let bounds = cuts.even(parts.count)
        let tallies = parts.map { _ in BytePairTally() }
        team.run(tallies.count) {
            tallies[$0].count(in: bounds[$0]..<bounds[$0 + 1], views)
        }
        for pair in 0..<1 << 16 {
            let count = tallies.reduce(0) { $0 &+ $1.entries[pair].count }
            guard count >= minimumCount else { continue }
            let sizes = tallies.map { $0.entries[pair].size }
            let start = places.reserve(sizes.reduce(0) { $0 + Int($1) })
            var next = start
            for (tally, size) in zip(tallies, sizes) {
                tally.entries[pair].cursor = next
                next &+= size
            }
            let (left, right) = (UInt32(pair >> 8), UInt32(pair & 0xFF))
            shards[PairShard.number(left, right, of: shards.count)].insert(
                PairTable.Record(
                    key: PairTable.key(left, right), count: count, start: start,
                    size: next &- start))
        }
        team.run(tallies.count) {
            tallies[$0].list(in: bounds[$0]..<bounds[$0 + 1], views)
        }
    }

    /// Makes the next tokens, each of the pair that is the most frequent then. Returns false,
    /// changing nothing, when no pair occurs often enough or there are `limit` merges.
    mutating func learn(upTo limit: Int) -> Bool {
        choose(upTo: limit)
        guard !batch.merges.isEmpty else { return false }
        let isParallel = batch.placeCount >= handOverCount
        let views = views
        let (batch, parts, changes, shards) = (batch, parts, changes, shards)
        let bounds =
            isParallel
            ? cuts.bounds(parts.count, batch.sample(of: places.view))
            : cuts.whole(parts.count)
        // Before any thread writes the lists.
        let ranges = parts.indices.map {
            batch.ranges(in: bounds[$0]..<bounds[$0 + 1], views.places)
        }
        perform(isParallel) { parts[$0].replace(batch, ranges[$0], views) }
        let added = parts.reduce(0) { $0 + $1.placeCount }
        if !places.hasRoom(for: added) { compactPlaces() }

        perform(isParallel) { changes[$0].add(batch, parts, lengths: views.lengths) }
        var starts: [UInt32] = []
        for change in changes { starts.append(places.reserve(change.placeCount)) }
        let changesOfShards = shards.indices.map { shard in
            changes.map { $0.changes(for: shard) }
        }
        // All at once, or the others would wait for each of them in turn.
        if zip(shards, changesOfShards).contains(where: { $0.isFull($1) }) {
            team.run(shards.count) { shards[$0].grow() }
        }
        let (threshold, listStarts) = (threshold, starts)
        perform(isParallel) { number in
            shards[number].update(
                changesOfShards[number], starts: listStarts, mergeCount: batch.merges.count,
                threshold: threshold)
            parts[number].list(batch, views, last: bounds[number + 1] - 1, listStarts)
        }
        return true
    }

    /// Calls `body` with the number of each part.
    private func perform(_ isParallel: Bool, _ body: (Int) -> Void) {
        guard !isParallel else { return team.run(parts.count, body) }
        for number in parts.indices { body(number) }
    }

    /// Chooses the merges of the next batch.
    private mutating func choose(upTo limit: Int) {
        batch.begin()
        let lengths = tokenLengths.view
        let placeLimit = min(Self.placeLimit, places.view.count / 8)
        while merges.count < limit {
            guard let (shard, record) = findBest() else {
                guard batch.merges.isEmpty, lowerThreshold() else { return }
                continue
            }
            guard batch.accepts(record.key, size: record.size, placeLimit: placeLimit) else {
                return
            }
            shard.takeBest()
            let id = 256 + merges.count
            batch.append(record, id: UInt32(id))
            let left = UInt32(truncatingIfNeeded: record.key >> 32)
            let right = UInt32(truncatingIfNeeded: record.key)
            lengths[id] = lengths[Int(left)] + lengths[Int(right)]
            merges.append(MergePair(left: left, right: right))
            mergeCounts.append(record.count)
        }
    }

    /// The best candidate of all.
    private func findBest() -> (shard: PairShard, record: PairTable.Record)? {
        var best: (shard: PairShard, record: PairTable.Record)?
        for shard in shards {
            guard let record = shard.findBest(from: threshold) else { continue }
            let candidate = CandidateHeap.Candidate(count: record.count, key: record.key)
            if let found = best?.record,
                !candidate.isBetter(than: .init(count: found.count, key: found.key))
            {
                continue
            }
            best = (shard, record)
        }
        return best
    }

    /// Makes the waiting pairs with the highest counts candidates; false if none are left.
    private mutating func lowerThreshold() -> Bool {
        let shards = shards
        let highest = shards.reduce(0) { max($0, $1.highestCount) }
        guard highest >= minimumCount else { return false }
        let lowered = max(minimumCount, highest / 2)
        threshold = lowered
        team.run(shards.count) { shards[$0].addCandidates(from: lowered) }
        return true
    }

    /// Makes room among the places, of which those that the batch was made at are kept.
    private mutating func compactPlaces() {
        let (shards, parts, views) = (shards, parts, views)
        team.run(shards.count) { shards[$0].filterLists(views) }
        var lists = shards.flatMap(\.lists)
        for (number, part) in parts.enumerated() {
            for index in batch.merges.indices {
                let found = part.views.found[index]
                lists.append(
                    PlaceLists.List(
                        start: found.placeStart, size: found.placeCount,
                        owner: UInt32(shards.count + number), index: UInt32(index)))
            }
        }
        places.pack(&lists)
        for list in lists {
            let owner = Int(list.owner)
            guard owner >= shards.count else {
                shards[owner].move(list)
                continue
            }
            parts[owner - shards.count].moveFound(Int(list.index), to: list.start)
        }
    }
}
