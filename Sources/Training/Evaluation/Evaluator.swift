public import Models
public import TokenShards
public import Tokenization

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
    private let vocabulary: Vocabulary

    /// Scores `split` of `set`.
    ///
    /// - Parameters:
    ///   - scorer: computes losses; its batch size and context length set the window.
    ///   - set: the data set.
    ///   - split: the part of it to score.
    ///   - vocabulary: the vocabulary of its ids, which says the bytes that they stand for.
    ///   - batchSize: windows scored at once, at most the scorer's.
    ///   - contextLength: predictions a window, at most the scorer's.
    ///   - settings: how windows are cut and read. A part of documents is scored with documents
    ///     read apart and packed whole. The precision is the scorer's own affair.
    /// - Throws: `ShardError` when the split has no prediction in it.
    public init(
        scorer: any TokenScorer, set: ShardSet, split: Split, vocabulary: Vocabulary,
        batchSize: Int, contextLength: Int, settings: EvaluationSettings = EvaluationSettings()
    ) throws(ShardError) {
        self.scorer = scorer
        self.set = set
        self.split = split
        self.batchSize = batchSize
        self.vocabulary = vocabulary
        part = settings.part
        windows = set.windows(
            in: split, length: contextLength,
            stride: min(settings.stride ?? contextLength, contextLength),
            marksDocuments: settings.masksDocuments)
        wholes =
            part == nil
            ? nil
            : set.rows(
                in: split, packing: settings.packing, length: contextLength, marksDocuments: true)
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
        var documents: DocumentTally?
        return try evaluate(by: &documents, progress: progress)
    }

    /// As ``evaluateBySource(progress:)``, and for each document alone; nil where a part of each is
    /// scored. O(documents) memory.
    public func evaluateByDocument(
        progress: (Int, Int) throws -> Void = { _, _ in }
    ) rethrows -> (
        total: EvaluationResult, sources: [SourceResult], documents: DocumentScores?
    ) {
        var documents = part == nil ? DocumentTally(set, split, vocabulary) : nil
        let (total, sources) = try evaluate(by: &documents, progress: progress)
        return (total, sources, documents?.scores)
    }

    /// Places for tokens that an evaluation reads. O(windows).
    var placeCount: Int {
        if let wholes { return wholes.count * windows.length }
        return windows.scoringWindows().reduce(0) { $0 + $1.length }
    }

    private func evaluate(
        by documents: inout DocumentTally?, progress: (Int, Int) throws -> Void
    ) rethrows -> (total: EvaluationResult, sources: [SourceResult]) {
        let scoring = part == nil ? windows.scoringWindows() : []
        let count = wholes?.count ?? scoring.count
        var total = EvaluationResult.none
        var tally = part == nil ? SourceTally(set, split, vocabulary) : nil
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
                total.byteCount += vocabulary.textByteCount(of: target)
            }
            total.tokenCount += batch.scoredCount
            if part == nil {
                for (row, window) in scoring[done..<next].enumerated() {
                    let places = row * windows.length..<(row + 1) * windows.length
                    tally?.add(window, losses[places], batch.targets[places])
                    documents?.add(window, losses[places], batch.targets[places])
                }
            }
            done = next
            try progress(done, count)
        }
        return (total, tally?.results ?? [])
    }
}
