import Corpora
import Files
import Foundation
import Synchronization
import Testing
import TokenShards
import Tokenization
import VocabularyLearning
import Work

@testable import Pipeline

/// Parts of an unfinished encoding that stay when files of the corpus change.
@Suite struct KeptPartsTests {
    private let folder: TemporaryFolder
    private let vocabulary: Vocabulary

    /// Five files of JSON lines in the folder "web", the third with a line that is none.
    init() async throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/web", withIntermediateDirectories: true)
        for number in 0..<5 {
            try Self.write(number, "first", hasBadLine: number == 2, in: folder)
        }
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 270
        vocabulary = try await VocabStage.run(
            corpus: CorpusConfiguration(inputs: [folder.path + "/web/0.jsonl"]),
            vocabulary: configuration, directory: folder.path + "/vocab",
            work: WorkContext(threadCount: 1)
        ).vocabulary
    }

    private func write(
        _ number: Int, _ word: String, lineCount: Int = 40, hasBadLine: Bool = false
    ) throws {
        try Self.write(number, word, lineCount: lineCount, hasBadLine: hasBadLine, in: folder)
    }

    private static func write(
        _ number: Int, _ word: String, lineCount: Int = 40, hasBadLine: Bool,
        in folder: TemporaryFolder
    ) throws {
        var text = ""
        for line in 0..<lineCount {
            text += "{\"text\": \"Day \(line) of \(number): the \(word) mill turned.\"}\n"
        }
        if hasBadLine { text += "nonsense\n" }
        _ = try folder.write("web/\(number).jsonl", text)
    }

    private func corpus(_ inputs: [String], _ onError: CorpusErrorPolicy = .skip)
        -> CorpusConfiguration
    {
        CorpusConfiguration(inputs: inputs.map { folder.path + "/" + $0 }, onError: onError)
    }

    private final class Notices {
        var texts: [String] = []
    }

    /// Encodes, and says how many parts were not there.
    @discardableResult
    private func encode(
        _ name: String, _ inputs: [String] = ["web"], partBytes: Int = 1,
        _ existing: EncodeStage.ExistingWork = .refuse, onError: CorpusErrorPolicy = .skip,
        threads: Int = 2, chunkByteCount: Int = 1 << 20, notices: Notices? = nil,
        afterStep: @escaping @Sendable () -> Void = {}
    ) async throws -> Int {
        var shards = ShardConfiguration()
        shards.partBytes = partBytes
        var surroundings = EncodeStage.Surroundings(existing: existing, journalInterval: .zero)
        surroundings.chunkByteCount = chunkByteCount
        surroundings.afterStep = afterStep
        let parts = Mutex(0)
        _ = try await EncodeStage.run(
            corpus: corpus(inputs, onError), vocabulary: vocabulary, shards: shards,
            directory: folder.path + "/" + name, surroundings: surroundings,
            work: WorkContext(threadCount: threads) { event in
                switch event {
                // There is one chunk in each part.
                case .progress: parts.withLock { $0 += 1 }
                case .notice(let text): notices?.texts.append(text)
                default: break
                }
            })
        return parts.withLock(\.self)
    }

    /// Makes all parts of "set", but not the data set.
    private func encodeParts(_ inputs: [String] = ["web"]) async throws {
        var shards = ShardConfiguration()
        shards.partBytes = 1
        _ = try await EncodeStage.encodeShare(
            .whole, corpus: corpus(inputs), vocabulary: vocabulary, shards: shards,
            directory: folder.path + "/set", work: WorkContext(threadCount: 2))
    }

    private func touch(_ name: String) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000)],
            ofItemAtPath: folder.path + "/" + name)
    }

    enum Change: CaseIterable {
        case nothing, touched, otherSpelling, listed, moved, movedBack, sameSize, otherSize, added
        case removed, restored
    }

    /// Makes the change, and says what the inputs are called then and how many parts it costs.
    private func change(_ change: Change) throws -> (inputs: [String], lost: Int) {
        let manager = FileManager.default
        switch change {
        case .nothing: return (["web"], 0)
        case .touched:
            for number in 0..<5 { try touch("web/\(number).jsonl") }
            return (["web"], 0)
        case .otherSpelling: return (["./web/."], 0)
        case .listed: return ((0..<5).map { "web//\($0).jsonl" }, 0)
        case .moved:
            try manager.moveItem(atPath: folder.path + "/web", toPath: folder.path + "/moved")
            // Its message says where the line was that is none.
            return (["moved"], 1)
        case .movedBack:
            try manager.copyItem(atPath: folder.path + "/web", toPath: folder.path + "/copy")
            try manager.removeItem(atPath: folder.path + "/web")
            try manager.moveItem(atPath: folder.path + "/copy", toPath: folder.path + "/web")
            for number in 0..<5 { try touch("web/\(number).jsonl") }
            return (["web"], 0)
        case .sameSize:
            try write(1, "brave")
            return (["web"], 1)
        case .otherSize:
            try write(1, "second", lineCount: 30)
            return (["web"], 1)
        case .added:
            try write(7, "seventh")
            _ = try manager.moveItem(
                atPath: folder.path + "/web/7.jsonl", toPath: folder.path + "/web/00.jsonl")
            return (["web"], 1)
        case .removed:
            try manager.removeItem(atPath: folder.path + "/web/3.jsonl")
            return (["web"], 0)
        case .restored:
            try write(1, "first")
            return (["web"], 0)
        }
    }

    @Test(arguments: Change.allCases)
    private func
        `parts of files that are the same are kept, and the bytes are those of a fresh encoding`(
            _ kind: Change
        ) async throws
    {
        try await encodeParts()
        let (inputs, lost) = try change(kind)
        #expect(try await encode("set", inputs) == lost)
        #expect(try await encode("fresh", inputs) > 3)
        #expect(try folder.files(in: "set") == folder.files(in: "fresh"))
    }

    @Test func `after random kills and changes the bytes are those of a fresh encoding`()
        async throws
    {
        var random = SplitMix64(seed: 12)
        let path = folder.path
        for round in 0..<30 {
            for number in 0..<5 { try write(number, "first", hasBadLine: number == 2) }
            let partBytes = [1, 4_000, 1_000_000].randomElement(using: &random)!
            let target = Int.random(in: 0..<60, using: &random)
            let count = Mutex(0)
            try await encode(
                "set", partBytes: partBytes, threads: 1 + round % 3, chunkByteCount: 700
            ) {
                count.withLock { count in
                    defer { count += 1 }
                    guard count == target else { return }
                    try? FileManager.default.copyItem(
                        atPath: path + "/set", toPath: path + "/killed")
                }
            }
            try FileManager.default.removeItem(atPath: path + "/set")
            if FileManager.default.fileExists(atPath: path + "/killed") {
                try FileManager.default.moveItem(atPath: path + "/killed", toPath: path + "/set")
            }
            let kind = Change.allCases.randomElement(using: &random)!
            let (inputs, _) = try change(kind)
            let other = [partBytes, 3_000].randomElement(using: &random)!
            try await encode("set", inputs, partBytes: other, .replace)
            try await encode("fresh", inputs, partBytes: other)
            #expect(
                try folder.files(in: "set") == folder.files(in: "fresh"),
                "round \(round), \(kind), parts of \(partBytes) and \(other), step \(target)")
            for name in ["set", "fresh", "moved", "web/00.jsonl"] {
                try? FileManager.default.removeItem(atPath: path + "/" + name)
            }
            try FileManager.default.createDirectory(
                atPath: path + "/web", withIntermediateDirectories: true)
        }
    }

    @Test func `a corrupt file leaves the parts before it, which is said`() async throws {
        _ = try folder.write("web/3.jsonl", "nonsense\n")
        let said = Notices()
        await #expect(throws: CorpusError.self) {
            _ = try folder.write("web/2.jsonl", "{\"text\": \"a\"}\n")
            try await encode("set", onError: .fail, notices: said)
        }
        #expect(said.texts.count == 1)
        #expect(said.texts.first?.hasPrefix("3 of 5 parts are done and are kept in") == true)
        try write(3, "mended")
        #expect(try await encode("set", onError: .fail) == 2)
        try await encode("fresh", onError: .fail)
        #expect(try folder.files(in: "set") == folder.files(in: "fresh"))
    }
}
