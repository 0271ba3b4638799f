import Foundation
import Testing

/// Two runs on the same shards, made once.
private struct RunsWorld {
    static let shared = Task { try await RunsWorld() }

    let folder: TemporaryFolder
    private static let path = TemporaryFolder.newPath()

    init() async throws {
        folder = try TemporaryFolder(path: Self.path)
        atexit { try? FileManager.default.removeItem(atPath: RunsWorld.path) }
        try TinyWorld.prepare(folder)
        try await Program.succeed(["run", "--quiet"], in: folder)
        try await Program.succeed(
            [
                "run", "--quiet", "--set", "name=short", "--set", "training.steps=3", "--set",
                "training.learning_rate=1e-3", "--set", "model.n_embd=32",
            ], in: folder)
    }

    func compare(
        _ arguments: String..., environment: [String: String] = [:]
    ) async throws -> Program.Result {
        try await Program.run(["compare"] + arguments, in: folder, environment: environment)
    }
}

@Suite struct CompareTests {
    @Test(arguments: ["60", "80", "120"])
    func `settings, curves and figures stand beside one another`(columns: String) async throws {
        let world = try await RunsWorld.shared.value
        let result = try await world.compare(
            "tiny", "runs/short/checkpoints/latest", environment: ["COLUMNS": columns])
        #expect(result.status == 0 && result.messages.isEmpty, "\(result.messages)")
        let lines = result.text.split(separator: "\n").map(String.init)
        #expect(lines.prefix(2) == ["A  tiny", "B  short"])
        let cells = lines.map { $0.split(separator: " ").map(String.init) }
        #expect(cells.contains(["training.steps", "6", "3"]))
        #expect(cells.contains(["model.n_embd", "16", "32"]))
        #expect(cells.contains { $0.first == "training.learning_rate" && $0.last == "0.001" })
        #expect(!cells.contains { $0.first == "training.seed" || $0.first == "vocabulary" })
        #expect(cells.contains(["steps", "6", "3"]))
        #expect(cells.contains { $0.starts(with: ["bits", "per", "byte"]) && $0.count == 5 })
        // Nothing but ASCII where the locale has nothing else, but for what is text.
        #expect(result.text.contains("small letters in training") && result.text.contains("|"))
        #expect(lines.allSatisfy { $0.count <= Int(columns) ?? 0 })
        #expect(!result.text.contains("\u{1B}"))

        let braille = try await world.compare(
            "tiny", "short", "--by", "seconds",
            environment: ["COLUMNS": columns, "LC_ALL": "C.UTF-8"])
        #expect(braille.text.contains("seconds of training"))
        #expect(
            braille.text.unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) })
        #expect(braille.text.split(separator: "\n").allSatisfy { $0.count <= Int(columns) ?? 0 })
    }

    @Test func `the same as JSON has the figures that the runs have written`() async throws {
        let world = try await RunsWorld.shared.value
        let result = try await world.compare("tiny", "short", "--json")
        #expect(result.status == 0 && result.messages.isEmpty, "\(result.messages)")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
        let runs = try #require(object["runs"] as? [[String: Any]])
        #expect(runs.map { $0["name"] as? String } == ["tiny", "short"])
        let differences = try #require(object["differences"] as? [String: [Any]])
        #expect(differences["training.steps"] as? [Int] == [6, 3])
        for (run, name) in zip(runs, ["tiny", "short"]) {
            let summary = try #require(
                try JSONSerialization.jsonObject(
                    with: Data(world.folder.bytes("runs/\(name)/summary.json"))) as? [String: Any])
            for key in ["steps", "tokens", "parameters"] {
                #expect(run[key] as? Int == summary[key] as? Int)
            }
            let curve = try #require(run["training_curve"] as? [[String: Any]])
            let metrics = String(
                decoding: try world.folder.bytes("runs/\(name)/metrics.jsonl"), as: UTF8.self)
            let losses = try metrics.split(separator: "\n").compactMap { line in
                (try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["loss"]
                    as? Double
            }
            #expect(curve.map { $0["loss"] as? Double } == losses)
            let settings = try #require(run["settings"] as? [String: Any])
            #expect(settings["training.batch_size"] as? Int == 4)
            #expect(settings["model.architecture"] as? String == "gpt2")
        }
    }

    @Test func `a run that was stopped, and a damaged log, are shown as far as they go`()
        async throws
    {
        let world = try await RunsWorld.shared.value
        let folder = try TemporaryFolder()
        try folder.copy(world.folder.path + "/runs", to: "runs")
        let metrics = try folder.bytes("runs/tiny/metrics.jsonl")
        let lines = metrics.split(separator: UInt8(ascii: "\n"))
        // The last checkpoint and the last step are gone, a line is torn, and one is not JSON.
        try folder.remove("runs/tiny/summary.json")
        try folder.remove("runs/tiny/checkpoints/step-00000006")
        try folder.write(
            "runs/tiny/metrics.jsonl",
            Array(lines.prefix(5).joined(separator: [0x0A])) + Array("\nno\n{\"step\": 6, \"l".utf8)
        )
        let result = try await Program.run(["compare", "tiny", "short"], in: folder)
        #expect(result.status == 0)
        #expect(result.text.hasPrefix("A  tiny  (4 of 6 steps)\nB  short\n"), "\(result.text)")
        #expect(result.messages.contains("1 lines of the metrics of runs/tiny"))
        // Without a checkpoint there are still the steps.
        try folder.remove("runs/tiny/checkpoints")
        let again = try await Program.run(["compare", "tiny", "--quiet"], in: folder)
        #expect(again.status == 0 && again.messages.isEmpty)
    }

    @Test func `what is no run is named`() async throws {
        let world = try await RunsWorld.shared.value
        for name in ["none", "vocab/tiny", "/nowhere"] {
            let result = try await world.compare("tiny", name)
            #expect(result.status == 1)
            #expect(result.messages.contains("\(name) is no run"), "\(result.messages)")
        }
    }

    @Test func `the window of a step is shown with what is learned from`() async throws {
        let world = try await RunsWorld.shared.value
        let step = ["shards", "show", "shards/tiny", "--step", "2", "--run", "runs/tiny"]
        let all = try await Program.succeed(step, in: world.folder)
        #expect(all.text.split(separator: "\n").count { $0.hasPrefix("row ") } == 5)
        #expect(all.text.contains(", 16 places, 16 scored"))
        let row = try await Program.succeed(step + ["--row", "1"], in: world.folder)
        let table = row.text.split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }.drop { $0.first != "place" }.dropFirst().drop { $0.first != "place" }
        #expect(table.count == 17, "\(row.text)")
        let json = try await Program.succeed(step + ["--json"], in: world.folder)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output)) as? [String: Any])
        let rows = try #require(object["windows"] as? [[String: Any]])
        #expect(rows.count == 4)
        for row in rows {
            let inputs = try #require(row["inputs"] as? [Int])
            let targets = try #require(row["targets"] as? [Int])
            #expect(inputs.dropFirst().elementsEqual(targets.dropLast()))
            let parts = try #require(row["parts"] as? [[String: Any]])
            // Text is that of the inputs and the last target.
            let text = parts.compactMap { $0["text"] as? String }.joined()
            let decoded = try await Program.succeed(
                ["decode", "--vocab", "vocab/tiny"] + (inputs + targets.suffix(1)).map(String.init),
                in: world.folder)
            #expect(decoded.text.hasPrefix(text))
        }
        for wrong in [
            ["--row", "4"], ["--places", "3"], ["--row", "1", "--places", "3", "--json"],
        ] {
            let result = try await Program.run(step + wrong, in: world.folder)
            #expect(result.status == 64, "\(wrong)")
        }
        // A narrow screen and a bound make it small.
        let narrow = try await Program.run(
            step + ["--row", "1", "--places", "5"], in: world.folder, environment: ["COLUMNS": "60"]
        )
        let below = narrow.text.split(separator: "\n").drop { !$0.hasPrefix("row 1") }
        #expect(below.allSatisfy { $0.count <= 60 }, "\(narrow.text)")
    }
}
