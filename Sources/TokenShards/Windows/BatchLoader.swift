/// Makes batches from the rows of one data set, or of several in given proportions.
///
/// A value without state: a batch is a function of the rows, the seed and its position, so it can
/// be made on any thread, in any process, ahead of time, and again after a crash.
public struct BatchLoader: Sendable {
    private let sources: [(rows: RowSequence, order: RowOrder)]
    private let schedule: MixtureSchedule
    private let shiftsWindows: Bool
    /// Source and stream of each row of a batch; empty where windows are shuffled.
    private let streams: [(source: Int, stream: Int)]
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

    /// Order of a source's rows.
    private enum RowOrder: Sendable {
        case shuffled(WindowSampler)
        case streams(StreamOrder)
    }

    /// Batches of `batchSize` rows that come from several sources in turn, as `schedule` says. Each
    /// source has an order and epochs of its own.
    ///
    /// - Parameters:
    ///   - sources: the rows of each.
    ///   - schedule: whose turn it is.
    ///   - batchSize: rows a batch.
    ///   - seed: chooses the orders.
    ///   - shiftsWindows: whether windows are cut elsewhere in each epoch after the first, unless
    ///     the rows are streams, each of which goes on where its window before ended.
    ///   - isContinuous: whether the rows are streams, each of one source, and not windows in a
    ///     shuffled order.
    /// - Throws: ``ShardError/tooFewTokens(split:tokenCount:needed:)`` for a source without a row,
    ///   and ``ShardError/tooFewWindows(windowCount:rowCount:)`` for one with fewer rows than
    ///   streams.
    init(
        sources: [RowSequence], schedule: MixtureSchedule, batchSize: Int, seed: UInt64,
        shiftsWindows: Bool = false, isContinuous: Bool = false
    ) throws(ShardError) {
        precondition(sources.count == schedule.sourceCount, "a weight for each source")
        for rows in sources where rows.count == 0 {
            throw .tooFewTokens(
                split: Split.train.rawValue,
                tokenCount: rows.shards.map(\.tokenCount).max() ?? 0, needed: rows.length + 1)
        }
        let rowCounts = isContinuous ? schedule.rowCounts(of: batchSize) : []
        var ordered: [(rows: RowSequence, order: RowOrder)] = []
        for (number, rows) in sources.enumerated() {
            guard isContinuous else {
                // The first source has the order that it would have alone.
                let seed = seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
                let sampler = WindowSampler(windowCount: rows.count, seed: seed)
                ordered.append((rows, .shuffled(sampler)))
                continue
            }
            let streamCount = rowCounts[number]
            guard streamCount > 0 else {
                throw .badMixture(
                    reason: """
                        of \(batchSize) rows that read on, data set \(number + 1) has less than \
                        one: make the batch larger, or its weight
                        """)
            }
            guard rows.count >= streamCount else {
                throw .tooFewWindows(windowCount: rows.count, rowCount: streamCount)
            }
            let order = StreamOrder(windowCount: rows.count, streamCount: streamCount)
            ordered.append((rows, .streams(order)))
        }
        self.sources = ordered
        self.schedule = schedule
        self.shiftsWindows = shiftsWindows && !isContinuous
        self.batchSize = batchSize
        streams = rowCounts.enumerated().flatMap { source, count in
            (0..<count).map { (source, $0) }
        }
    }

    /// Whether each row of a batch goes on where that of the batch before ended.
    public var isContinuous: Bool { !streams.isEmpty }

    /// Rows of one epoch of every source, together.
    public var windowCount: Int {
        sources.reduce(0) { sum, source in
            switch source.order {
            case .shuffled: sum + source.rows.count
            case .streams(let order): sum + order.streamCount * order.length
            }
        }
    }

    /// The share of all places in batches that is not scored: padding, and what is read again as
    /// context; over many batches, of sources in their proportions. O(sources).
    public var unscoredShare: Double {
        zip(sources, schedule.shares).reduce(0) { $0 + $1.0.rows.unscoredShare * $1.1 }
    }

    /// The batch of the rows at `position ..< position + batchSize`, positions being counted from
    /// 0 over all epochs. Where rows are continuous, it is a multiple of `batchSize`. O(B·T).
    public func batch(at position: Int) -> Batch { batch(at: position, rank: 0, of: 1) }

    /// The part of ``batch(at:)`` that one of several processes works on: with `worldSize` of them,
    /// which must divide the batch, rank 0 has its first rows, rank 1 the next, and so on, so that
    /// a position means the same for any number of processes. O(B·T / world size).
    public func batch(at position: Int, rank: Int, of worldSize: Int) -> Batch {
        precondition(
            batchSize % worldSize == 0, "\(worldSize) processes do not divide \(batchSize) rows")
        precondition((0..<worldSize).contains(rank), "rank \(rank) of \(worldSize)")
        precondition(
            !isContinuous || position % batchSize == 0, "streams have no step at \(position)")
        let share = batchSize / worldSize
        let first = sources[0].rows
        var batch = Batch(
            batchSize: share, contextLength: first.length, marksDocuments: first.marksDocuments)
        var continues: [Bool] = []
        for row in 0..<share {
            let place = place(at: position + rank * share + row)
            let rows = sources[place.source].rows
            batch.fill(row: row, from: rows, windows: windows(of: place))
            continues.append(!place.isFirst && rows.continues(at: place.row))
        }
        if isContinuous { batch.continues = continues }
        return batch
    }

    /// The row at `position`: the number of its source, its epoch there, its number in the source,
    /// and the stretches that it is made of.
    public func row(
        at position: Int
    ) -> (source: Int, epoch: Int, number: Int, windows: [Window]) {
        let place = place(at: position)
        return (place.source, place.epoch, place.row, windows(of: place))
    }

    /// The stretches of the row at a place.
    private func windows(
        of place: (source: Int, epoch: Int, row: Int, isFirst: Bool)
    ) -> [Window] {
        sources[place.source].rows.row(place.row, inEpoch: shiftsWindows ? place.epoch : 0)
    }

    /// The row at `position`, and whether a stream of an epoch begins with it.
    private func place(
        at position: Int
    ) -> (source: Int, epoch: Int, row: Int, isFirst: Bool) {
        let (step, number) = position.quotientAndRemainder(dividingBy: batchSize)
        let (source, index) = isContinuous ? streams[number] : schedule[position]
        let (rows, order) = sources[source]
        switch order {
        case .shuffled(let sampler):
            return (source, index / rows.count, sampler[index], true)
        case .streams(let order):
            let place = order[index, step]
            return (source, place.epoch, place.window, place.isFirst)
        }
    }

    func rows(ofSource source: Int) -> RowSequence { sources[source].rows }
}
