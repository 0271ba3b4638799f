import Corpora
import Foundation
import Testing
import Tokenization
import Training
import VocabularyLearning
import Work

@testable import Pipeline

@Suite struct VocabStageTests {
    private let folder: TemporaryFolder
    private let halves: [String]

    init() throws {
        folder = try TemporaryFolder()
        halves = try (0..<2).map { [folder] half in
            let text = (0..<400).map { number in
                "Half \(half), day \(number): the mill turned \(number * number) times."
            }.joined(separator: "\n\n")
            return try folder.write("half\(half).txt", text)
        }
    }

    private func corpus(_ inputs: [String]) -> CorpusConfiguration {
        CorpusConfiguration(inputs: inputs, textSeparator: "\n\n", validationFraction: 0.1)
    }

    private var configuration: VocabularyConfiguration {
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 330
        configuration.tieRule = .bytes
        configuration.maximumTokenLength = 6
        return configuration
    }

    private func train(
        _ name: String, counts: String? = nil, report: @escaping (PipelineEvent) -> Void = { _ in }
    ) async throws -> VocabStage.Outcome {
        try await VocabStage.run(
            corpus: corpus(halves), vocabulary: configuration,
            directory: folder.path + "/" + name, countsPath: counts,
            work: WorkContext(threadCount: 2, report: report))
    }

    private func count(_ inputs: [String], _ name: String) async throws -> String {
        let path = folder.path + "/" + name
        _ = try await VocabStage.count(
            corpus: corpus(inputs), pattern: .gpt4, memory: nil, path: path,
            work: WorkContext(threadCount: 2))
        return path
    }

    @Test func `special tokens in a corpus are left out where that is wished`() async throws {
        let lines = (0..<200).map { "the mill\($0 % 9)<|endoftext|>turned \($0) times" }
        func learned(
            _ name: String, _ lines: [String], _ excluded: SpecialTokenPolicy, counts: String? = nil
        ) async throws -> UInt64 {
            let path = try folder.write("\(name).txt", lines.joined(separator: "\n"))
            var configuration = configuration
            configuration.excludeSpecial = excluded
            let corpus = CorpusConfiguration(
                inputs: [path], documents: .line, validationFraction: 0)
            return try await VocabStage.run(
                corpus: corpus, vocabulary: configuration, directory: folder.path + "/" + name,
                countsPath: counts, overwrites: true, work: WorkContext(threadCount: 2)
            ).vocabulary.fingerprint
        }
        let parts = lines.flatMap { $0.components(separatedBy: "<|endoftext|>") }
        let expected = try await learned("parts", parts, .none)
        #expect(try await learned("all", lines, .all) == expected)
        #expect(try await learned("named", lines, .only(["<|endoftext|>"])) == expected)
        let plain = try await learned("plain", lines, .none)
        #expect(plain != expected)
        // Counts that are kept are those of what was left out.
        let counts = folder.path + "/kept.counts"
        #expect(try await learned("kept", lines, .none, counts: counts) == plain)
        #expect(try await learned("kept", lines, .all, counts: counts) == expected)
        #expect(try await learned("kept", lines, .all, counts: counts) == expected)
    }

    @Test func `halves that are counted, merged and learned from are trained on in one go`()
        async throws
    {
        let parts = [try await count([halves[1]], "b"), try await count([halves[0]], "a")]
        let merged = try VocabStage.mergeCounts(
            parts, path: folder.path + "/merged", work: WorkContext())
        let whole = try await count(halves, "whole")
        let files = FileManager.default
        #expect(files.contents(atPath: whole) == files.contents(atPath: merged.path))

        _ = try VocabStage.learn(
            merged, vocabulary: configuration, directory: folder.path + "/learned",
            work: WorkContext())
        let trained = try await train("trained")
        #expect(try folder.files(in: "learned") == folder.files(in: "trained"))
        #expect(trained.pieceCount == merged.pieceCount)
        #expect(trained.progress?.documents == 800)
    }

