import Corpora
import Foundation
import Pipeline
import Testing
import TokenShards
import Tokenization
import Training
import VocabularyLearning
import Work

@Suite struct StageTests {
    private let folder: TemporaryFolder
    private let corpus: CorpusConfiguration

    /// A corpus of several chunks, so that there is something to do at once.
    init() throws {
        folder = try TemporaryFolder()
        var text = ""
        for number in 0..<3_000 {
            text += "Day \(number): the mill turned \(number % 7) times and ground "
            text += String(repeating: "corn and rye, ", count: 4 + number % 50) + "all told.\n\n"
        }
        let path = try folder.write("corpus.txt", text)
        corpus = CorpusConfiguration(
            inputs: [path], textSeparator: "\n\n", validationFraction: 0.1)
    }

    private func vocabularyConfiguration() -> VocabularyConfiguration {
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 320
        return configuration
    }

    private func learn(_ name: String, threads: Int) async throws -> Vocabulary {
        try await VocabStage.run(
            corpus: corpus, vocabulary: vocabularyConfiguration(),
            directory: folder.path + "/" + name, work: WorkContext(threadCount: threads)
        ).vocabulary
    }

    private func encode(_ name: String, _ vocabulary: Vocabulary, threads: Int) async throws
        -> ShardManifest
    {
        var shards = ShardConfiguration()
        shards.tokensPerShard = 50_000
        return try await EncodeStage.run(
            corpus: corpus, vocabulary: vocabulary, shards: shards,
            directory: folder.path + "/" + name,
            work: WorkContext(threadCount: threads))
    }

    @Test func `a vocabulary of several corpora is that of what they do not hold out`() async throws
    {
        // Two corpora that hold out different shares, and share some documents.
        let texts = [
            (0..<700).map { "The mill number \($0) turned \($0 % 9) times by day." },
            (300..<900).map { "let stone\($0 % 40) = grind(corn, \($0))" }
                + (0..<50).map { "The mill number \($0) turned \($0 % 9) times by day." },
        ]
        let fractions = [0.3, 0.6]
        var (corpora, kept) = ([CorpusConfiguration](), [String]())
        for (number, (documents, fraction)) in zip(texts, fractions).enumerated() {
            corpora.append(
                CorpusConfiguration(
                    inputs: [
                        try folder.write("c\(number).txt", documents.joined(separator: "\n"))
                    ],
                    documents: .line, validationFraction: fraction))
            let split = ValidationSplit(fraction: fraction)
            var reader = try CorpusReader(corpora[number])
            while let document = try reader.next() {
                guard !split.isValidation(document.contentHash) else { continue }
                kept.append(String(decoding: document.text, as: UTF8.self))
            }
        }
        #expect(kept.count > 400 && kept.count < 1_000)
        let whole = CorpusConfiguration(
            inputs: [try folder.write("all.txt", kept.joined(separator: "\n"))],
            documents: .line, validationFraction: 0)
        _ = try await VocabStage.run(
            corpus: whole, vocabulary: vocabularyConfiguration(), directory: folder.path + "/all",
            work: WorkContext(threadCount: 2))
        var totals: Set<Int?> = []
        var last = 0
        for (name, threads, counts) in [("one", 1, nil), ("three", 3, folder.path + "/counts")] {
            let outcome = try await VocabStage.run(
                corpora: corpora, vocabulary: vocabularyConfiguration(),
                directory: folder.path + "/" + name, countsPath: counts,
                work: WorkContext(threadCount: threads) { event in
                    guard case .progress(let progress) = event, progress.activity == "counting"
                    else { return }
                    totals.insert(progress.total)
                    last = progress.completed
                })
            #expect(try folder.files(in: name) == folder.files(in: "all"))
            #expect(outcome.progress?.documents == 1_350)
            #expect(outcome.progress?.sources.count == 2)
        }
        let sizes = try corpora.map { try CorpusReader($0).progress.totalBytes ?? 0 }
        #expect(totals == [sizes[0] + sizes[1]])
        #expect(last == sizes[0] + sizes[1])
    }

