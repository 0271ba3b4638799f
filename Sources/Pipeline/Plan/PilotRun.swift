import Files
import Foundation
import Models
import TokenShards
import Tokenization
import Training
import VocabularyLearning
import Work

/// Two short trainings of a pipeline's model on its corpus or a sample of it, of
/// which nothing is kept.
struct PilotRun {
    /// Bytes of text that one token holds.
    var bytesPerToken: Double
    /// Tokens learned from in a second.
    var tokensPerSecond: Double
    /// Tokens and bits per byte of the shorter and of the longer training.
    var points: [LossLaw.Point]

    /// The fewest steps of the shorter one.
    private static let fewestSteps = 4
    /// How many times as long the longer one is.
    private static let ratio = 3

    /// Learns a vocabulary, encodes the text, and trains for about `seconds`.
    ///
    /// - Parameters:
    ///   - configuration: the recipe, whose steps make no difference.
    ///   - expectedRate: tokens a second that the model is expected to learn from.
    init(
        _ sample: CorpusSample, _ configuration: PipelineConfiguration, seconds: Double,
        expectedRate: Double, work: WorkContext<PipelineEvent>
    ) async throws {
        let place = NSTemporaryDirectory() + "quern-plan-" + UUID().uuidString
        try FileSystem.makeDirectory(place)
        defer { try? FileSystem.removeItem(place) }
        let quiet = WorkContext<PipelineEvent>(threadCount: work.threadCount, stop: work.stop)
        let sources = try sample.sources(of: configuration, in: place)
        let vocabularyPlace = place + "/vocab"
        var learning = configuration.vocabulary
        // A sample of several sources is one corpus.
        if sources.count == 1 { learning.parity = false }
        _ = try await VocabStage.run(
            corpora: sources.map(\.corpus), readsPairs: configuration.readsPairs,
            vocabulary: learning, directory: vocabularyPlace, work: quiet)
        let vocabulary = try configuration.modelVocabulary(vocabularyPlace)
        var sets: [WeightedShards] = []
        for source in sources {
            if configuration.readsPairs {
                _ = try PairEncoding(
                    template: PairTemplate(vocabulary),
                    windowLength: configuration.model.shape.positionCount
                ).run(source.corpus, directory: source.shardDirectory, work: quiet)
            } else {
                _ = try await EncodeStage.run(
                    corpus: source.corpus, vocabulary: vocabulary, shards: ShardConfiguration(),
                    directory: source.shardDirectory, work: quiet)
            }
            sets.append(
                WeightedShards(
                    name: source.name ?? source.shardDirectory,
                    set: try ShardSet(directory: source.shardDirectory, vocabulary: vocabulary),
                    weight: source.weight))
        }
        let data = try Mixture(sets)
        let (train, held) = (data.totals(of: .train), data.totals(of: .validation))
        guard held.tokens > 0 else {
            throw PipelineError.noProposal(
                reason: "there is too little text to hold some out, by which a short training "
                    + "would be scored")
        }
        bytesPerToken = Double(train.bytes + held.bytes) / Double(train.tokens + held.tokens)

        var recipe = configuration.training
        recipe.tasks = nil
        recipe.initFrom = nil
        let tokensPerStep = Double(
            recipe.windowsPerStep * configuration.model.shape.positionCount)
        points = []
        tokensPerSecond = expectedRate
        // A quarter of the time for the first, which also says how many steps fit into the rest.
        for (number, share) in [0.25, 0.75].enumerated() {
            let wish = Int(seconds * share * tokensPerSecond / tokensPerStep)
            recipe.steps = max(
                wish, number == 0 ? Self.fewestSteps : Self.ratio * recipe.steps)
            if number > 0 { recipe.steps = min(recipe.steps, Self.mostSteps) }
            recipe.warmupSteps = min(configuration.training.warmupSteps, recipe.steps / 5)
            let trainer = try Trainer(
                model: configuration.model.shape, configuration: recipe, data: data,
                vocabulary: vocabulary,
                surroundings: Trainer.Surroundings(
                    runDirectory: place + "/run", existing: .overwrite),
                work: work.wrapping(PipelineEvent.training))
            let figures = try await trainer.pilot { done, count in
                try work.show("measuring", completed: done, of: count, unit: .tokens)
            }
            tokensPerSecond = figures.tokensPerSecond
            points.append(
                .init(
                    tokens: Double(figures.tokenCount), bits: figures.validation.bitsPerByte))
        }
    }

    /// The most steps of the longer one.
    private static let mostSteps = 3_000
}
