import Foundation
import Pipeline
import Testing
import Work

@testable import quern

@Suite struct ConfigTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `without a key every key has a line in its section`() async throws {
        let result = try await Program.succeed(["config"], in: folder)
        let lines = result.text.split(separator: "\n")
        #expect(lines.first == "pipeline.json")
        for section in ["corpus", "corpus.refine", "training", "models[].model"] {
            #expect(lines.contains { $0 == section })
        }
        let line = try #require(lines.first { $0.hasPrefix("  learning_rate ") })
        #expect(line.contains("number") && line.contains("AdamW's learning rate at its highest"))
        #expect(result.messages.isEmpty)
    }

    @Test(arguments: [60, 80, 120])
    func `meanings are whole on a screen of any width`(width: Int) {
        let sections = ConfigurationKeys.pipeline.sections
        let text = ConfigurationText.table(sections, width: width)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= width })
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for key in sections.flatMap(\.keys) where width < 80 {
            #expect(words.contains(key.description.summary), "\(key.description.summary)")
        }
    }

    @Test func `a section is explained alone, with the sections in it`() async throws {
        let result = try await Program.succeed(["config", "corpus"], in: folder)
        #expect(result.text.contains("\n  inputs_from "))
        #expect(result.text.contains("\ncorpus.refine\n"))
        #expect(!result.text.contains("\n  learning_rate "))
    }

    @Test func `a key is explained in full, wherever it is`() async throws {
        let path = "training.muon_learning_rate"
        let one = try await Program.succeed(["config", path], in: folder)
        #expect(one.text.hasPrefix(path + "\n  Muon's learning rate at its highest"))
        for part in ["only if optimizer is muon", "a number above 0", "muon_lr", "--set \(path)="] {
            #expect(one.text.contains(part), "\(one.text)")
        }
        let all = try await Program.succeed(["config", "muon_learning_rate"], in: folder)
        #expect(all.text.contains("training.muon_learning_rate\ninstruction_tuning."))
        let model = try await Program.succeed(["config", "n_layer"], in: folder)
        #expect(model.text.contains("encoder_decoder"), "\(model.text)")
    }

    @Test(arguments: [
        ("training.learning_rat", "training.learning_rate"), ("lr", "training.learning_rate"),
        ("training.lr", "training.learning_rate"), ("trainig", "training"),
        ("max_tokens", "generation.max_new_tokens"), ("model.ctx", "model.n_positions"),
    ])
    func `a mistyped key gets the nearest of any section`(key: String, nearest: String) async throws
    {
        let result = try await Program.run(["config", key], in: folder)
        #expect(result.status == 64)
        #expect(result.messages.contains("did you mean \"\(nearest)\"?"), "\(result.messages)")
    }

    @Test func `the keys are given as JSON`() async throws {
        let result = try await Program.succeed(["config", "top_k", "--json"], in: folder)
        let whole = try #require(
            JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
        let keys = try #require(whole["keys"] as? [[String: Any]])
        #expect(keys.map { $0["key"] as? String } == ["generation.top_k"])
        #expect(keys[0]["default"] as? Int == 50)
        #expect(keys[0]["matters_if"] as? String == "temperature is above 0")
    }

    @Test func `the schema is JSON that names its draft`() async throws {
        let result = try await Program.succeed(["config", "--schema"], in: folder)
        let schema = try #require(
            JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
        #expect(schema["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
    }

    @Test func `an error of the file has its line and column`() async throws {
        try folder.write("pipeline.json", "{\n  \"training\": {\n    \"lr\": 1e-3\n  }\n}\n")
        let result = try await Program.run(["run"], in: folder)
        #expect(result.status == 1)
        #expect(
            result.messages.hasPrefix(
                "Error: pipeline.json, line 3, column 5: unknown key \"training.lr\"; did you mean "
                    + "\"training.learning_rate\"?"), "\(result.messages)")
    }
}
