import Foundation
import Testing

@Suite struct InitTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for number in 0..<30 {
            let lines = (0..<40).map { "The mill \(number) turns by day \($0).\n" }
            try folder.write("texts/\(number).md", lines.joined())
        }
        try folder.write("texts/logo.png", [0x89, 0, 0])
    }

    @Test func `a pipeline for a folder runs as it is`() async throws {
        let result = try await Program.succeed(["init", "texts", "--minutes", "0.01"], in: folder)
        for part in [
            "30 files: 30 .md", "left out   1 binary", "vocabulary.vocab_size = 512",
            "Next: quern run\n", "scripts    Latin 100.0 %",
        ] {
            #expect(result.text.contains(part), "\(part) in \(result.text)")
        }
        let settings = ["training.steps=2", "training.batch_size=2", "model.n_positions=16"]
        try await Program.succeed(
            ["run", "--quiet"] + settings.flatMap { ["--set", $0] }, in: folder)
        #expect(try folder.files(below: "runs/texts/checkpoints/best").count > 3)
    }

    @Test func `a file that is there is not replaced, unless that is said`() async throws {
        try folder.write("pipeline.json", "mine")
        let refused = try await Program.run(["init", "texts"], in: folder)
        #expect(refused.status == 64)
        #expect(try folder.bytes("pipeline.json") == Array("mine".utf8))
        try await Program.succeed(["init", "texts", "--output", "other.json"], in: folder)
        try await Program.succeed(["init", "texts", "--overwrite", "--name", "new"], in: folder)
        #expect(
            String(decoding: try folder.bytes("pipeline.json"), as: UTF8.self)
                .contains("\"name\": \"new\""))
    }

    @Test func `without a name the only corpus of the directory is taken`() async throws {
        let json = try await Program.succeed(["init", "--json"], in: folder)
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output)) as? [String: Any])
        #expect(report["name"] as? String == "texts")
        #expect(report["next"] as? String == "quern run")
        let found = try #require(report["found"] as? [String: Any])
        #expect(found["documents"] as? Int == 30)
        #expect(found["inputs"] as? [String] == ["texts"])
        try folder.write("lines.jsonl", "{\"text\": \"x\"}\n")
        let several = try await Program.run(["init", "--overwrite"], in: folder)
        #expect(several.status == 1)
        #expect(several.messages.contains("name one of lines.jsonl (1 .jsonl), texts (30 .md)"))
        let none = try TemporaryFolder()
        let nothing = try await Program.run(["init"], in: none)
        #expect(nothing.messages.contains("the current directory holds no text"))
    }

    @Test func `what cannot be an input is refused before anything is written`() async throws {
        for (arguments, part) in [
            (["nowhere"], "there is no file or folder nowhere"),
            (["-"], "standard input can be read only once"),
            (["texts", "--output", "texts/pipeline.json"], "lies in the input texts"),
            (["texts", "--name", "a/b"], "it names directories"),
        ] {
            let result = try await Program.run(["init"] + arguments, in: folder)
            #expect(result.status == 1)
            #expect(result.messages.contains(part), "\(part) in \(result.messages)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/pipeline.json"))
    }
}