    @Test func `vocabulary and shards have the same bytes for any number of threads`() async throws
    {
        let one = try await learn("v1", threads: 1)
        let four = try await learn("v4", threads: 4)
        #expect(one.fingerprint == four.fingerprint)
        #expect(try folder.files(in: "v1") == folder.files(in: "v4"))

        let manifest = try await encode("s1", one, threads: 1)
        #expect(try await encode("s4", one, threads: 4) == manifest)
        #expect(try folder.files(in: "s1") == folder.files(in: "s4"))
        #expect(manifest.shards.count > 2)
        #expect(manifest.train.documents + manifest.validation.documents == 3_000)
    }

    @Test func `shards decode to the documents, every one in its split`() async throws {
        let vocabulary = try await learn("v", threads: 2)
        let manifest = try await encode("s", vocabulary, threads: 2)
        let set = try ShardSet(directory: folder.path + "/s", vocabulary: vocabulary)
        try await set.verify(decodingWith: vocabulary, threadCount: 2)

        let split = ValidationSplit(fraction: 0.1)
        var (train, validation): ([UInt64], [UInt64]) = ([], [])
        var reader = try CorpusReader(corpus)
        while let document = try reader.next() {
            if split.isValidation(document.contentHash) {
                validation.append(document.contentHash)
            } else {
                train.append(document.contentHash)
            }
        }
        func hashes(_ split: Split) -> [UInt64] {
            set.shards(of: split).flatMap { shard in
                (0..<shard.documentCount).map { shard.document($0).contentHash }
            }
        }
        #expect(hashes(.train) == train)
        #expect(hashes(.validation) == validation)
        #expect(manifest.validation.documents == validation.count)
    }

    @Test func `held-out documents are not learned from`() async throws {
        let split = ValidationSplit(fraction: 0.1)
        var kept: [String] = []
        var reader = try CorpusReader(corpus)
        while let document = try reader.next() {
            guard !split.isValidation(document.contentHash) else { continue }
            kept.append(String(decoding: document.text, as: UTF8.self))
        }
        let path = try folder.write("kept.txt", kept.joined(separator: "\n\n"))
        let learned = try await VocabStage.run(
            corpus: CorpusConfiguration(
                inputs: [path], textSeparator: "\n\n", validationFraction: 0),
            vocabulary: vocabularyConfiguration(), directory: folder.path + "/kept",
            work: WorkContext(threadCount: 2))
        #expect(learned.progress?.documents == kept.count)
        _ = try await learn("all", threads: 2)
        #expect(try folder.files(in: "kept") == folder.files(in: "all"))
    }

    @Test func `a corpus without a document is refused, and nothing is written`() async throws {
        let path = try folder.write("empty.txt", "\n\n \n\n")
        let empty = CorpusConfiguration(inputs: [path])
        let directory = folder.path + "/none"
        await #expect(throws: PipelineError.emptyCorpus(inputs: [path])) {
            try await VocabStage.run(
                corpus: empty, vocabulary: vocabularyConfiguration(), directory: directory,
                work: WorkContext(threadCount: 2))
        }
        #expect(!FileManager.default.fileExists(atPath: directory))
        let vocabulary = try await learn("v", threads: 2)
        await #expect(throws: PipelineError.emptyCorpus(inputs: [path])) {
            try await EncodeStage.run(
                corpus: empty, vocabulary: vocabulary, shards: ShardConfiguration(),
                directory: directory, work: WorkContext(threadCount: 2))
        }
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    @Test func `an end-of-text token that the vocabulary lacks is refused before encoding`()
        async throws
    {
        var configuration = vocabularyConfiguration()
        configuration.specialTokens = []
        let vocabulary = try await VocabStage.run(
            corpus: corpus, vocabulary: configuration, directory: folder.path + "/plain",
            work: WorkContext(threadCount: 2)
        ).vocabulary
        await #expect(throws: PipelineError.self) {
            try await encode("s", vocabulary, threads: 2)
        }
        var shards = ShardConfiguration()
        shards.endOfText = .none
        let manifest = try await EncodeStage.run(
            corpus: corpus, vocabulary: vocabulary, shards: shards, directory: folder.path + "/s",
            work: WorkContext(threadCount: 2))
        #expect(manifest.endOfTextID == nil)
    }
}
