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
        #expect(several.messages.contains("name one of lines.jsonl, texts (30 .md)"))
        #expect(!several.messages.contains("the value of"))
        // Each is named by itself, also what explains the others.
        try folder.write("README.md", "about")
        try folder.write("more.jsonl", "{\"text\": \"y\"}\n")
        let more = try await Program.run(["init", "--overwrite"], in: folder)
        #expect(
            more.messages.contains("name one of lines.jsonl, more.jsonl, README.md, texts (30 .md)")
        )
        let none = try TemporaryFolder()
        let nothing = try await Program.run(["init"], in: none)
        #expect(nothing.messages.contains("the current directory holds no text"))
    }

    @Test func `a folder of JSON alone is its corpus, and Quern's own JSON is none`() async throws {
        let other = try TemporaryFolder()
        let records = (0..<900).map { "{\"body\": \"\($0) the mill turns by day\"}" }
        try other.write("data.json", "[" + records.joined(separator: ",") + "]")
        let first = try await Program.succeed(["init"], in: other)
        #expect(first.text.contains("text_field = body"))
        // The description is beside it now, and results could be.
        try other.write("vocab/data/tokenizer.json", "{}")
        let again = try await Program.succeed(["init", "--overwrite"], in: other)
        #expect(again.text.contains("\"inputs\": [\"data.json\"]"))
        let outside = try await Program.succeed(
            ["init", other.path, "--name", "x"], in: folder)
        #expect(outside.text.contains("left out   2 of Quern's own"))
    }

    @Test func `of one text the end is held out, which is said before the work`() async throws {
        let other = try TemporaryFolder()
        let lines = (0..<400).map { "The mill turns by day \($0), and the wheel by night.\n\n" }
        try other.write("book.txt", lines.joined())
        let result = try await Program.succeed(["init", "book.txt"], in: other)
        #expect(result.text.contains("held out   the end of book.txt, for the documents are too"))
    }

    @Test func `links to nothing are counted, not followed`() async throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/texts/gone.md", withDestinationPath: "nowhere")
        let result = try await Program.succeed(["init", "texts"], in: folder)
        #expect(result.text.contains("1 binary, 1 link to nothing"), "\(result.text)")
    }

    @Test func `records without text are answered with what they have and lack`() async throws {
        for (text, part) in [
            ("{\"a\": 1}\n{\"a\": 2}\n", "most of its records, whose fields are a"),
            ("", "records.jsonl holds no record"),
            ("no JSON\n{\"a\": 1}\n", "records.jsonl, line 1 is no JSON"),
        ] {
            let other = try TemporaryFolder()
            try other.write("records.jsonl", text)
            let result = try await Program.run(["init", "records.jsonl"], in: other)
            #expect(result.status == 1)
            #expect(result.messages.contains(part), "\(part) in \(result.messages)")
        }
    }

    @Test func `a broken first line hides nothing that is behind it`() async throws {
        let other = try TemporaryFolder()
        let lines = (0..<400).map { "{\"body\": \"The mill turns by day \($0), and by night.\"}\n" }
        try other.write("records.jsonl", "{\"body\": \"The mi\n" + lines.joined())
        let result = try await Program.succeed(["init", "records.jsonl"], in: other)
        #expect(result.text.contains("corpus.text_field = body"), "\(result.text)")
        #expect(result.text.contains("1 of 401 records"), "\(result.text)")
    }

    @Test func `conversations alone are answered with the commands that use them`() async throws {
        let talks = try TemporaryFolder()
        try talks.write(
            "alpaca.json", #"[{"instruction": "Who?", "input": "", "output": "The miller."}]"#)
        let result = try await Program.run(["init"], in: talks)
        #expect(result.status == 1)
        for part in [
            "alpaca.json holds conversations", "encoder_decoder",
            #"quern run --set 'instruction_tuning.inputs=["alpaca.json"]'"#,
        ] {
            #expect(result.messages.contains(part), "\(part) in \(result.messages)")
        }
    }

    @Test func `pairs get a model of pairs, which runs as it is`() async throws {
        let pairs = try TemporaryFolder()
        let lines = (0..<200).map {
            "{\"translation\": {\"en\": \"mill \($0)\", \"fr\": \"moulin \($0)\"}}\n"
        }
        try pairs.write("enfr.jsonl", lines.joined())
        let json = try await Program.succeed(["init", "--json", "--minutes", "0.01"], in: pairs)
        #expect(json.text.contains("\"encoder_decoder\""))
        let settings = ["training.steps=2", "training.batch_size=2", "model.n_positions=32"]
        try await Program.succeed(
            ["run", "--quiet"] + settings.flatMap { ["--set", $0] }, in: pairs)
        #expect(pairs.exists("runs/enfr/checkpoints/latest"))
    }

    @Test func `the next command can be pasted whatever the file is called`() async throws {
        for (output, next) in [
            ("-o.json", "quern run ./-o.json"), ("a b.json", "quern run 'a b.json'"),
        ] {
            let result = try await Program.succeed(
                ["init", "texts", "--output=" + output], in: folder)
            #expect(result.text.hasSuffix("Next: \(next)\n"))
        }
    }

    @Test func `what cannot be an input is refused before anything is written`() async throws {
        try folder.write("tiny.txt", "hello world\n")
        for (arguments, part) in [
            (["nowhere"], "there is no file or folder nowhere"),
            (["-"], "standard input can be read only once"),
            (["texts", "--output", "texts/pipeline.json"], "lies in the input texts"),
            (["texts", "--name", "a/b"], "it names directories"),
            (["texts", "--name", String(repeating: "a", count: 300)], "more than 200 bytes"),
            (["/dev/stdin"], "can be read only once"), (["tiny.txt"], "there must be more text"),
        ] {
            let result = try await Program.run(["init"] + arguments, in: folder)
            #expect(result.status == 1)
            #expect(result.messages.contains(part), "\(part) in \(result.messages)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/pipeline.json"))
    }
}
