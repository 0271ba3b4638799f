import Compression
import Corpora
import Foundation
import Testing
import Work

@testable import Refinement

@Suite("The list of what is removed")
struct RemovedListTests {
    @Test(
        "each removed document has a line",
        arguments: ["list.jsonl", "list.jsonl.zst", "list.jsonl.gz"])
    func lines(name: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "removed-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent(name).path
        var configuration = RefinementConfiguration()
        configuration.filter.minimumWordCount = 2
        configuration.rules = ["c4-lorem-ipsum"]
        let refiner = try Refiner(configuration, memory: muchMemory, scratchPath: scratchPath)
        let list = try RemovedList(path: path)
        refiner.didRemove = { list.append($0) }
        for (index, text) in ["a b", "c", "lorem ipsum", "a b", "d \"e"].enumerated() {
            try await refiner.append(refiner.measure(document(text, index + 1))) { _ in }
        }
        let report = try await refiner.finish(checkpoint: { _, _, _ in }, emit: { _ in })
        #expect(!FileManager.default.fileExists(atPath: path))
        try list.commit()
        var reader = try CorpusReader(
            CorpusConfiguration(inputs: [path], format: .text, documents: .line))
        var lines: [String] = []
        while let line = try reader.next() {
            lines.append(String(decoding: line.text, as: UTF8.self))
        }
        #expect(
            lines == [
                #"{"source":{"path":"a.jsonl","line":2},"bytes":1,"rule":"min_words"}"#,
                #"{"source":{"path":"a.jsonl","line":3},"bytes":11,"rule":"c4-lorem-ipsum"}"#,
                #"{"source":{"path":"a.jsonl","line":4},"bytes":3,"rule":"remove_duplicates","#
                    + #""kept":{"path":"a.jsonl","line":1}}"#,
            ])
        #expect(report.steps.reduce(0) { $0 + $1.removed.documents } == lines.count)
    }

    @Test("what is nearly the same has the place of what stays, and how similar they are")
    func similarities() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/removed-\(UUID().uuidString)"
        var configuration = RefinementConfiguration()
        configuration.removesNearDuplicates = true
        let refiner = try Refiner(configuration, memory: muchMemory, scratchPath: scratchPath)
        let list = try RemovedList(path: path)
        refiner.didRemove = { list.append($0) }
        var generator = TextGenerator(seed: 9)
        let words = generator.words(200)
        for number in 1...12 {
            let text = generator.edited(words, changes: number > 1 ? 1 : 0)
            try await refiner.append(
                refiner.measure(document(text.joined(separator: " "), number))
            ) { _ in }
        }
        _ = try await refiner.finish(checkpoint: { _, _, _ in }, emit: { _ in })
        try list.commit()
        struct Line: Decodable {
            struct Place: Decodable { var line: Int }
            var rule: String
            var kept: Place
            var similarity: Double
        }
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        // More than there are examples.
        #expect(lines.count == 11)
        #expect(lines.allSatisfy { $0.rule == "remove_near_duplicates" && $0.kept.line == 1 })
        #expect(lines.allSatisfy { $0.similarity >= 0.8 && $0.similarity < 1 })
        try FileManager.default.removeItem(atPath: path)
    }
}