    @Test func `counts that are kept are used until the corpus changes`() async throws {
        let path = folder.path + "/kept.counts"
        #expect(try await train("first", counts: path).progress != nil)
        #expect(try await train("second", counts: path).progress == nil)
        #expect(try folder.files(in: "first") == folder.files(in: "second"))

        _ = try folder.write("half1.txt", "Another text altogether.")
        var notices: [String] = []
        let changed = try await train("third", counts: path) { event in
            if case .notice(let text) = event { notices.append(text) }
        }
        #expect(changed.progress != nil)
        #expect(notices.count == 1 && notices[0].contains(path))
        _ = try await train("fourth")
        #expect(try folder.files(in: "third") == folder.files(in: "fourth"))
    }

    @Test func `counts whose writing did not come to its end are made anew`() async throws {
        let path = folder.path + "/kept.counts"
        _ = try await train("first", counts: path)
        _ = try folder.write("half1.txt", "Another text altogether.")
        // As a crash would leave it: the counts of the text before, and a record that others are
        // coming.
        try KeptCounts(path: path, corpora: [corpus(halves)], pattern: configuration.pattern)
            .begin()
        for name in ["second", "third"] {
            #expect(try await (train(name, counts: path).progress != nil) == (name == "second"))
        }
        _ = try await train("fourth")
        #expect(try folder.files(in: "second") == folder.files(in: "fourth"))
    }

    @Test func `counts that were made in another way are not replaced`() async throws {
        let path = try await count([halves[0]], "half.counts")
        let before = FileManager.default.contents(atPath: path)
        await #expect(throws: PipelineError.foreignCounts(path: path)) {
            _ = try await train("vocab", counts: path)
        }
        #expect(FileManager.default.contents(atPath: path) == before)
    }

    @Test func `a corpus of which everything is set aside is refused`() async throws {
        var corpus = corpus(halves)
        corpus.validationFraction = 1
        await #expect(throws: PipelineError.nothingToLearn) {
            _ = try await VocabStage.run(
                corpus: corpus, vocabulary: configuration, directory: folder.path + "/vocab",
                work: WorkContext(threadCount: 2))
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/vocab"))
    }

    @Test func `work that is interrupted leaves nothing`() async throws {
        let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let stop = StopSignal()
        await #expect(throws: PipelineError.interrupted) {
            _ = try await VocabStage.count(
                corpus: corpus(halves), pattern: .gpt4, memory: nil,
                path: folder.path + "/counts",
                work: WorkContext(threadCount: 2, stop: stop) { _ in stop.request() })
        }
        let late = StopSignal()
        var configuration = configuration
        configuration.vocabularySize = 3_000
        configuration.minimumFrequency = 1
        await #expect(throws: PipelineError.interrupted) {
            _ = try await VocabStage.run(
                corpus: corpus(halves), vocabulary: configuration,
                directory: folder.path + "/vocab",
                work: WorkContext(threadCount: 1, stop: late) { event in
                    if case .progress(let progress) = event, progress.unit == .merges {
                        late.request()
                    }
                })
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)
    }

    @Test func `less memory than counting needs is refused`() async throws {
        var configuration = configuration
        configuration.memory = ByteSize(byteCount: 1 << 20)
        await #expect(throws: PipelineError.self) {
            _ = try await VocabStage.run(
                corpus: corpus(halves), vocabulary: configuration,
                directory: folder.path + "/vocab", work: WorkContext(threadCount: 2))
        }
    }

    @Test func `less memory than learning needs is refused with the figure`() throws {
        var counts = PieceCounts()
        for number in 0..<150_000 {
            try counts.add(Array("a word with \(number)".utf8).span)
        }
        let path = folder.path + "/many.counts"
        let file = try PieceCountsFile.write(counts, pattern: .gpt4, to: path)
        var configuration = configuration
        configuration.memory = ByteSize(byteCount: 48 << 20)
        let error = #expect(throws: TokenizationError.self) {
            _ = try VocabStage.learn(
                file, vocabulary: configuration, directory: folder.path + "/vocab",
                work: WorkContext())
        }
        guard case .notEnoughMemory(let needed, let limit, let pieceCount) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect((60 << 20)...(90 << 20) ~= needed.byteCount)
        #expect(limit.byteCount == 48 << 20)
        #expect(pieceCount == 150_000)
    }
}
