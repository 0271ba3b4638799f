import Bytes
import Files
import Foundation
import Models
import TokenShards
import Tokenization
import Training
import VocabularyLearning
import Work

/// Shards of a small text and a model small enough to train in a moment.
final class TrainingFixture {
    let directory: String
    let vocabulary: Vocabulary
    let set: ShardSet

    init(endOfText: EndOfTextPolicy = .before, vocabularySize: Int = 280) throws {
        directory = NSTemporaryDirectory() + "quern-training-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        let documents = (0..<60).map { number in
            Array(
                "The mill turns and the \(number % 7) stones grind the corn of day \(number).".utf8)
        }
        let counter = PieceCounter(.gpt4)
        for document in documents { counter.count(document.span) }
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = vocabularySize
        vocabulary = try VocabularyTrainer(configuration).train(counter.takeCounts())
        var shards = ShardConfiguration()
        shards.endOfText = endOfText
        var writer = try ShardWriter(
            directory: directory + "/shards", vocabulary: vocabulary, configuration: shards)
        let encoder = BytePairEncoder(vocabulary)
        for (number, document) in documents.enumerated() {
            var ids: [TokenID] = []
            encoder.encode(document.span, into: &ids)
            try writer.append(ids.span, to: number % 6 == 5 ? .validation : .train)
        }
        _ = try writer.finish()
        set = try ShardSet(directory: directory + "/shards", vocabulary: vocabulary)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    static var model: GPTConfiguration {
        var model = GPTConfiguration(.gpt2)
        model.layerCount = 2
        model.headCount = 2
        model.embeddingSize = 16
        model.positionCount = 16
        return model
    }

    static var configuration: TrainingConfiguration {
        var configuration = TrainingConfiguration(optimizer: .adamW)
        configuration.schedule = .cosine
        configuration.decayFraction = 0.2
        configuration.finalLearningRateRatio = 0.1
        configuration.masksDocuments = false
        configuration.steps = 12
        configuration.batchSize = 4
        configuration.warmupSteps = 3
        configuration.evaluateEvery = 4
        configuration.checkpointEvery = 5
        configuration.gradientAccumulationSteps = 2
        return configuration
    }

    func trainer(
        _ run: String, configuration: TrainingConfiguration = TrainingFixture.configuration,
        model: any ModelShape = TrainingFixture.model, threadCount: Int = 2,
        existing: Trainer.ExistingRun = .refuse,
        drawSamples: Trainer.Surroundings.SampleDrawer? = nil
    ) throws -> Trainer {
        try Trainer(
            model: model, configuration: configuration, set: set, vocabulary: vocabulary,
            surroundings: Trainer.Surroundings(
                runDirectory: path(run), existing: existing, drawSamples: drawSamples),
            work: WorkContext(threadCount: threadCount))
    }

    func path(_ name: String) -> String { directory + "/" + name }

    /// The bytes of every file of a run's newest checkpoint.
    func latest(of run: String) throws -> [String: Data] {
        let directory = path(run) + "/checkpoints/latest"
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            files[name] = FileManager.default.contents(atPath: directory + "/" + name)
        }
        return files
    }
}
