import Compression
import Corpora
import Files
import Foundation
import Parquet
import Testing
import TokenShards
import Tokenization
import VocabularyLearning
import Work

@testable import Pipeline

/// A Parquet file of 12 row groups, which several processes encode together.
@Suite struct ColumnPartsTests {
    private let folder: TemporaryFolder
    private let vocabulary: Vocabulary

    init() async throws {
        folder = try TemporaryFolder()
        let table = ParquetTable([.init("id"), .init("text")])
        var encoder = try ZstandardEncoder()
        var footer = ParquetFooter(table)
        var bytes = ParquetFooter.magic
        for number in 0..<12 {
            let texts = (0..<30).map { Array("Day \($0) of \(number): the mill turned.".utf8) }
            let group = try ParquetRowGroup(
                [.strings(texts.indices.map { Array("\($0)".utf8) }), .strings(texts)],
                of: table, encoder: &encoder)
            bytes += group.bytes
            footer.append(group)
        }
        try FileManager.default.createDirectory(
            atPath: folder.path + "/web", withIntermediateDirectories: true)
        try Data(bytes + footer.encoded).write(
            to: URL(fileURLWithPath: folder.path + "/web/b.parquet"))
        _ = try folder.write("web/a.jsonl", "{\"text\": \"First.\"}\n")
        _ = try folder.write("web/c.jsonl", "{\"text\": \"Last.\"}\n")
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 270
        vocabulary = try await VocabStage.run(
            corpus: CorpusConfiguration(inputs: [folder.path + "/web"]),
            vocabulary: configuration, directory: folder.path + "/vocab",
            work: WorkContext(threadCount: 1)
        ).vocabulary
    }

    private var corpus: CorpusConfiguration {
        CorpusConfiguration(inputs: [folder.path + "/web"])
    }

    private func shards(_ partBytes: Int) -> ShardConfiguration {
        var shards = ShardConfiguration()
        shards.partBytes = partBytes
        return shards
    }

    private func plan(_ partBytes: Int) throws -> EncodingPlan {
        try EncodingPlan(
            corpus: corpus, inputs: corpus.inputPaths(),
            format: ShardFormat(shards(partBytes), vocabulary: vocabulary), partBytes: partBytes)
    }

    @Test func `a file above the size of a part is divided at its row groups`() throws {
        let whole = try plan(1 << 30)
        #expect(whole.parts.map { $0.map(\.name) } == [["a.jsonl", "b.parquet", "c.jsonl"]])
        #expect(whole.parts[0].allSatisfy { $0.share == nil })
        let size = try #require(whole.parts[0][1].bytes)
        let divided = try plan(size / 4)
        let shares = divided.parts.joined().compactMap(\.share)
        #expect(shares.count == 4 || shares.count == 3)
        #expect(shares.first?.first == 0 && shares.last?.end == 12)
        #expect(zip(shares, shares.dropFirst()).allSatisfy { $0.end == $1.first })
        #expect(Set(divided.partNames).count == divided.parts.count)
        let single = try plan(1)
        #expect(single.parts.count == 14)
        #expect(single.parts[3].map(\.share?.first) == [2])
        // Where every file is text, it is not looked into.
        var text = corpus
        text.format = .text
        let asText = try EncodingPlan(
            corpus: text, inputs: corpus.inputPaths(),
            format: ShardFormat(shards(1), vocabulary: vocabulary), partBytes: 1)
        #expect(asText.parts.count == 3)
    }

    @Test(arguments: [1, 800])
    func `ranks that share a file come to the same data set`(partBytes: Int) async throws {
        let whole = folder.path + "/whole"
        let one = try await EncodeStage.run(
            corpus: corpus, vocabulary: vocabulary, shards: shards(partBytes), directory: whole,
            work: WorkContext(threadCount: 2))
        #expect(one.train.documents + one.validation.documents == 362)
        #expect(one.sources.map(\.documents) == [1, 360, 1])
        #expect(one.sources.map { $0.path.suffix(9) } == ["b/a.jsonl", "b.parquet", "b/c.jsonl"])
        let shared = folder.path + "/shared"
        for rank in [2, 0, 1] {
            _ = try await EncodeStage.encodeShare(
                WorkShare(rank: rank, world: 3), corpus: corpus, vocabulary: vocabulary,
                shards: shards(partBytes), directory: shared, work: WorkContext(threadCount: 1))
        }
        #expect(try EncodeStage.finish(directory: shared) == one)
        #expect(try folder.files(in: "shared") == folder.files(in: "whole"))
    }

    @Test func `parts of a file that was touched since are kept by the bytes of their groups`()
        async throws
    {
        let directory = folder.path + "/set"
        _ = try await EncodeStage.encodeShare(
            WorkShare(rank: 0, world: 2), corpus: corpus, vocabulary: vocabulary,
            shards: shards(1), directory: directory, work: WorkContext(threadCount: 1))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000)],
            ofItemAtPath: folder.path + "/web/b.parquet")
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory)
            .filter { $0.hasSuffix(".bin") }.map { directory + "/" + $0 }
        let dates = try names.map {
            try FileManager.default.attributesOfItem(atPath: $0)[.modificationDate] as? Date
        }
        _ = try await EncodeStage.encodeShare(
            WorkShare(rank: 0, world: 2), corpus: corpus, vocabulary: vocabulary,
            shards: shards(1), directory: directory, work: WorkContext(threadCount: 1))
        #expect(!names.isEmpty)
        #expect(
            try names.map {
                try FileManager.default.attributesOfItem(atPath: $0)[.modificationDate] as? Date
            } == dates)
    }
}
