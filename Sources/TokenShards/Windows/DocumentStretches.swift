/// Windows that lie within one document, for measurements of what a context is worth.
extension WindowSequence {
    /// Windows that begin at documents' first tokens and end with them, or where they are full.
    /// O(documents).
    ///
    /// - Parameter limit: the most windows; of more documents some are left out, evenly.
    public func documentBeginnings(limit: Int) -> [Window] {
        let documents = documents(longerThan: 1)
        return Self.evenly(documents.count, limit: limit).map { number in
            let (shard, tokens) = documents[number]
            return Window(
                shard: shard, start: tokens.lowerBound, length: min(length, tokens.count - 1),
                alreadyScored: 0)
        }
    }

    /// Windows of `context` tokens within a document, of which the last prediction alone is scored,
    /// at places that are spread evenly over all that there are. O(documents).
    ///
    /// - Parameters:
    ///   - context: tokens of a window, at most ``length``.
    ///   - limit: the most windows.
    public func lastPredictions(context: Int, limit: Int) -> [Window] {
        precondition((1...length).contains(context), "windows of \(context) tokens")
        let documents = documents(longerThan: context)
        let count = documents.reduce(0) { $0 + $1.tokens.count - context }
        var (document, before) = (0, 0)
        return Self.evenly(count, limit: limit).map { place in
            while place - before >= documents[document].tokens.count - context {
                before += documents[document].tokens.count - context
                document += 1
            }
            let (shard, tokens) = documents[document]
            return Window(
                shard: shard, start: tokens.lowerBound + place - before, length: context,
                alreadyScored: context - 1)
        }
    }

    /// The share of all predictions within documents that have `context` tokens of theirs before
    /// them. O(documents).
    public func share(withContext context: Int) -> Double {
        let documents = documents(longerThan: 1)
        let all = documents.reduce(0) { $0 + $1.tokens.count - 1 }
        let such = documents.reduce(0) { $0 + max(0, $1.tokens.count - context) }
        return Double(such) / Double(max(all, 1))
    }

    /// The document that a window begins in, by its number in the window's shard.
    public func document(of window: Window) -> Int {
        shards[window.shard].document(containing: window.start)
    }

    private func documents(longerThan count: Int) -> [(shard: Int, tokens: Range<Int>)] {
        shards.enumerated().flatMap { number, shard in
            (0..<shard.documentCount).map { (number, shard.tokenRange(ofDocument: $0)) }
        }.filter { $0.1.count > count }
    }

    /// Numbers below `count`, all of them or `limit` at even distances.
    private static func evenly(_ count: Int, limit: Int) -> [Int] {
        let limit = min(limit, count)
        return (0..<limit).map { $0 * count / limit }
    }

    /// A batch of rows of several windows each, which are read apart: a window sees none of those
    /// before it in its row.
    ///
    /// - Parameters:
    ///   - rows: at most `batchSize` rows, whose windows together fit the length.
    ///   - batchSize: rows of the batch.
    public func batch(of rows: ArraySlice<[Window]>, batchSize: Int) -> Batch {
        precondition(rows.count <= batchSize, "more rows than the batch has")
        var batch = Batch(batchSize: batchSize, contextLength: length, marksDocuments: true)
        for (row, windows) in rows.enumerated() { batch.fill(row: row, apart: windows, of: shards) }
        return batch
    }
}

extension Window {
    /// The window with its last `count` predictions alone, of which those are scored that it
    /// scores.
    ///
    /// - Precondition: it has so many.
    public func suffix(_ count: Int) -> Window {
        precondition((1...length).contains(count), "\(count) predictions of \(length)")
        return Window(
            shard: shard, start: start + length - count, length: count,
            alreadyScored: max(0, alreadyScored - (length - count)))
    }
}
