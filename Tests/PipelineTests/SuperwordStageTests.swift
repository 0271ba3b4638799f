import Corpora
import Foundation
import Testing
import Tokenization
import VocabularyLearning
import Work

@testable import Pipeline

/// Learning of superwords from a corpus, against learning them from counts.
@Suite struct SuperwordStageTests {
    private let folder: TemporaryFolder
    private let text: String

    init() throws {
        folder = try TemporaryFolder()
        text = try folder.write(
            "text.txt",
            (0..<300).map { "The mill by the river turned \($0 * $0) times a day." }
                .joined(separator: "\n\n"))
    }

    private var corpus: CorpusConfiguration {
        CorpusConfiguration(inputs: [text], textSeparator: "\n\n", validationFraction: 0.1)
    }

    private var configuration: VocabularyConfiguration {
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 400
        configuration.superwordsFrom = 330
        return configuration
    }

    private func train(
        _ name: String, _ corpus: CorpusConfiguration? = nil, counts: String? = nil,
        report: @escaping (PipelineEvent) -> Void = { _ in }
    ) async throws -> VocabStage.Outcome {
        try await VocabStage.run(
            corpus: corpus ?? self.corpus, vocabulary: configuration,
            directory: folder.path + "/" + name, countsPath: counts,
            work: WorkContext(threadCount: 2, report: report))
    }

    private func count(_ pattern: SplitPattern, _ name: String) async throws -> PieceCountsFile {
        try await VocabStage.count(
            corpus: corpus, pattern: pattern, memory: nil, path: folder.path + "/" + name,
            work: WorkContext(threadCount: 2)
        ).counts
    }

    @Test func `a corpus and the counts of it give the same superwords`() async throws {
        let trained = try await train("trained").vocabulary
        #expect(trained.pattern == .superbpe && trained.count > 330)
        var ids: [TokenID] = []
        BytePairEncoder(trained).encode(Array("The mill by the river".utf8).span, into: &ids)
        #expect(ids.count < 5)
        _ = try VocabStage.learn(
            await count(.gpt4, "words"), superwords: await count(.superbpe, "texts"),
            vocabulary: configuration, directory: folder.path + "/learned",
            work: WorkContext(threadCount: 1))
        #expect(try folder.files(in: "learned") == folder.files(in: "trained"))
    }

    @Test func `counts of words that are kept are used for superwords too`() async throws {
        let path = folder.path + "/kept.counts"
        #expect(try await train("first", counts: path).progress != nil)
        #expect(try await train("second", counts: path).progress == nil)
        _ = try await train("third")
        #expect(try folder.files(in: "first") == folder.files(in: "second"))
        #expect(try folder.files(in: "first") == folder.files(in: "third"))
    }

    @Test func `what cannot be is refused before the texts are counted`() async throws {
        let path = try await count(.gpt4, "words").path
        var pipe = corpus
        pipe.inputs = ["-"]
        var isCounted = false
        func refused(_ corpus: CorpusConfiguration, counts: String?) async {
            await #expect(throws: (any Error).self) {
                _ = try await train("vocab", corpus, counts: counts) { event in
                    if case .progress = event { isCounted = true }
                }
            }
        }
        await refused(corpus, counts: path)
        await refused(corpus, counts: text)
        await refused(pipe, counts: nil)
        #expect(!isCounted)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/vocab"))
    }

    @Test func `less memory than superwords need is refused`() async throws {
        var configuration = configuration
        configuration.memory = ByteSize(byteCount: 60 << 20)
        let (words, texts) = (try await count(.gpt4, "w"), try await count(.superbpe, "t"))
        let error = #expect(throws: TokenizationError.self) {
            _ = try VocabStage.learn(
                words, superwords: texts, vocabulary: configuration,
                directory: folder.path + "/vocab", work: WorkContext(threadCount: 2))
        }
        guard case .notEnoughMemory? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
