import Compression
import Corpora
import Foundation
import Testing
import Work

@testable import Refinement

@Suite("Evaluation texts in a corpus")
struct EvaluationIndexTests {
    /// A file of these lines.
    private func file(_ lines: String, named name: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "evaluations-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent(name)
        try lines.write(to: path, atomically: true, encoding: .utf8)
        return path.path
    }

    private static let question = "How many of the nine old boats did the two men sell in May?"

    @Test("documents go that have 13 words in a row in common with a text, by file")
    func documents() async throws {
        let tasks = try file(
            #"{"id":7,"q":"\#(Self.question)","a":{"text":["Four"]}}"# + "\n{\"q\":\"short\"}\n",
            named: "tasks.jsonl")
        let lines = try file(
            "One text a line, of which the words are fourteen or so in number, not fewer.\n",
            named: "lines.txt")
        var configuration = RefinementConfiguration()
        configuration.evaluationPaths = [tasks, lines]
        let texts = [
            "Before: how many of the nine OLD boats, did the two men (sell) - in May? After.",
            "How many of the nine old boats did the two women sell in May?",
            "men sell in May? Four",
            "ONE text a line of which the words are fourteen or so in number",
            "of the nine old boats did the two men sell in May\n\nFour",
            "\(Self.question) One text a line of which the words are fourteen or so in number",
        ]
        let (kept, report) = try await refine(texts, configuration)
        #expect(kept == [texts[1], texts[2]])
        #expect(report.steps.first?.name == "decontaminate")
        #expect(report.steps.first?.removed.documents == 4)
        let files = try #require(report.evaluations)
        #expect(files.map(\.texts) == [2, 1] && files.map(\.shortTexts) == [1, 0])
        #expect(files.map(\.documents) == [3, 2])
        // 14 words and the answer's one; 16 words.
        #expect(files.map(\.runs) == [3, 4])
    }

    @Test("fewer words in a row find more")
    func words() async throws {
        var configuration = RefinementConfiguration()
        configuration.evaluationPaths = [try file("a b c d\n", named: "e.txt")]
        configuration.evaluationWordCount = 3
        let (kept, _) = try await refine(["x b c D.", "a b x c d", "c d"], configuration)
        #expect(kept == ["a b x c d", "c d"])
    }

    @Test("a text of any words is found as comparing all runs finds it")
    func random() throws {
        var random = SplitMix64(seed: 4)
        func words(_ count: Int) -> [String] {
            (0..<count).map { _ in ["a", "B", "c."].randomElement(using: &random)! }
        }
        for _ in 0..<40 {
            let texts = (0..<3).map { _ in words(Int.random(in: 0..<30, using: &random)) }
            let path = try file(
                texts.map { $0.joined(separator: " ") + " \n" }.joined(), named: "e.txt")
            let index = try EvaluationIndex([path], wordCount: 5, byteCount: 1 << 20)
            let plain = texts.map { $0.map { $0.lowercased().filter(\.isLetter) } }
            let runs = Set(
                plain.flatMap { text in
                    text.count < 5 ? [] : (0...text.count - 5).map { Array(text[$0..<$0 + 5]) }
                })
            #expect(index.files[0].runs == runs.count)
            for _ in 0..<20 {
                let document = words(Int.random(in: 0..<12, using: &random))
                let lower = document.map { $0.lowercased().filter(\.isLetter) }
                let isThere =
                    lower.count >= 5
                    && (0...lower.count - 5).contains { runs.contains(Array(lower[$0..<$0 + 5])) }
                let found = index.files(in: Array(document.joined(separator: "\n").utf8).span)
                #expect(found == (isThere ? [0] : []))
            }
        }
    }

    @Test("what is no JSON, and what is too much, are errors that say where")
    func errors() throws {
        let bad = try file("a line\n{\"q\": \n", named: "bad.jsonl")
        let error = #expect(throws: RefinementError.self) {
            try EvaluationIndex([bad], wordCount: 13, byteCount: 1 << 20)
        }
        #expect("\(error!)".contains("bad.jsonl, line 2"))
        let many = try file(
            (0..<2_000).map { "w\($0)" }.joined(separator: " ") + "\n", named: "many.txt")
        #expect(throws: RefinementError.self) {
            try EvaluationIndex([many], wordCount: 2, byteCount: 1 << 14)
        }
        #expect(throws: CorpusError.self) {
            try EvaluationIndex(["/nowhere.jsonl"], wordCount: 13, byteCount: 1 << 20)
        }
        var random = SplitMix64(seed: 8)
        for _ in 0..<300 {
            let bytes = (0..<60).map { _ in
                Array("{}[]\",:a \\u0".utf8).randomElement(using: &random)!
            }
            let path = try file("{" + String(decoding: bytes, as: UTF8.self), named: "r.jsonl")
            _ = try? EvaluationIndex([path], wordCount: 1, byteCount: 1 << 20)
        }
    }
}
