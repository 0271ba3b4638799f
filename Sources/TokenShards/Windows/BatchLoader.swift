/// Makes batches from the rows of one data set, or of several in given proportions.
///
/// A value without state: a batch is a function of the rows, the seed and its position, so it can
/// be made on any thread, in any process, ahead of time, and again after a crash.
public struct BatchLoader: Sendable {
    private let sources: [(rows: RowSequence, sampler: WindowSampler)]
    private let schedule: MixtureSchedule
    /// Rows a batch.
    public let batchSize: Int

    /// Batches of `batchSize` windows in the sampler's order.
    public init(windows: WindowSequence, batchSize: Int, seed: UInt64) throws(ShardError) {
        try self.init(rows: RowSequence(windows), batchSize: batchSize, seed: seed)
    }

    /// Batches of `batchSize` rows in the sampler's order.
    public init(rows: RowSequence, batchSize: Int, seed: UInt64) throws(ShardError) {
        try self.init(
            sources: [rows], schedule: MixtureSchedule(weights: [1]), batchSize: batchSize,
            seed: seed)
    }

    /// Batches of `batchSize` rows that come from several sources in turn, as `schedule` says. Each
    /// source has an order and epochs of its own.
    ///
    /// - Throws: ``ShardError/tooFewTokens(split:tokenCount:needed:)`` for a source without a row.
    init(
        sources: [RowSequence], schedule: MixtureSchedule, batchSize: Int, seed: UInt64
    ) throws(ShardError) {
        precondition(sources.count == schedule.sourceCount, "a weight for each source")
        for rows in sources where rows.count == 0 {
            throw .tooFewTokens(
                split: Split.train.rawValue,
                tokenCount: rows.shards.map(\.tokenCount).max() ?? 0, needed: rows.length + 1)
        }
        self.sources = sources.enumerated().map { number, rows in
            // The first source has the order that it would have alone.
            let seed = seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
            return (rows, WindowSampler(windowCount: rows.count, seed: seed))
        }
        self.schedule = schedule
        self.batchSize = batchSize
    }

    /// Rows of one epoch of every source, together.
    public var windowCount: Int { sources.reduce(0) { $0 + $1.rows.count } }

    /// The share of all places in batches that is not scored: padding, and what is read again as
    /// context; over many batches, of sources in their proportions. O(sources).
    public var unscoredShare: Double {
        zip(sources, schedule.shares).reduce(0) { $0 + $1.0.rows.unscoredShare * $1.1 }
    }

    /// The batch of the rows at `position ..< position + batchSize`, positions being counted from
    /// 0 over all epochs. O(B·T).
    public func batch(at position: Int) -> Batch { batch(at: position, rank: 0, of: 1) }

    /// The part of ``batch(at:)`` that one of several processes works on: with `worldSize` of them,
    /// which must divide the batch, rank 0 has its first rows, rank 1 the next, and so on, so that
    /// a position means the same for any number of processes. O(B·T / world size).
    public func batch(at position: Int, rank: Int, of worldSize: Int) -> Batch {
        precondition(
            batchSize % worldSize == 0, "\(worldSize) processes do not divide \(batchSize) rows")
        precondition((0..<worldSize).contains(rank), "rank \(rank) of \(worldSize)")
        let share = batchSize / worldSize
        let first = sources[0].rows
        var batch = Batch(
            batchSize: share, contextLength: first.length, marksDocuments: first.marksDocuments)
        for row in 0..<share {
            let place = place(at: position + rank * share + row)
            batch.fill(row: row, from: sources[place.source].rows, number: place.row)
        }
        return batch
    }

    /// The row at `position`: the number of its source, its epoch there, its number in the source,
    /// and the stretches that it is made of.
    public func row(
        at position: Int
    ) -> (source: Int, epoch: Int, number: Int, windows: [Window]) {
        let place = place(at: position)
        let rows = sources[place.source].rows
        return (place.source, place.index / rows.count, place.row, rows[place.row])
    }

    private func place(at position: Int) -> (source: Int, index: Int, row: Int) {
        let (source, index) = schedule[position]
        return (source, index, sources[source].sampler[index])
    }

    func rows(ofSource source: Int) -> RowSequence { sources[source].rows }
}
