import Models
import TokenShards
import Tokenization

/// The validation splits of the data sets that a run learns from.
struct ValidationSets {
    /// One for each data set; nil where it has no validation split.
    private let evaluators: [(name: String, evaluator: Evaluator?)]

    /// Splits of `data`, whose ids are `vocabulary`'s, scored by `runner` as `configuration` says;
    /// of documents of which a part is learned that part alone.
    init(
        _ data: Mixture, _ configuration: TrainingConfiguration, vocabulary: Vocabulary,
        runner: BatchRunner, part: ScoredPart?
    ) throws {
        evaluators = try data.sources.map { source in
            guard !source.set.shards(of: .validation).isEmpty else { return (source.name, nil) }
            let evaluator = try Evaluator(
                scorer: runner, set: source.set, split: .validation,
                vocabulary: vocabulary, batchSize: configuration.batchSize,
                contextLength: runner.contextLength,
                settings: configuration.evaluationSettings(part: part))
            return (source.name, evaluator)
        }
    }

    /// Whether there is nothing to score.
    var isEmpty: Bool { evaluators.allSatisfy { $0.evaluator == nil } }

    /// Scores all of them: the result for all together and, of several data sets, for each.
    /// O(tokens · context / stride).
    ///
    /// - Parameter progress: called with the windows done of a data set and its windows in all;
    ///   says whether to go on.
    /// - Returns: nil if `progress` ended it.
    func evaluate(
        progress: (Int, Int) -> Bool
    ) -> (total: EvaluationResult, sources: [SourceResult]?)? {
        var sources: [SourceResult] = []
        for (name, evaluator) in evaluators {
            do {
                let result = try evaluator?.evaluate { done, count in
                    if !progress(done, count) { throw CancellationError() }
                }
                sources.append(SourceResult(name: name, result: result ?? .none))
            } catch {
                return nil
            }
        }
        let total = sources.reduce(into: .none) { $0 += $1.result }
        return (total, sources.count > 1 ? sources : nil)
    }
}
