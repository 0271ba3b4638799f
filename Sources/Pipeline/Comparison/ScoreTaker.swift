import Foundation
import Models
import TokenShards
import Tokenization
import Training
import Work

/// Takes the scores of a comparison's models, of each in the same way.
struct ScoreTaker {
    private let configuration: ComparisonConfiguration
    private let vocabulary: Vocabulary
    private let data: Mixture
    private let work: WorkContext<PipelineEvent>
    private let length: Int

    /// Windows that are scored at once.
    private static let batchSize = 8

    init(
        _ configuration: ComparisonConfiguration, _ vocabulary: Vocabulary, _ data: Mixture,
        _ work: WorkContext<PipelineEvent>
    ) {
        self.configuration = configuration
        self.vocabulary = vocabulary
        self.data = data
        self.work = work
        length = configuration.windowLength
    }

    /// Scores of a trained network.
    func scores(
        of model: any LanguageModel, _ entry: ComparisonConfiguration.Entry,
        _ network: PipelineConfiguration, summary: TrainingSummary
    ) throws -> ModelScores {
        let team = ThreadTeam(threadCount: work.threadCount)
        let runner = BatchRunner(
            model: model, batchSize: Self.batchSize, contextLength: length, team: team,
            kernels: .best(network.training.precision))
        let pass = model.makeInferencePass(
            weights: .float32, textCount: 1, team: team, kernels: .best)
        let state = pass.makeState(capacity: length)
        let speed = try tokensPerSecond { token in
            pass.step([token], [state])
            return pass.withLogits { Sampler.likeliest(in: $0) }
        }
        let shape = model.configuration
        let operations =
            shape.trainingOperationsPerToken
            * Double(summary.steps * network.training.windowsPerStep * length)
        return ModelScores(
            name: entry.name, architecture: shape.architectureName,
            size: shape.facts.map { "\($0.title) \($0.value)" }.joined(separator: ", "),
            parameterCount: shape.layout.parameterCount,
            nonEmbeddingParameterCount: shape.nonEmbeddingParameterCount, steps: summary.steps,
            tokenCount: summary.tokenCount, operationCount: operations,
            trainingSeconds: summary.trainingSeconds,
            validation: try validation(runner, network.training),
            curves: try curves(runner), generatedTokensPerSecond: speed,
            trainingByteCount: MemoryPlan(
                shape: shape, configuration: network.training, threadCount: work.threadCount
            ).total,
            generationByteCount: pass.weightByteCount + shape.stateByteCount(tokenCount: length))
    }

    /// Scores of n-grams of up to `order` tokens, which are counted first.
    func scores(
        ofNGrams order: Int, _ entry: ComparisonConfiguration.Entry
    ) throws -> ModelScores {
        let training = configuration.pipeline.training
        let start = ContinuousClock.now
        let (model, tokenCount) = try NGramModel.counted(
            from: data.sources.map(\.set), order: order, masksDocuments: training.masksDocuments
        ) { done, total in
            try work.show("counting n-grams", completed: done, of: total, unit: .tokens)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if tokenCount < data.totals(of: .train).tokens {
            work.report(
                .notice(
                    "\(entry.name) was counted from the first \(tokenCount) tokens, for which "
                        + "the memory suffices"))
        }
        let scorer = NGramScorer(model, batchSize: Self.batchSize, contextLength: length)
        var state = NGramModel.State()
        let speed = try tokensPerSecond { token in
            model.read(token, into: &state)
            let all = model.probabilities(after: state)
            return TokenID(all.indices.max { all[$0] < all[$1] } ?? 0)
        }
        return ModelScores(
            name: entry.name, architecture: ComparisonConfiguration.countedArchitecture,
            size: "order \(order)", parameterCount: model.counts.reduce(0, +),
            tokenCount: tokenCount, trainingSeconds: seconds,
            validation: try validation(scorer, training), curves: try curves(scorer),
            generatedTokensPerSecond: speed, trainingByteCount: model.byteCount,
            generationByteCount: model.byteCount)
    }

    /// Scores of all validation splits, read as the recipe says.
    private func validation(
        _ scorer: any TokenScorer, _ training: TrainingConfiguration
    ) throws -> EvaluationResult {
        try data.sources.map(\.set).filter { !$0.shards(of: .validation).isEmpty }
            .reduce(into: .none) { result, set in
                try work.checkStop()
                result += try Evaluator(
                    scorer: scorer, set: set, split: .validation, vocabulary: vocabulary,
                    batchSize: Self.batchSize, contextLength: length,
                    settings: training.evaluationSettings(part: nil)
                ).evaluate { done, count in
                    work.report(.training(.evaluating(completedWindows: done, windowCount: count)))
                }
            }
    }

    private func curves(_ scorer: any TokenScorer) throws -> LossCurves {
        try LossCurves(
            [.byPosition, .byContext], scorer: scorer, sets: data.sources.map(\.set),
            split: .validation, windowLimit: configuration.windowLimit, work: work)
    }

    /// Tokens a second of a text that begins with token 0 and goes on with what `next` makes of
    /// each, until a window is full.
    private func tokensPerSecond(_ next: (TokenID) -> TokenID) throws -> Double {
        var token = next(0)
        let start = ContinuousClock.now
        for _ in 1..<max(2, length) {
            try work.checkStop()
            token = next(token)
        }
        return Double(max(2, length) - 1) / max((ContinuousClock.now - start) / .seconds(1), 1e-9)
    }
}
