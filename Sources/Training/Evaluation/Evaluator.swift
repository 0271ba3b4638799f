public import Models
public import TokenShards

/// Scores a split with a sliding window.
public struct Evaluator {
    private let scorer: any TokenScorer
    private let set: ShardSet
    private let split: Split
    private let batchSize: Int
    private let windows: WindowSequence
    /// Whole documents, packed as for training, where a part of each is scored.
    private let wholes: RowSequence?
    private let part: ScoredPart?

    /// Scores `split` of `set`.
    ///
    /// - Parameters:
    ///   - scorer: computes losses; its batch size and context length set the window.
    ///   - set: the data set.
    ///   - split: the part of it to score.
    ///   - batchSize: windows scored at once, at most the scorer's.
    ///   - contextLength: predictions a window, at most the scorer's.
    ///   - stride: new predictions a window; the rest is context that another window scores.
    ///   - masksDocuments: whether each document is read apart from those before it in a window, as
    ///     a model that was trained so expects.
    ///   - part: the part of each document that is scored, documents being read apart; nil for
    ///     all of it.
    /// - Throws: `ShardError` when the split has no prediction in it.
    public init(
        scorer: any TokenScorer, set: ShardSet, split: Split, batchSize: Int, contextLength: Int,
        stride: Int, masksDocuments: Bool = false, part: ScoredPart? = nil
    ) throws(ShardError) {
        self.scorer = scorer
        self.set = set
        self.split = split
        self.batchSize = batchSize
        self.part = part
        windows = set.windows(
            in: split, length: contextLength, stride: min(stride, contextLength),
            marksDocuments: masksDocuments)
        wholes =
            part == nil
            ? nil
            : set.rows(
                in: split, packing: .bestFit, length: contextLength, marksDocuments: true)
        let tokens = set.manifest.totals(of: split).tokens
        guard tokens > set.shards(of: split).count else {
            throw .tooFewTokens(split: split.rawValue, tokenCount: tokens, needed: 2)
        }
    }

    /// Scores every token but each shard's first, each once, or those of the part that is scored.
    /// O(tokens · context / stride).
    ///
    /// - Parameter progress: called with the windows done and the windows in all; ends the work by
    ///   an error.
    public func evaluate(
        progress: (Int, Int) throws -> Void = { _, _ in }
    ) rethrows -> EvaluationResult {
        try evaluateBySource(progress: progress).total
    }

    /// As ``evaluate(progress:)``, and for each source of text alone, where there are several and
    /// the data set knows which documents are whose. An end-of-text token counts for the document
    /// that it belongs to.
    public func evaluateBySource(
        progress: (Int, Int) throws -> Void = { _, _ in }
    ) rethrows -> (total: EvaluationResult, sources: [SourceResult]) {
        let scoring = part == nil ? windows.scoringWindows() : []
        let count = wholes?.count ?? scoring.count
        var total = EvaluationResult(
            tokenCount: 0,
            byteCount: part == nil ? set.manifest.totals(of: split).bytes : 0, totalLoss: 0)
        var tally = part == nil ? SourceTally(set, split) : nil
        var done = 0
        while done < count {
            let next = min(done + batchSize, count)
            var batch: Batch
            if let part, let wholes {
                batch = wholes.batch(of: done..<next, batchSize: batchSize)
                batch.score(only: part)
            } else {
                batch = windows.batch(of: scoring[done..<next], batchSize: batchSize)
            }
            let losses = scorer.tokenLosses(
                inputs: batch.inputs.span, targets: batch.targets.span,
                documentStarts: batch.documentStarts)
            // One after the other in double precision, so that the sum is the same everywhere.
            for (loss, target) in zip(losses, batch.targets) where target != .ignored {
                total.totalLoss += Double(loss)
                if let part { total.byteCount += part.textByteCount(of: target) }
            }
            total.tokenCount += batch.scoredCount
            if part == nil {
                for (row, window) in scoring[done..<next].enumerated() {
                    tally?.add(window, losses[row * windows.length..<(row + 1) * windows.length])
                }
            }
            done = next
            try progress(done, count)
        }
        return (total, tally?.results ?? [])
    }
}
