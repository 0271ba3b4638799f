import Foundation
import Models
import Pipeline
import Testing
import TokenShards
import Tokenization
import Training
import Work

@Suite struct EvaluateStageTests {
    /// The figures of an evaluation in `metrics.jsonl`.
    private struct Figures: Decodable {
        let validation_loss: Double
        let bits_per_byte: Double
    }

    private let folder: TemporaryFolder
    private let vocabulary: Vocabulary
    private let encoder: BytePairEncoder
    private let chat: ChatTemplate
    private let pairs: PairTemplate

    init() throws {
        folder = try TemporaryFolder()
        pairs = try PairTemplate(extending: TinyModel.vocabulary())
        chat = try ChatTemplate(
            pairs.vocabulary.adding(specialTokens: ChatTemplate.specialTokens))
        vocabulary = chat.vocabulary
        encoder = BytePairEncoder(vocabulary)
    }

    /// Shards of 40 documents, every fourth of them held out.
    private func shards(
        _ name: String, _ endOfText: EndOfTextPolicy, _ document: (Int) throws -> [TokenID]
    ) throws -> ShardSet {
        var configuration = ShardConfiguration()
        configuration.endOfText = endOfText
        let directory = folder.path + "/" + name
        var writer = try ShardWriter(
            directory: directory, vocabulary: vocabulary, configuration: configuration)
        for number in 0..<40 {
            let ids = try document(number)
            try writer.append(ids.span, to: number % 4 == 3 ? .validation : .train)
        }
        _ = try writer.finish()
        return try ShardSet(directory: directory, vocabulary: vocabulary)
    }

    private func ids(_ text: String) -> [TokenID] {
        var ids: [TokenID] = []
        encoder.encode(Array(text.utf8).span, into: &ids)
        return ids
    }

    private func texts() throws -> ShardSet {
        try shards("texts", .after) { ids("the mill turns \($0 * $0) stones and grinds the corn") }
    }

    private func conversations() throws -> ShardSet {
        try shards("chat", .none) { number in
            var ids: [TokenID] = []
            try chat.encode(
                [
                    ChatMessage(role: .user, content: "day \(number)?"),
                    ChatMessage(role: .assistant, content: "the mill turns \(number % 3)"),
                ], with: encoder, into: &ids)
            return ids
        }
    }

    private static var recipe: TrainingConfiguration {
        var recipe = TrainingConfiguration(optimizer: .adamW)
        recipe.masksDocuments = false
        (recipe.steps, recipe.batchSize, recipe.warmupSteps) = (2, 4, 1)
        return recipe
    }

    private static var decoder: GPTConfiguration {
        var shape = GPTConfiguration(.gpt2)
        (shape.layerCount, shape.headCount, shape.embeddingSize) = (1, 2, 16)
        shape.positionCount = 48
        return shape
    }

