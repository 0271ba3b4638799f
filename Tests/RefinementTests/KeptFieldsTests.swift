import Corpora
import Foundation
import Testing
import Work

@testable import Refinement

@Suite("Fields that are kept")
struct KeptFieldsTests {
    private func documents(
        _ text: String, _ name: String, _ fields: [String]
    ) throws -> [Document] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "fields-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent(name)
        try text.write(to: path, atomically: true, encoding: .utf8)
        var corpus = CorpusConfiguration(inputs: [path.path])
        corpus.keptFields = fields
        var reader = try CorpusReader(corpus)
        var result: [Document] = []
        while let document = try reader.next() { result.append(document) }
        return result
    }

    private func fields(_ document: Document) -> String {
        String(decoding: document.fields, as: UTF8.self)
    }

    @Test("members of an object come as they stand there, in the order of the names")
    func members() throws {
        let lines = #"""
            {"id": 7, "text": "a", "url": "u\\"\\u00e9", "meta": {"id": [1, {"x": null}]}}
            {"url":"first","text":"b","url":"last"}
            {"text":"c"}
            {"i\\u0064":1e3,"text":"d"}
            """#.replacing("\\\\", with: "\\")
        let found = try documents(lines, "a.jsonl", ["url", "id", "meta"])
        #expect(
            found.map(fields) == [
                #""url":"u\"\u00e9","id":7,"meta":{"id": [1, {"x": null}]}"#, #""url":"last""#, "",
                #""id":1e3"#,
            ])
        #expect(try documents(lines, "a.jsonl", []).allSatisfy { $0.fields.isEmpty })
    }

    @Test("a value over several lines is one line")
    func lines() throws {
        let found = try documents(
            "[{\"m\": [1,\r\n 2],\n \"text\": \"a\"}, \"b\"]", "a.json", ["m"])
        #expect(found.map(fields) == [#""m":[1,   2]"#, ""])
    }

    @Test("fields ride along, whatever is put aside and changed on the way")
    func refining() async throws {
        var configuration = RefinementConfiguration()
        configuration.removesNearDuplicates = true
        configuration.shuffles = true
        configuration.rules = ["c4-terminal-punctuation"]
        for memory in [muchMemory, noMemory] {
            let refiner = try Refiner(configuration, memory: memory, scratchPath: scratchPath)
            var lines: Set<String> = []
            func take(_ document: Document) throws {
                var line: [UInt8] = []
                try DocumentLine.append(document, to: &line)
                let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
                lines.insert("\(object?["text"] ?? "") \(object?["id"] ?? "")")
            }
            for number in 1...40 {
                var item = document("Line \(number).\nHome", number)
                item.fields = Array("\"id\":\(number)".utf8)
                try await refiner.append(refiner.measure(item), emit: take)
            }
            _ = try await refiner.finish(checkpoint: { _, _, _ in }, emit: take)
            #expect(lines == Set((1...40).map { "Line \($0). \($0)" }))
        }
    }

    @Test("names that a line has anyway are refused")
    func names() {
        for names in [["text"], ["id", "source"], ["id", "id"]] {
            var configuration = RefinementConfiguration()
            configuration.keptFields = names
            #expect(throws: RefinementError.self) { try configuration.validate(threadCount: 1) }
        }
    }
}
