import Foundation
import Testing

@Suite struct ComparisonTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try TinyWorld.prepare(folder)
        try write(rule: "parameters")
    }

    private func write(rule: String, models: String? = nil) throws {
        try folder.write(
            "comparison.json",
            """
            {
              "name": "families",
              "corpus": {
                "inputs": ["corpus.txt.zst"], "text_separator": "\\n\\n",
                "validation_fraction": 0.2
              },
              "vocabulary": {"vocab_size": 300},
              "rule": "\(rule)", "minutes": 0.002, "windows": 8,
              "model": {"n_positions": 16},
              "training": {
                "steps": 6, "batch_size": 4, "warmup_steps": 2
              },
              "models": [\(models ?? Self.models)]
            }
            """)
    }

    private static let models = """
        {"name": "learned",
         "model": {"architecture": "gpt2", "n_layer": 1, "n_head": 2, "n_embd": 32}},
        {"name": "rotary", "model": {"architecture": "llama", "n_layer": 2, "n_head": 2},
         "training": {"learning_rate": 1e-3}},
        {"name": "trigrams", "model": {"architecture": "ngram", "order": 3}}
        """

    private func run(_ options: String...) async throws -> Program.Result {
        try await Program.succeed(
            ["run", "comparison.json", "--json", "--log-format", "json"] + options, in: folder)
    }

    private func models(_ result: Program.Result) throws -> [[String: Any]] {
        let object = try JSONSerialization.jsonObject(with: Data(result.output))
        return try #require((object as? [String: Any])?["models"] as? [[String: Any]])
    }

    @Test func `models of equal size learn from the same shards, and only once`() async throws {
        let first = try await run()
        let models = try models(first)
        #expect(models.map { $0["name"] as? String } == ["learned", "rotary", "trigrams"])
        let counts = models.map { $0["non_embedding_parameters"] as? Int }
        let (learned, rotary) = (try #require(counts[0]), try #require(counts[1]))
        #expect(abs(learned - rotary) <= learned / 10)
        #expect(counts[2] == nil)
        #expect(models.map { $0["steps"] as? Int } == [6, 6, nil])
        for model in models {
            let curves = try #require(model["curves"] as? [String: [String: [[String: Any]]]])
            #expect(curves["by_position"]?["points"]?.count == 5)
            #expect(curves["by_context"]?["points"]?.count == 5)
        }
        let scored = models.map { ($0["validation"] as? [String: Any])?["tokens"] as? Int }
        #expect(Set(scored).count == 1)
        #expect(try folder.bytes("runs/families/comparison.svg").starts(with: Array("<svg ".utf8)))
        #expect(
            try first.stages("started")
                == ["vocab", "encode", "train", "evaluate", "train", "evaluate", "evaluate"])

        let second = try await run()
        #expect(second.output == first.output)
        #expect(try second.stages("started").isEmpty)
        let other = try await run("--set", "windows=5")
        #expect(try other.stages("started") == ["evaluate", "evaluate", "evaluate"])
    }

    @Test func `a changed setting replaces no trained model without being told to`() async throws {
        _ = try await run()
        let before = try folder.files(below: ".")
        func refusal(_ settings: String...) async throws -> String {
            let result = try await Program.run(
                ["run", "comparison.json", "--quiet"] + settings, in: folder)
            #expect(result.status == 1)
            return result.messages
        }
        let vocabulary = try await refusal("--set", "vocabulary.vocab_size=290")
        #expect(vocabulary.contains("vocabulary.vocab_size 300, now 290"))
        try folder.expectFiles(below: ".", toBe: before)
        let changed = Self.models.replacing("1e-3", with: "2e-3")
        try write(rule: "parameters", models: changed)
        let rate = try await refusal()
        #expect(rate.contains("runs/families/rotary holds a model that was trained for 6 steps"))
        #expect(rate.contains("training.learning_rate 0.001, now 0.002"))
        try write(rule: "parameters")
        // All learn for as long: to go on would compare other things.
        #expect(try await refusal("--set", "training.steps=9").contains("training.steps 6, now 9"))
        #expect(try await run().stages("started").isEmpty)

        try write(rule: "parameters", models: changed)
        #expect(try await run("--keep").stages("started") == ["train", "evaluate"])
        let runs = folder.path + "/runs/families"
        let kept = try FileManager.default.contentsOfDirectory(atPath: runs).filter {
            $0.hasPrefix("rotary-20") && $0.hasSuffix("-step-6")
        }
        #expect(kept.count == 1)
        let model = "runs/families/\(kept.first ?? "")/checkpoints/"
        #expect(
            try folder.files(below: model + "latest").allSatisfy { name, bytes in
                before["runs/families/rotary/checkpoints/latest/" + name] == bytes
                    || before["runs/families/rotary/checkpoints/step-00000006/" + name] == bytes
            })
        #expect(
            try await run("--set", "vocabulary.vocab_size=290", "--keep").stages("started").count
                == 7)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/runs")
        #expect(names.count == 2)
    }

    @Test func `models of equal operations take steps in proportion`() async throws {
        try write(rule: "operations")
        let models = try models(try await run())
        let operations = try models.prefix(2).map { try #require($0["operations"] as? Double) }
        let steps = try models.prefix(2).map { try #require($0["steps"] as? Int) }
        #expect(steps[0] == 6 && steps[1] != 6)
        #expect(abs(operations[0] - operations[1]) <= operations[1] / Double(steps[1]))
    }

    @Test func `models of equal minutes take the steps that their speed allows, the same again`()
        async throws
    {
        try write(rule: "minutes")
        let first = try await run()
        let steps = try models(first).prefix(2).map { try #require($0["steps"] as? Int) }
        #expect(steps.allSatisfy { $0 > 0 })
        let second = try await run()
        #expect(second.output == first.output)
        #expect(try second.stages("started").isEmpty)
    }

    @Test func `the tables name every model`() async throws {
        let text = try await Program.succeed(
            ["run", "comparison.json", "--quiet"], in: folder
        ).text
        for word in ["learned", "rotary", "trigrams", "Equal parameters", "bits per byte", "8–15"] {
            #expect(text.contains(word))
        }
    }

    @Test(arguments: [
        (#"{"name": "a", "modl": {}}"#, #""models[0].modl"; did you mean "models[0].model"?"#),
        (
            #"{"name": "a", "model": {"n_layers": 1}}"#,
            #""models[0].model.n_layers"; did you mean "models[0].model.n_layer"?"#
        ),
        (#"{"name": "a", "model": {"architecture": "lstn"}}"#, "models[0].model.architecture"),
        (#"{"name": "a", "model": {"n_layer": 1.5}}"#, "models[0].model.n_layer"),
        (#"{"name": "a", "training": {"batch_size": 0}}"#, "batch_size"),
        (#"{"name": "a/b"}"#, "models[0].name"),
        (#"{"name": "a"}, {"name": "a"}"#, "models[1].name"),
        (#"{"name": "a"}, {"name": "b", "model": {"n_positions": 8}}"#, "models[1].model.n_pos"),
        (#"{"name": "a", "model": {"architecture": "ngram"}}"#, "at least one network"),
        (
            #"{"name": "a"}, {"name": "b", "model": {"architecture": "ngram", "order": 1}}"#,
            "models[1].model.order"
        ),
        (
            #"{"name": "a"}, {"name": "b", "model": {"architecture": "ngram", "n_layer": 1}}"#,
            "models[1].model.n_layer"
        ),
        (#"{"name": "a", "model": {"order": 3}}"#, "order"),
        (#"3"#, "models[0]"),
    ])
    func `a description that does not fit is refused`(models: String, says: String) async throws {
        try write(rule: "parameters", models: models)
        let result = try await Program.run(["run", "comparison.json", "--quiet"], in: folder)
        #expect(result.status == 1)
        #expect(result.messages.contains(says), "\(result.messages)")
    }

    @Test func `an unknown rule is refused with those that are known`() async throws {
        try write(rule: "money")
        let result = try await Program.run(["run", "comparison.json", "--quiet"], in: folder)
        #expect(result.status == 1)
        #expect(result.messages.contains("one of parameters, operations, minutes belongs here"))
    }
}
