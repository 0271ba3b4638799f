import Corpora
import Files
import Foundation
import Synchronization
import Testing
import TokenShards
import Tokenization
import Training
import VocabularyLearning
import Work

@testable import Pipeline

/// Quarantine of an encoding in parts: the lines that cannot be read.
@Suite struct QuarantineTests {
    private let folder: TemporaryFolder
    private let inputs: [String]
    private let vocabulary: Vocabulary
    /// All lines that cannot be read, as they stand in the inputs; those above the limit cut.
    private let bad: String

    private static let limit = 200

    /// Five files, of which one has no bad line and one no good one.
    init() async throws {
        folder = try TemporaryFolder()
        var (inputs, kept) = ([String](), "")
        for file in 0..<5 {
            var text = ""
            for number in 0..<60 {
                let isBad = file == 3 || file != 1 && number % 7 == file
                let line =
                    !isBad
                    ? "{\"text\": \"Day \(number) of \(file): the mill turned by day.\"}"
                    : number % 3 == 0
                        ? "nonsense \(file) \(number) " + String(repeating: "and rye, ", count: 30)
                        : "nonsense \(file) \(number)"
                text += line + "\n"
                if isBad { kept += line.prefix(Self.limit) + "\n" }
            }
            inputs.append(try folder.write("\(file).jsonl", text))
        }
        (self.inputs, bad) = (inputs, kept)
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 270
        vocabulary = try await VocabStage.run(
            corpus: CorpusConfiguration(inputs: [inputs[1]]), vocabulary: configuration,
            directory: folder.path + "/vocab", work: WorkContext(threadCount: 1)
        ).vocabulary
    }

    private func directory(_ name: String) -> String { folder.path + "/" + name }

    private func corpus(
        _ name: String, _ onError: CorpusErrorPolicy = .quarantine, at path: String? = nil
    ) -> CorpusConfiguration {
        var corpus = CorpusConfiguration(
            inputs: inputs, onError: onError, maximumDocumentByteCount: Self.limit)
        if onError == .quarantine {
            corpus.quarantinePath =
                path ?? CorpusConfiguration.quarantinePath(beside: directory(name))
        }
        return corpus
    }

    private func surroundings(
        afterStep: @escaping @Sendable () -> Void = {}
    ) -> EncodeStage.Surroundings {
        var surroundings = EncodeStage.Surroundings(journalInterval: .zero)
        surroundings.chunkByteCount = 500
        surroundings.afterStep = afterStep
        return surroundings
    }

    /// Shards of parts of one file each, unless all is one part.
    private func shards(partBytes: Int = 1) -> ShardConfiguration {
        var shards = ShardConfiguration()
        shards.partBytes = partBytes
        return shards
    }

    @discardableResult
    private func encode(
        _ name: String, _ surroundings: EncodeStage.Surroundings, partBytes: Int = 1,
        threads: Int = 2, _ corpus: CorpusConfiguration? = nil
    ) async throws -> ShardManifest {
        try await EncodeStage.run(
            corpus: corpus ?? self.corpus(name), vocabulary: vocabulary,
            shards: shards(partBytes: partBytes), directory: directory(name),
            surroundings: surroundings, work: WorkContext(threadCount: threads))
    }

    private func encodeShare(
        _ rank: Int, of world: Int, _ name: String, _ corpus: CorpusConfiguration? = nil
    ) async throws {
        _ = try await EncodeStage.encodeShare(
            WorkShare(rank: rank, world: world), corpus: corpus ?? self.corpus(name),
            vocabulary: vocabulary, shards: shards(), directory: directory(name),
            surroundings: surroundings(), work: WorkContext(threadCount: 2))
    }

    /// The bytes of the two files of a quarantine; nil for what is not there.
    private func quarantine(_ path: String) -> [Data?] {
        ["", ".reasons.jsonl"].map { FileManager.default.contents(atPath: path + $0) }
    }

    private func quarantine(of name: String) -> [Data?] {
        quarantine(directory(name) + ".quarantine")
    }