    /// What training has found at its end, from its metrics too, and what evaluation finds of the
    /// checkpoint.
    private func trainAndEvaluate(
        _ shape: any ModelShape, _ recipe: TrainingConfiguration, _ set: ShardSet,
        template: ChatTemplate? = nil,
        asked: EvaluationReading.Request = EvaluationReading.Request()
    ) async throws -> (
        training: EvaluationResult, evaluation: EvaluationResult, reading: EvaluationReading
    ) {
        let run = folder.path + "/run"
        try? FileManager.default.removeItem(atPath: run)
        let trainer = try Trainer(
            model: shape, configuration: recipe, set: set, vocabulary: vocabulary,
            template: template.map { ConversationTemplate($0) },
            surroundings: Trainer.Surroundings(runDirectory: run, existing: .refuse),
            work: WorkContext(threadCount: 2))
        let summary = try await trainer.run()
        let training = try #require(summary.validation)
        let metrics = try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8)
        let line = try #require(metrics.split(separator: "\n").last { $0.contains("perplexity") })
        // Foundation's JSONSerialization reads some numbers one bit off.
        let figures = try JSONDecoder().decode(Figures.self, from: Data(line.utf8))
        #expect(figures.validation_loss == training.loss)
        #expect(figures.bits_per_byte == training.bitsPerByte)
        let found = try EvaluateStage.run(
            modelDirectory: run + "/checkpoints/latest", shardDirectories: [set.directory],
            split: .validation, asked: asked, batchSize: 3, work: WorkContext(threadCount: 1))
        return (training, found.total, found.reading)
    }

    @Test("a checkpoint has the figure that training gave it, for every way of reading text")
    func texts() async throws {
        let set: ShardSet = try texts()
        let shapes: [any ModelShape] = [
            Self.decoder,
            RecurrentConfiguration(
                architecture: .lstm, layerCount: 1, embeddingSize: 12, positionCount: 48,
                vocabularySize: 0),
        ]
        for shape in shapes {
            for packing in Packing.allCases {
                for masksDocuments in [false, true] {
                    for (stride, precision) in [(nil, Precision.float32), (7, .mixed)] {
                        for carriesState in [false, true] {
                            guard
                                !carriesState
                                    || packing == .concatenate && shape is RecurrentConfiguration
                            else { continue }
                            var recipe = Self.recipe
                            recipe.packing = packing
                            recipe.masksDocuments = masksDocuments
                            recipe.evaluationStride = stride
                            recipe.precision = precision
                            recipe.carriesState = carriesState
                            let found = try await trainAndEvaluate(shape, recipe, set)
                            #expect(found.evaluation == found.training)
                            #expect(found.reading.followsTraining)
                            #expect(found.reading.stride == stride ?? 48)
                            #expect(found.reading.masksDocuments == masksDocuments)
                        }
                    }
                }
            }
        }
    }

    @Test("answers and targets are scored alone where they were learned alone")
    func parts() async throws {
        let conversations: ShardSet = try conversations()
        let tuned = try await trainAndEvaluate(
            Self.decoder, Self.recipe, conversations, template: chat)
        #expect(tuned.evaluation == tuned.training)
        #expect(
            tuned.reading.description
                == "as in training: windows of 48 tokens, packing best-fit, mask documents, "
                + "answers alone")
        var shape = EncoderDecoderConfiguration()
        (shape.layerCount, shape.headCount, shape.embeddingSize) = (1, 2, 16)
        shape.positionCount = 48
        let pairSet = try shards("pairs", .none) { number in
            try pairs.encode(source: "mill \(number)", target: "\(number) mill", with: encoder)
        }
        for precision in Precision.allCases {
            var recipe = Self.recipe
            recipe.precision = precision
            let found = try await trainAndEvaluate(shape, recipe, pairSet)
            #expect(found.evaluation == found.training)
            #expect(found.reading.scored == .targets)
        }
    }

    @Test("what is asked for stands before the recipe, and is said")
    func options() async throws {
        let set: ShardSet = try texts()
        var recipe = Self.recipe
        recipe.masksDocuments = true
        recipe.evaluationStride = 16
        var request = EvaluationReading.Request()
        (request.stride, request.masksDocuments) = (48, false)
        let found = try await trainAndEvaluate(Self.decoder, recipe, set, asked: request)
        #expect(found.evaluation.loss != found.training.loss)
        #expect(found.evaluation.byteCount == found.training.byteCount)
        #expect(
            found.reading.description
                == "as in training but for stride, mask_documents: windows of 48 tokens, stride 48")
        // The same as of the model alone, whose run is not known.
        let directory = folder.path + "/run/checkpoints/latest"
        for name in [TrainingState.fileName, "manifest.json"] {
            try FileManager.default.removeItem(atPath: directory + "/" + name)
        }
        let alone = folder.path + "/alone"
        try FileManager.default.copyItem(
            atPath: folder.path + "/run/checkpoints/step-00000002", toPath: alone)
        let foreign = try EvaluateStage.run(
            modelDirectory: alone, shardDirectories: [set.directory], split: .validation,
            batchSize: 3, work: WorkContext(threadCount: 1))
        #expect(foreign.total == found.evaluation)
        #expect(!foreign.reading.followsTraining)
    }
}
