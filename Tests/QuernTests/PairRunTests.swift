import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// An encoder–decoder from a table of pairs to written targets.
@Suite struct PairRunTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Words of two letters, each with its mirror image.
    private func writePairs(_ name: String) throws {
        var table = "target\tsource\n"
        for a in "abcdefghij" {
            for b in "abcdefghij" { table += "\(b)\(a)\t\(a)\(b)\n" }
        }
        try Data(table.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }

    private func writePipeline(_ model: String = "") throws {
        let text = """
            {
              "name": "mirror",
              "corpus": {"inputs": ["mirror.tsv"], "validation_fraction": 0.1},
              "vocabulary": {"vocab_size": 257},
              "model": {"architecture": "encoder_decoder", "n_layer": 1, "n_head": 2, "n_embd": 32,
                        "n_positions": 48\(model)},
              "training": {"steps": 120, "batch_size": 8, "optimizer": "adamw",
                           "learning_rate": 1e-2, "schedule": "cosine", "warmup_steps": 10,
                           "final_learning_rate_ratio": 0.1, "evaluate_every": 60,
                           "checkpoint_every": 60},
              "generation": {"temperature": 0},
              "samples": ["ab"]
            }
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/pipeline.json"))
    }

    @Test func `pairs of a table are learned, scored, written and looked at`() async throws {
        try writePairs("mirror.tsv")
        try writePipeline()
        let run = try await Program.succeed(["run"], in: folder)
        #expect(run.text.contains("ab → ba"))
        // What is done is not done again.
        let again = try await Program.succeed(["run"], in: folder)
        #expect(again.messages.contains("up to date"))

        let model = "runs/mirror/checkpoints/best"
        let scores = try await Program.succeed(
            ["evaluate", "--model", model, "--shards", "shards/mirror", "--json"], in: folder)
        struct Scores: Decodable {
            struct Total: Decodable { let loss: Double }
            struct Targets: Decodable {
                let pairs: Int
                let exact: Int
            }
            let total: Total
            let targets: Targets
        }
        let found = try JSONDecoder().decode(Scores.self, from: Data(scores.text.utf8))
        #expect(found.targets.pairs > 4)
        #expect(found.targets.exact * 10 >= found.targets.pairs * 8)
        #expect(found.total.loss < 0.7)

        // The shards say which vocabulary is theirs: that of the model, with the tokens of pairs.
        let text = try await Program.succeed(
            ["decode", "--shards", "mirror", "--split", "val"], in: folder)
        #expect(text.text.contains("\n") && text.messages.contains("vocab/mirror"))
        let step = try await Program.succeed(
            ["shards", "show", "--step", "1", "--row", "0"], in: folder)
        #expect(step.text.contains("target") && step.messages.contains("tokens of pairs"))
        try FileManager.default.removeItem(atPath: folder.path + "/pipeline.json")
        #expect(
            try await Program.succeed(
                ["decode", "--shards", "mirror", "--split", "val"], in: folder
            ).text == text.text)
        try writePipeline()

        let drawn = try await Program.succeed(
            ["generate", "--model", model, "--prompt", "cf", "--temperature", "0"], in: folder)
        #expect(drawn.text == "fc\n")
        let json = try await Program.succeed(
            ["generate", "--model", model, "--prompt", "cf", "--temperature", "0", "--json"],
            in: folder)
        #expect(json.text.contains(#""prompt":"cf""#) && json.text.contains(#""text":"fc""#))
        let beams = try await Program.succeed(
            ["generate", "--model", model, "--prompt", "cf", "--beams", "3"], in: folder)
        #expect(beams.text == "fc\n")
        let maps = try await Program.succeed(
            ["generate", "--model", model, "--prompt", "cf", "--attention", "-"], in: folder)
        #expect(maps.text.contains("source's tokens") && maps.text.contains("layer 1, head 2"))
        try await explain(model)
        let shown = try await Program.succeed(["model", "show", model], in: folder)
        #expect(shown.text.contains("1 of the encoder, 1 of the decoder"))
    }

    /// Explains the target that the model writes, and one that it is given.
    private func explain(_ model: String) async throws {
        struct Report: Decodable {
            struct Token: Decodable { let token: String }
            struct Step: Decodable {
                let name: String
                let map: [[Double?]]?
                let map_rows: [Int]?
                let map_columns: [Int]?
                let odds: [Token]?
            }
            let tokens: [Token]
            let steps: [Step]
        }
        let explain = ["explain", "cf", "--model", model]
        let text = try await Program.succeed(explain + ["--svg", "steps"], in: folder).text
        let json = try await Program.succeed(explain + ["--json"], in: folder).text
        let report = try JSONDecoder().decode(Report.self, from: Data(json.utf8))
        let pair = [#""c""#, #""f""#, #""<|endoftext|>""#, #""<|pad|>""#, #""f""#, #""c""#]
        #expect(report.tokens.map(\.token) == pair)
        let cross = try #require(report.steps.first { $0.name == "cross-softmax" })
        #expect(cross.map_rows == [3, 4, 5] && cross.map_columns == [0, 1, 2])
        #expect(
            cross.map?.allSatisfy { abs($0.reduce(0) { $0 + ($1 ?? 0) } - 1) < 1e-5 } == true)
        #expect(report.steps.last?.odds?.first?.token == #""<|endoftext|>""#)
        for (index, step) in report.steps.enumerated() {
            #expect(text.contains("\(index + 1). "))
            let number = index < 9 ? "0\(index + 1)" : "\(index + 1)"
            let svg = try folder.bytes("steps/\(number)-\(step.name).svg")
            #expect(XMLParser(data: Data(svg)).parse(), "\(step.name)")
        }
        let given = try await Program.succeed(explain + ["--target", "f", "--json"], in: folder)
        let other = try JSONDecoder().decode(Report.self, from: Data(given.text.utf8))
        #expect(other.tokens.map(\.token) == Array(pair.dropLast()))
        #expect(other.steps.last?.odds?.first?.token == #""c""#)
    }

    @Test func `what does not fit is refused with a word on what to do`() async throws {
        try writePairs("mirror.tsv")
        try writePipeline(#", "n_kv_head": 1"#)
        let foreign = try await Program.run(["run"], in: folder)
        #expect(foreign.status == 1)
        #expect(foreign.messages.contains("n_kv_head"))
        try writePipeline()
        try Data("source\tother\na\tb\n".utf8).write(
            to: URL(fileURLWithPath: folder.path + "/mirror.tsv"))
        let column = try await Program.run(["run"], in: folder)
        #expect(column.status == 1)
        #expect(column.messages.contains("\"target\""))
    }

    @Test(
        "what is not for pairs is refused before anything is made",
        arguments: [
            (#"corpus.refine={"remove_duplicates": true}"#, "corpus.refine", "taken as they are"),
            ("corpus.on_error=quarantine", "corpus.on_error", "choose \"skip\""),
            ("corpus.format=csv", "corpus.format", "leave it out"),
            ("corpus.text_field=source", "corpus.text_field", "source_field and target_field"),
            ("corpus.documents=line", "corpus.documents", "each record of a file is a pair"),
            ("training.stateful=true", "training.stateful", "has no state to carry; leave it out"),
            ("training.packing=document", "training.packing", "leave it out"),
            ("training.packing=concatenate", "training.packing", "leave it out"),
            ("training.stride=4", "training.stride", "concatenate"),
            ("training.evaluation_stride=4", "training.evaluation_stride", "pairs stay whole"),
            (
                #"instruction_tuning={"inputs": ["mirror.tsv"]}"#, "instruction_tuning",
                "lines of {"
            ),
        ])
    func foreignKeys(setting: String, key: String, advice: String) async throws {
        try writePairs("mirror.tsv")
        try writePipeline()
        let run = try await Program.run(["run", "--set", setting], in: folder)
        #expect(run.status == 1)
        #expect(run.messages.contains(key) && run.messages.contains(advice), "\(run.messages)")
        #expect(!folder.exists("runs/mirror/checkpoints"))
    }

    @Test func `other shards, conversations and programs are refused by name`() async throws {
        try writePairs("mirror.tsv")
        try writePipeline()
        try await Program.succeed(
            ["run", "--set", "training.steps=2", "--set", "training.warmup_steps=1"], in: folder)
        let model = "runs/mirror/checkpoints/latest"
        // Training by itself makes the same model.
        try await Program.succeed(
            [
                "train", "--config", "pipeline.json", "--set", "training.steps=2", "--set",
                "training.warmup_steps=1", "--output", "runs/alone",
            ], in: folder)
        #expect(
            try folder.bytes("runs/alone/checkpoints/latest/model.safetensors")
                == folder.bytes(model + "/model.safetensors"))
        try await Program.succeed(
            [
                "encode", "mirror.tsv", "--text-field", "source", "--vocab", model,
                "--validation-fraction", "0.5", "--output", "shards/texts",
            ], in: folder)
        func refused(_ arguments: [String], _ reason: String) async throws {
            let result = try await Program.run(arguments, in: folder)
            #expect(result.status == 1)
            #expect(result.messages.contains(reason), "\(result.messages)")
        }
        let text = "the shards in shards/texts hold other texts"
        try await refused(
            [
                "train", "--config", "pipeline.json", "--shards", "shards/texts", "--vocab", model,
                "--output", "runs/texts",
            ], text)
        try await refused(["evaluate", "--model", model, "--shards", "shards/texts"], text)
        for (options, reason) in [
            (["--stride", "4"], "pairs are read whole"),
            (["--mask-documents"], "always read apart"), (["--answers"], "targets are scored"),
        ] {
            try await refused(
                ["evaluate", "--model", model, "--shards", "shards/mirror"] + options, reason)
        }
        let conversation = #"{"instruction": "a", "output": "b"}"# + "\n"
        try folder.write("talk.jsonl", Array(conversation.utf8))
        try await refused(
            [
                "train", "--config", "pipeline.json", "--conversations", "talk.jsonl",
                "--init-from", model,
            ], "it is a model of pairs, which no conversation can tune")
        try await refused(["chat", "--model", model], "(use `quern generate --model \(model) ")
        try await refused(
            ["model", "export", model, "--format", "gguf", "--output", "mirror.gguf"],
            "llama.cpp has no model of the kind encoder_decoder")
        #expect(!folder.exists("mirror.gguf"))
        // Hugging Face has one.
        let generate = ["generate", "--prompt", "cf", "--temperature", "0", "--model"]
        let written = try await Program.succeed(generate + [model], in: folder).text
        try await Program.succeed(
            [
                "model", "export", model, "--format", "huggingface", "--shard-size", "5kB",
                "--output", "out",
            ], in: folder)
        #expect(try await Program.succeed(generate + ["out"], in: folder).text == written)
    }

    @Test(arguments: ["alpaca.jsonl", "alpaca.json"])
    func `the vocabulary learns from all that Alpaca's objects hold`(name: String) async throws {
        let objects = (0..<40).map {
            #"{"instruction": "turn\#($0 % 7)", "input": "zqxzqx", "output": "ok"}"#
        }
        let text =
            name.hasSuffix("l")
            ? objects.joined(separator: "\n") + "\n"
            : "[\n" + objects.joined(separator: ",\n") + "\n]\n"
        try folder.write("mirror.tsv", Array("source\ttarget\n".utf8))
        try folder.write(name, Array(text.utf8))
        try writePipeline()
        let run = try await Program.succeed(
            [
                "run", "--set", #"corpus.inputs=["\#(name)"]"#, "--set",
                "vocabulary.vocab_size=270", "--set", "training.steps=2", "--set",
                "training.warmup_steps=1",
            ], in: folder)
        #expect(run.status == 0)
        let ids = try await Program.succeed(
            ["tokenize", "--vocab", "vocab/mirror", "--ids", "zqxzqx"], in: folder)
        #expect(ids.text.split(separator: " ").count == 1, "\(ids.text)")
    }
}