    /// The quarantine of an encoding in one part, which is what it should be.
    private func expected() async throws -> [Data?] {
        let manifest = try await encode("whole", surroundings(), partBytes: 1 << 30)
        let kept = quarantine(of: "whole")
        #expect(kept[0] == Data(bad.utf8))
        let reasons = try #require(kept[1]).split(separator: 10)
        #expect(reasons.count == manifest.skipped.quarantinedLines)
        #expect(manifest.skipped.lines == reasons.count && reasons.count > 80)
        // Each object leads to its line.
        for reason in reasons {
            let object = try #require(
                try JSONSerialization.jsonObject(with: reason) as? [String: Any])
            let line = try #require(object["line"] as? Int) - 1
            let path = try #require(object["path"] as? String)
            let offset = try #require(object["offset"] as? Int)
            let count = try #require(object["bytes"] as? Int)
            let whole = try String(contentsOfFile: path, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)[line]
            #expect(kept[0]?[offset..<offset + count] == Data(whole.prefix(Self.limit).utf8))
            #expect((object["is_cut"] as? Bool ?? false) == (whole.utf8.count > Self.limit))
        }
        return kept
    }

    @Test func `parts, threads and ranks keep what one part keeps, in its order`() async throws {
        let expected = try await expected()
        for threads in [1, 3] {
            let name = "threads-\(threads)"
            try await encode(name, surroundings(), threads: threads)
            #expect(quarantine(of: name) == expected)
        }
        for world in 2...4 {
            let name = "ranks-\(world)"
            for rank in (0..<world).reversed() { try await encodeShare(rank, of: world, name) }
            #expect(quarantine(of: name) == [nil, nil])
            let manifest = try EncodeStage.finish(directory: directory(name))
            #expect(quarantine(of: name) == expected)
            #expect(manifest.skipped.quarantinedLines == manifest.skipped.lines)
        }
        // No files are left in between.
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!names.contains { $0.contains("quarantine.part") || $0.hasSuffix(".partial") })
    }

    @Test func `killed at any step and started again, the bytes are the same`() async throws {
        let expected = try await expected()
        try await encode("set", surroundings())
        let files = try folder.files(in: "set")
        try FileManager.default.removeItem(atPath: directory("set"))
        for path in ["", ".reasons.jsonl"] {
            // One of an earlier data set.
            _ = try folder.write("set.quarantine" + path, "old")
        }
        let count = Mutex(0)
        let (root, manager) = (folder.path, FileManager.default)
        let endings = [".quarantine", ".quarantine.reasons.jsonl"]
        try await encode(
            "set",
            surroundings {
                count.withLock { count in
                    // A copy of what a kill here would leave; a file that is replaced meanwhile
                    // spoils the copy.
                    let name = "\(root)/killed-\(count)"
                    do {
                        for ending in endings {
                            try manager.copyItem(
                                atPath: root + "/set" + ending, toPath: name + ending)
                        }
                        try manager.copyItem(atPath: root + "/set", toPath: name)
                        count += 1
                    } catch {
                        for ending in endings + [""] {
                            try? manager.removeItem(atPath: name + ending)
                        }
                    }
                }
            })
        #expect(quarantine(of: "set") == expected)
        let copies = count.withLock(\.self)
        #expect(copies > 30)
        for number in 0..<copies {
            let name = "killed-\(number)"
            if number % 2 == 0 {
                try await encode(name, surroundings())
            } else {
                // By ranks, which need not be as many as before.
                for rank in 0..<2 { try await encodeShare(rank, of: 2, name) }
                _ = try EncodeStage.finish(directory: directory(name))
            }
            #expect(try folder.files(in: name) == files, "killed at step \(number)")
            #expect(quarantine(of: name) == expected, "killed at step \(number)")
            try manager.removeItem(atPath: directory(name))
        }
    }

    @Test func `a place of its own is where ranks' lines go, from any working directory`()
        async throws
    {
        let expected = try await expected()
        let place = folder.path + "/elsewhere"
        for rank in 0..<3 {
            try await encodeShare(rank, of: 3, "set", corpus("set", at: place))
        }
        _ = try EncodeStage.finish(directory: directory("set"))
        #expect(quarantine(place) == expected)
        #expect(quarantine(of: "set") == [nil, nil])
    }

    @Test func `lines that were skipped are read again by who keeps them`() async throws {
        let expected = try await expected()
        for rank in 0..<2 { try await encodeShare(rank, of: 2, "set", corpus("set", .skip)) }
        try await encode("set", surroundings())
        #expect(quarantine(of: "set") == expected)

        // So are those whose quarantine was lost.
        for rank in 0..<2 { try await encodeShare(rank, of: 2, "lost") }
        let name = try #require(EncodingWorkspace.names(in: directory("lost")).first)
        let work = directory("lost") + "/" + name
        let part = try EncodingPlan(path: work + "/plan.json").partNames[2]
        try FileManager.default.removeItem(atPath: "\(work)/\(part).quarantine")
        #expect(throws: CorpusError.self) {
            try EncodeStage.finish(directory: directory("lost"))
        }
        try await encodeShare(0, of: 2, "lost")
        _ = try EncodeStage.finish(directory: directory("lost"))
        #expect(quarantine(of: "lost") == expected)
    }

    @Test func `without a line to keep, an earlier quarantine goes; without keeping, it stays`()
        async throws
    {
        for path in ["", ".reasons.jsonl"] { _ = try folder.write("set.quarantine" + path, "old") }
        try await encode("set", surroundings(), corpus("set", .skip))
        #expect(quarantine(of: "set") == [Data("old".utf8), Data("old".utf8)])
        var clean = corpus("set")
        clean.inputs = [inputs[1]]
        try await encode("set", surroundings(), clean)
        #expect(quarantine(of: "set") == [nil, nil])
    }

    @Test func `of a corpus without a good line the lines are kept nevertheless`() async throws {
        var hopeless = corpus("set")
        hopeless.inputs = [inputs[3]]
        let error = await #expect(throws: PipelineError.self) {
            try await encode("set", surroundings(), hopeless)
        }
        guard case .emptyCorpus([inputs[3]], skipped: 60, let reason?) = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect("\(error!)".hasSuffix("60 were skipped, the first for this: " + reason))
        let kept = try #require(quarantine(of: "set")[0])
        #expect(kept.split(separator: 10).count == 60)
    }
}
