/// Rows of tokens and, beside each token, the one that follows it.
public struct Batch: Equatable, Sendable {
    /// A target that is not scored.
    public static let ignored: Int32 = -1

    /// Rows.
    public let batchSize: Int  // B
    /// Tokens a row.
    public let contextLength: Int  // T
    /// What the model reads: shape (B, T).
    public internal(set) var inputs: [Int32]
    /// What it is to predict: shape (B, T); ``ignored`` where nothing is scored.
    public internal(set) var targets: [Int32]
    /// For each input the number, in its row, of the first token of its document that the row has:
    /// shape (B, T); nil where documents are not told apart. An end-of-text token belongs to the
    /// document that it stands before or after.
    public internal(set) var documentStarts: [Int32]?
    /// Targets that are scored.
    public internal(set) var scoredCount: Int

    /// A batch of which nothing is scored yet.
    init(batchSize: Int, contextLength: Int, marksDocuments: Bool) {
        self.batchSize = batchSize
        self.contextLength = contextLength
        inputs = Array(repeating: 0, count: batchSize * contextLength)
        targets = Array(repeating: Self.ignored, count: batchSize * contextLength)
        documentStarts =
            marksDocuments ? Array(repeating: 0, count: batchSize * contextLength) : nil
        scoredCount = 0
    }

    /// Puts a window into row `row`. What a short window leaves free is neither read nor scored: it
    /// lies behind all that is scored, where causal attention does not look.
    mutating func fill(row: Int, from window: Window, of shard: TokenShard) {
        precondition(window.length <= contextLength, "the window is longer than the context")
        let base = row * contextLength
        let end = window.start + window.length
        shard.copyTokens(window.start..<end, into: &inputs, at: base)
        shard.copyTokens(
            window.start + window.alreadyScored + 1..<end + 1, into: &targets,
            at: base + window.alreadyScored)
        scoredCount += window.length - window.alreadyScored
        markDocuments(row: row, from: window, of: shard)
    }

    private mutating func markDocuments(row: Int, from window: Window, of shard: TokenShard) {
        guard documentStarts != nil, shard.documentCount > 0 else { return }
        var document = shard.document(containing: window.start)
        var start = 0
        for position in 0..<contextLength {
            while document + 1 < shard.documentCount,
                window.start + position >= shard.document(document + 1).firstToken
            {
                document += 1
                start = position
            }
            documentStarts?[row * contextLength + position] = Int32(start)
        }
    }
}

/// Makes batches from windows.
///
/// A value without state: a batch is a function of the windows, the seed and its position, so it can
/// be made on any thread, ahead of time, and again after a crash.
public struct BatchLoader: Sendable {
    private let windows: WindowSequence
    /// The windows that are drawn from; nil for the full ones of the sequence.
    private let listed: [Window]?
    private let sampler: WindowSampler
    /// Rows a batch.
    public let batchSize: Int

    /// Batches of `batchSize` windows in the sampler's order.
    ///
    /// - Parameter wholeDocuments: whether they are those of whole documents:
    ///   ``WindowSequence/wholeDocumentWindows()``.
    public init(
        windows: WindowSequence, wholeDocuments: Bool = false, batchSize: Int, seed: UInt64
    ) throws(ShardError) {
        listed = wholeDocuments ? windows.wholeDocumentWindows() : nil
        windowCount = listed?.count ?? windows.count
        guard windowCount > 0 else {
            throw .tooFewTokens(
                split: Split.train.rawValue,
                tokenCount: windows.shards.map(\.tokenCount).max() ?? 0, needed: windows.length + 1)
        }
        self.windows = windows
        self.batchSize = batchSize
        sampler = WindowSampler(windowCount: windowCount, seed: seed)
    }

    /// Windows in an epoch.
    public let windowCount: Int

    /// The batch of the windows at `position ..< position + batchSize`, positions being counted from
    /// 0 over all epochs. O(B·T).
    public func batch(at position: Int) -> Batch {
        var batch = Batch(
            batchSize: batchSize, contextLength: windows.length,
            marksDocuments: windows.marksDocuments)
        for row in 0..<batchSize {
            let window = window(at: position + row)
            batch.fill(row: row, from: window, of: shard(of: window))
        }
        return batch
    }

    /// The window at `position`.
    func window(at position: Int) -> Window {
        let number = sampler[position]
        return listed?[number] ?? windows[number]
    }

    func shard(of window: Window) -> TokenShard { windows.shards[window.shard] }
}

extension WindowSequence {
    /// A batch of given windows, at most `batchSize` of them; rows without one are not scored.
    public func batch(of windows: ArraySlice<Window>, batchSize: Int) -> Batch {
        precondition(windows.count <= batchSize, "more windows than rows")
        var batch = Batch(
            batchSize: batchSize, contextLength: length, marksDocuments: marksDocuments)
        for (row, window) in windows.enumerated() {
            batch.fill(row: row, from: window, of: shards[window.shard])
        }
        return batch
    }
}
