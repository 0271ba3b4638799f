import Foundation
import Testing

@Suite struct TrainTests {
    private let folder: TemporaryFolder
    private let world: TinyWorld

    init() async throws {
        folder = try TemporaryFolder()
        world = try await TinyWorld.shared.value
    }

    /// The arguments that train into `run`.
    private func arguments(_ run: String, steps: Int, _ more: String...) -> [String] {
        [
            "train", "--config", world.folder.path + "/pipeline.json", "--shards", world.shards,
            "--vocab", world.vocabulary, "--output", run, "--set", "training.steps=\(steps)",
            "--threads", "1", "--set", "training.evaluate_every=600", "--set",
            "training.checkpoint_every=600",
        ] + more
    }

    @Test func `training that is interrupted and resumed ends with the same bytes`() async throws {
        try await Program.succeed(arguments("straight", steps: 1_500, "--quiet"), in: folder)
        let running = try Program.start(
            arguments("stopped", steps: 1_500, "--log-format", "json"), in: folder)
        try await running.interrupt(afterFirstStepOf: "stopped", in: folder)
        let stopped = try await running.result.value
        #expect(stopped.status == 130)
        #expect(try stopped.events.last?["event"] as? String == "notice")

        let again = try await Program.run(arguments("stopped", steps: 1_500), in: folder)
        #expect(again.status == 1)
        #expect(again.messages.contains("--resume"))

        let resumed = try await Program.succeed(
            arguments("stopped", steps: 1_500, "--resume"), in: folder)
        #expect(resumed.messages.contains("continuing after step"))
        let files = try folder.files(below: "stopped/checkpoints/latest")
        #expect(files.keys.contains("training_state.json"))
        try folder.expectFiles(below: "straight/checkpoints/latest", toBe: files)
    }

    @Test func `a run is begun again only on request`() async throws {
        try await Program.succeed(arguments("run", steps: 3, "--quiet"), in: folder)
        #expect(try await Program.run(arguments("run", steps: 3), in: folder).status == 1)
        try await Program.succeed(arguments("run", steps: 2, "--overwrite", "--quiet"), in: folder)
        #expect(folder.exists("run/checkpoints/step-00000002"))
        #expect(!folder.exists("run/checkpoints/step-00000003"))
    }

    @Test func `files of others in the checkpoints' directory are not removed`() async throws {
        try await Program.succeed(arguments("run", steps: 3, "--quiet"), in: folder)
        let notes = [
            "run/checkpoints/notes.partial", "run/checkpoints/step-00000003/notes.txt",
            "run/checkpoints/mine/model.bin",
        ]
        for name in notes { try folder.write(name, "mine") }
        let model = try folder.bytes("run/checkpoints/step-00000003/model.safetensors")
        try await Program.succeed(arguments("run", steps: 2, "--overwrite", "--quiet"), in: folder)
        #expect(!folder.exists("run/checkpoints/step-00000003"))
        // A checkpoint that holds one is set aside with it.
        let aside = "run/checkpoints/set-aside/step-00000003/"
        for name in [notes[0], aside + "notes.txt", notes[2]] {
            #expect(try folder.bytes(name) == Array("mine".utf8))
        }
        #expect(try folder.bytes(aside + "model.safetensors") == model)
    }

    @Test func `a model that does not fit is refused with the figure`() async throws {
        let refused = try await Program.run(
            arguments("run", steps: 3, "--memory", "100kB"), in: folder)
        #expect(refused.status == 1)
        for word in ["needs", "100.0 kB", "optimizer", "--memory"] {
            #expect(refused.messages.contains(word))
        }
        #expect(!folder.exists("run"))
        for wrong in ["much", "-1", "0", "12XB", "1e400GB"] {
            let result = try await Program.run(
                arguments("run", steps: 3, "--memory=\(wrong)"), in: folder)
            #expect(result.status == 64)
        }
        try await Program.succeed(
            arguments("run", steps: 3, "--memory", "1.5 GiB", "--quiet"), in: folder)
    }

    @Test func `a profile shows where the time of a step went`() async throws {
        let result = try await Program.succeed(
            arguments("run", steps: 3, "--profile", "--quiet"), in: folder)
        for part in ["attention, forward", "head and loss", "optimizer", "a step, of 3"] {
            #expect(result.text.contains(part))
        }
        let plain = try await Program.succeed(
            arguments("plain", steps: 3, "--quiet"), in: folder)
        #expect(!plain.text.contains("attention"))
    }

    @Test func `evaluation scores every token but the first, for any stride and batch`()
        async throws
    {
        func tokens(_ options: String...) async throws -> Substring {
            let text = try await Program.succeed(
                ["evaluate", "--model", world.model, "--shards", world.shards, "--quiet"] + options,
                in: folder
            ).text
            for row in ["loss", "perplexity", "bits per byte", "bytes of text"] {
                #expect(text.contains(row))
            }
            return try #require(text.firstMatch(of: /tokens +([0-9,]+)/)).1
        }
        let all = try await tokens()
        #expect(try await tokens("--stride", "5") == all)
        #expect(try await tokens("--batch-size", "3", "--threads", "1") == all)
        #expect(try await tokens("--split", "train") != all)
    }

