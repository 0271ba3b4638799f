import Models
import TokenShards
import Tokenization

/// The validation splits of the data sets that a run learns from.
struct ValidationSets {
    /// One for each data set; nil where it has no validation split.
    private let evaluators: [(name: String, evaluator: Evaluator?)]
    private let scorer: GroupScorer

    /// Splits of `data`, whose ids are `vocabulary`'s, scored by `scorer` as `configuration` says;
    /// of documents of which a part is learned that part alone.
    init(
        _ data: Mixture, _ configuration: TrainingConfiguration, vocabulary: Vocabulary,
        scorer: GroupScorer, part: ScoredPart?
    ) throws {
        self.scorer = scorer
        evaluators = try data.sources.map { source in
            guard !source.set.shards(of: .validation).isEmpty else { return (source.name, nil) }
            let evaluator = try Evaluator(
                scorer: scorer, set: source.set, split: .validation,
                vocabulary: vocabulary, batchSize: scorer.wantedSize(configuration.batchSize),
                contextLength: scorer.contextLength,
                settings: configuration.evaluationSettings(part: part))
            return (source.name, evaluator)
        }
    }

    /// Places for tokens that an evaluation reads. O(its windows).
    var placeCount: Int { evaluators.reduce(0) { $0 + ($1.evaluator?.placeCount ?? 0) } }

    /// Whether there is nothing to score.
    var isEmpty: Bool { evaluators.allSatisfy { $0.evaluator == nil } }

    /// Scores all of them: the result for all together and, of several data sets, for each.
    /// O(tokens · context / stride).
    ///
    /// - Parameter progress: called with the windows done of a data set and its windows in all;
    ///   says whether to go on.
    /// - Returns: nil if `progress` ended it.
    /// - Throws: what `progress` throws, and where other processes are lost.
    func evaluate(
        progress: (Int, Int) throws -> Bool
    ) throws -> (total: EvaluationResult, sources: [SourceResult]?)? {
        var sources: [SourceResult] = []
        for (name, evaluator) in evaluators {
            do {
                let result = try evaluator?.evaluate { done, count in
                    if let fault = scorer.fault { throw fault }
                    if try !progress(done, count) { throw CancellationError() }
                }
                sources.append(SourceResult(name: name, result: result ?? .none))
            } catch is CancellationError {
                return nil
            }
        }
        let total = sources.reduce(into: .none) { $0 += $1.result }
        return (total, sources.count > 1 ? sources : nil)
    }
}
