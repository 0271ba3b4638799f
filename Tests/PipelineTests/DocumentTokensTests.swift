import Corpora
import Foundation
import Models
import Testing
import TokenShards
import Tokenization
import Training
import Work

@testable import Pipeline

/// `begin_token` and `end_token`, from a corpus to a checkpoint.
@Suite struct DocumentTokensTests {
    private let folder: TemporaryFolder
    private let vocabulary: Vocabulary

    init() throws {
        folder = try TemporaryFolder()
        vocabulary = try TinyModel.vocabulary().adding(specialTokens: ["<s>", "</s>"])
    }

    private func encode(_ name: String, threads: Int, end: String = "</s>") async throws {
        let lines = (0..<400).map { "the mill turns \($0 % 17) stones and grinds \($0) corn" }
        var corpus = CorpusConfiguration(
            inputs: [try folder.write("corpus.txt", lines.joined(separator: "\n"))],
            documents: .line, validationFraction: 0.1)
        corpus.onError = .fail
        var shards = ShardConfiguration()
        (shards.beginToken, shards.endToken) = ("<s>", end)
        _ = try await EncodeStage.run(
            corpus: corpus, vocabulary: vocabulary, shards: shards,
            directory: folder.path + "/" + name, work: WorkContext(threadCount: threads))
    }

    @Test func `threads change nothing, and a token that is not there is refused by name`()
        async throws
    {
        try await encode("one", threads: 1)
        try await encode("two", threads: 2)
        #expect(try folder.files(in: "one") == folder.files(in: "two"))
        let set = try ShardSet(directory: folder.path + "/one", vocabulary: vocabulary)
        try await set.verify(decodingWith: vocabulary)
        let known = vocabulary.specialTokens.map(\.content)
        await #expect(throws: TokenizationError.unknownSpecialToken("</x>", known: known)) {
            try await encode("three", threads: 1, end: "</x>")
        }
    }

    @Test func `a checkpoint begins texts with the one and ends them with the other`() async throws
    {
        try await encode("set", threads: 1)
        let set = try ShardSet(directory: folder.path + "/set", vocabulary: vocabulary)
        var shape = GPTConfiguration(.gpt2)
        (shape.layerCount, shape.headCount, shape.embeddingSize) = (1, 1, 8)
        (shape.positionCount, shape.vocabularySize) = (32, vocabulary.count)
        var recipe = TrainingConfiguration(optimizer: .adamW)
        (recipe.steps, recipe.batchSize, recipe.warmupSteps) = (2, 2, 1)
        let directory = folder.path + "/run"
        _ = try await Trainer(
            model: shape, configuration: recipe, set: set, vocabulary: vocabulary,
            surroundings: .init(runDirectory: directory, existing: .refuse)
        ).run()
        let checkpoint = try CheckpointStore.soundModelDirectory(at: directory)
        let model = try ModelDirectory(path: checkpoint)
        #expect(model.endToken == vocabulary.specialToken("</s>"))
        let own = try Vocabulary(directory: checkpoint)
        #expect(own.textPrefix == [vocabulary.specialToken("<s>")].compactMap(\.self))
    }
}
