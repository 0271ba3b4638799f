import Corpora
import Foundation
import Testing
import Tokenization
import VocabularyLearning
import Work

@testable import Pipeline

/// Learning alike for several sources from their corpora, against learning from their counts.
@Suite struct ParityStageTests {
    private let folder: TemporaryFolder
    private let sources: [CorpusConfiguration]

    init() throws {
        folder = try TemporaryFolder()
        let texts = [
            (0..<400).map { "The mill turned \($0 * $0) times in the day." },
            (0..<20).map { "Die Mühle mahlte \($0) Säcke Roggen und Weizen." },
        ]
        sources = try texts.enumerated().map { [folder] number, lines in
            CorpusConfiguration(
                inputs: [
                    try folder.write("\(number).txt", lines.joined(separator: "\n\n"))
                ], textSeparator: "\n\n", validationFraction: 0.1)
        }
    }

    private var configuration: VocabularyConfiguration {
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 320
        configuration.parity = true
        return configuration
    }

    private func work(
        _ report: @escaping (PipelineEvent) -> Void = { _ in }
    ) -> WorkContext<PipelineEvent> { WorkContext(threadCount: 2, report: report) }

    private func counts(_ name: String) async throws -> [PieceCountsFile] {
        var files: [PieceCountsFile] = []
        for corpus in sources {
            let path = folder.path + "/\(name)\(files.count).counts"
            files.append(
                try await VocabStage.count(
                    corpus: corpus, pattern: .gpt4, memory: nil, path: path, work: work()
                ).counts)
        }
        return files
    }

    @Test func `corpora and counts of them give the same merges, which are fairer`() async throws {
        let trained = try await VocabStage.run(
            corpora: sources, vocabulary: configuration, directory: folder.path + "/trained",
            work: work())
        #expect(trained.progress?.documents == 420)
        let files = try await counts("plain")
        let learned = try VocabStage.learn(
            parity: files, parallel: [], vocabulary: configuration,
            directory: folder.path + "/learned", work: work())
        #expect(try folder.files(in: "learned") == folder.files(in: "trained"))
        #expect(learned.bytesPerToken == trained.bytesPerToken)
        #expect(learned.pieceCount == trained.pieceCount)

        var together = configuration
        together.parity = false
        let plain = try await VocabStage.run(
            corpora: sources, vocabulary: together, directory: folder.path + "/plain",
            work: work())
        #expect(plain.bytesPerToken.isEmpty)
        func germanCount(_ vocabulary: Vocabulary) -> Int {
            var ids: [TokenID] = []
            let text = Array("Die Mühle mahlte 3 Säcke Roggen und Weizen.".utf8)
            BytePairEncoder(vocabulary).encode(text.span, into: &ids)
            return ids.count
        }
        #expect(germanCount(trained.vocabulary) < germanCount(plain.vocabulary))
    }

    @Test func `sources are compared by parallel texts where there are such`() async throws {
        let trained = try await VocabStage.run(
            parity: sources, parallel: sources.reversed(), vocabulary: configuration,
            directory: folder.path + "/trained", work: work())
        let files = try await counts("plain")
        let learned = try VocabStage.learn(
            parity: files, parallel: files.reversed(), vocabulary: configuration,
            directory: folder.path + "/learned", work: work())
        #expect(learned.vocabulary.fingerprint == trained.vocabulary.fingerprint)
        let alone = try VocabStage.learn(
            parity: files, parallel: [], vocabulary: configuration,
            directory: folder.path + "/alone", work: work())
        #expect(alone.vocabulary.fingerprint != trained.vocabulary.fingerprint)
    }

    @Test func `what is not between sources is refused before anything is counted`() async throws {
        var isCounted = false
        let work = work { event in if case .progress = event { isCounted = true } }
        let (first, output) = (sources[0], folder.path + "/vocab")
        await #expect(throws: TokenizationError.self) {
            _ = try await VocabStage.run(
                corpus: first, vocabulary: configuration, directory: output, work: work)
        }
        await #expect(throws: TokenizationError.self) {
            _ = try await VocabStage.run(
                corpora: sources, vocabulary: configuration, directory: output,
                countsPath: folder.path + "/kept", work: work)
        }
        await #expect(throws: TokenizationError.self) {
            _ = try await VocabStage.run(
                parity: sources, parallel: [first], vocabulary: configuration,
                directory: output, work: work)
        }
        for (model, from) in [(VocabularyModel.word, nil), (.bpe, 300)] {
            var other = VocabularyConfiguration(model: model)
            other.parity = true
            other.superwordsFrom = from
            await #expect(throws: TokenizationError.self) {
                _ = try await VocabStage.run(
                    corpora: sources, vocabulary: other, directory: output, work: work)
            }
        }
        #expect(!isCounted)
        #expect(!FileManager.default.fileExists(atPath: output))
    }
}