    @Test func `evaluation shows losses by position and by context as table, JSON and image`()
        async throws
    {
        let base = [
            "evaluate", "--model", world.model, "--shards", world.shards, "--quiet", "--windows",
            "5", "--by-position",
        ]
        let table = try await Program.succeed(base, in: folder).text
        #expect(table.contains("position") && table.contains("8–15"))
        let result = try await Program.succeed(
            base + ["--by-context", "--json", "--svg", "curves.svg", "--threads", "1"], in: folder)
        let object = try JSONSerialization.jsonObject(with: Data(result.output))
        let curves = try #require(object as? [String: [String: [[String: Double]]]])
        let positions = try #require(curves["by_position"]?["points"])
        #expect(positions.map { $0["first_context"] } == [1, 2, 3, 5, 9])
        #expect(curves["by_context"]?["points"]?.map { $0["tokens"] } == [5, 5, 5, 5, 5])
        let image = String(decoding: try folder.bytes("curves.svg"), as: UTF8.self)
        #expect(image.hasPrefix("<svg ") && image.contains("Loss by context shown"))
        let loss = try #require(positions[0]["loss"])
        #expect(table.contains(String(format: "%.4f", loss)))
        let scores = try await Program.succeed(
            ["evaluate", "--model", world.model, "--shards", world.shards, "--quiet", "--json"],
            in: folder)
        #expect(scores.text.contains("\"bits_per_byte\" : "))
    }

    @Test func `evaluation scores each of several files by itself`() async throws {
        try folder.write("a.txt", Array("the mill turns\n\nby day\n\nand by night".utf8))
        try folder.write("b.txt", Array("stones rest\n\nat night".utf8))
        try await Program.succeed(
            [
                "encode", "--vocab", world.vocabulary, "--output", "shards", "--text-separator",
                "\\n\\n", "--validation-fraction", "0.5", "a.txt", "b.txt", "--quiet",
            ], in: folder)
        let text = try await Program.succeed(
            [
                "evaluate", "--model", world.model, "--shards", "shards", "--quiet", "--split",
                "train",
            ], in: folder
        ).text
        let rows = text.matches(of: /([ab]\.txt) +([0-9]+) +[0-9.]+ +[0-9.]+ +[0-9.]+( .*)?\n/)
        #expect(!rows.isEmpty)
        let tokens = try #require(text.firstMatch(of: /tokens +([0-9]+)/)).1
        #expect(rows.reduce(0) { $0 + Int($1.2)! } == Int(tokens))
    }

    @Test func `more windows at once than there are take no more memory`() async throws {
        func score(_ size: String) async throws -> String {
            try await Program.succeed(
                [
                    "evaluate", "--model", world.model, "--shards", world.shards, "--quiet",
                    "--batch-size", size,
                ], in: folder
            ).text
        }
        // The activations of so many would be more than any machine has.
        #expect(try await score("1000000000000") == score("1"))
    }

    @Test func `what has no effect is said`() async throws {
        try folder.write("a.txt", String(repeating: "the mill turns by day. ", count: 60))
        try await Program.succeed(
            [
                "encode", "--vocab", world.vocabulary, "--output", "shards", "--quiet", "a.txt",
                "--validation-fraction", "0",
            ], in: folder)
        func notes(_ options: String...) async throws -> [Substring] {
            let arguments =
                [
                    "train", "--vocab", world.vocabulary, "--output", "run", "--overwrite",
                    "--set", "training.steps=1", "--set", "training.warmup_steps=0",
                    "--init-from", world.model,
                ] + options
            return try await Program.succeed(arguments, in: folder).messages
                .split(separator: "\n").filter { $0.hasPrefix("note: ") }
        }
        let all = try await notes(
            "--shards", "shards", "--set", "model.n_layer=3", "--set", "training.sample_every=5",
            "--set", "training.early_stop_patience=1")
        #expect(all.count == 3)
        for part in ["the shape of \(world.model)", "early", "sample_every"] {
            #expect(all.contains { $0.contains(part) })
        }
        let config = world.folder.path + "/pipeline.json"
        #expect(try await notes("--shards", world.shards, "--config", config) == [])
    }

    @Test func `a loss that is not finite has no sign`() async throws {
        let result = try await Program.run(
            arguments(
                "run", steps: 6, "--set", "training.learning_rate=1e38", "--set",
                "training.warmup_steps=0", "--set", "training.evaluate_every=3"), in: folder)
        #expect(result.status == 1)
        #expect(result.messages.contains("validation loss nan, perplexity nan"))
    }

    @Test func `the same seed draws the same text, another seed another one`() async throws {
        func draw(_ options: String...) async throws -> [UInt8] {
            try await Program.succeed(
                [
                    "generate", "--model", world.model, "--prompt", "the mill", "--max-new-tokens",
                    "30",
                ]
                    + options, in: folder
            ).output
        }
        let first = try await draw("--seed", "5")
        #expect(first.starts(with: Array("the mill".utf8)))
        #expect(try await draw("--seed", "5") == first)
        #expect(try await draw("--seed", "6") != first)
        let greedy = try await draw("--temperature", "0", "--seed", "1")
        #expect(try await draw("--temperature", "0", "--seed", "2") == greedy)
        // The second of two samples has the next seed.
        let two = String(decoding: try await draw("--seed", "4", "--samples", "2"), as: UTF8.self)
        #expect(two.hasSuffix("--- sample 2\n" + String(decoding: first, as: UTF8.self)))
    }
}
