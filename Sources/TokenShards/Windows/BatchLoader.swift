import Work

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

/// The order in which training sees windows: a permutation for each epoch, made from a key.
///
/// A position is one integer, so a run is resumed by remembering one number, and no list of windows
/// is ever kept. The permutation is a Feistel network on the next power of four, walked until it
/// falls below the count (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002); on
/// average that takes fewer than four steps.
struct WindowSampler: Sendable {
    /// Windows in an epoch.
    let windowCount: Int
    /// Chooses among the orders.
    let seed: UInt64
    private let halfBits: UInt64
    private static let roundCount = 6

    /// An order over `windowCount` windows.
    init(windowCount: Int, seed: UInt64) {
        precondition(windowCount > 0, "there is no window to sample")
        self.windowCount = windowCount
        self.seed = seed
        let bits = UInt64(UInt64.bitWidth - UInt64(windowCount - 1).leadingZeroBitCount)
        halfBits = max(1, (bits + 1) / 2)
    }

    /// The window at `position`: each epoch of `windowCount` positions sees every window once.
    subscript(position: Int) -> Int {
        precondition(position >= 0, "position \(position)")
        let (epoch, index) = position.quotientAndRemainder(dividingBy: windowCount)
        let key = SplitMix64.mix(seed &+ SplitMix64.mix(UInt64(epoch) &+ 1))
        var value = UInt64(index)
        repeat {
            value = permute(value, key)
        } while value >= UInt64(windowCount)
        return Int(value)
    }

    /// A permutation of the numbers below `4^halfBits`.
    private func permute(_ value: UInt64, _ key: UInt64) -> UInt64 {
        let mask = (1 as UInt64) << halfBits &- 1
        var left = value >> halfBits
        var right = value & mask
        for round in 0..<Self.roundCount {
            let next =
                left
                ^ (SplitMix64.mix(right ^ key &+ UInt64(round) &* 0x9E37_79B9_7F4A_7C15) & mask)
            left = right
            right = next
        }
        return left << halfBits | right
    }
}
