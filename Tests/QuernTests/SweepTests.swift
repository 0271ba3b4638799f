import Foundation
import Testing

@Suite struct SweepTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try TinyWorld.prepare(folder)
    }

    private func sweep(_ arguments: String...) async throws -> Program.Result {
        try await Program.succeed(
            ["sweep", "--json", "--log-format", "json"] + arguments, in: folder)
    }

    private func object(_ result: Program.Result) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
    }

    private func trials(_ result: Program.Result) throws -> [[String: Any]] {
        try #require(try object(result)["trials"] as? [[String: Any]])
    }

    @Test func `trials share vocabulary and shards, and what is done is not done again`()
        async throws
    {
        try await Program.succeed(["run", "--quiet"], in: folder)
        let grid = ["--over", "training.learning_rate=1e-3,1e-2", "--over", "model.n_layer=1,2"]
        let first = try await sweep(grid[0], grid[1], grid[2], grid[3])
        // The pipeline's own shards are up to date.
        #expect(try first.stages("started") == ["train", "train", "train", "train"])
        let trials = try trials(first)
        let bits = try trials.map { try #require($0["bits_per_byte"] as? Double) }
        #expect(bits == bits.sorted() && Set(bits).count == 4)
        #expect(trials.allSatisfy { $0["steps"] as? Int == 6 && $0["loss"] is Double })
        let names = trials.compactMap { $0["name"] as? String }
        #expect(
            Set(names) == [
                "learning_rate-0.001_n_layer-1", "learning_rate-0.001_n_layer-2",
                "learning_rate-0.01_n_layer-1", "learning_rate-0.01_n_layer-2",
            ])
        #expect(try folder.bytes("runs/tiny-sweep/sweep.json") == first.output)
        #expect(folder.exists("runs/tiny-sweep/report.html"))

        let second = try await sweep(grid[0], grid[1], grid[2], grid[3])
        #expect(second.output == first.output)
        #expect(try second.stages("started").isEmpty)
        // Another value adds a trial, and one of other settings is not replaced.
        let more = try await sweep("--over", "training.learning_rate=1e-2,0.02")
        #expect(try more.stages("started") == ["train", "train"])
        let refused = try await Program.run(
            ["sweep", "--quiet"] + grid + ["--set", "training.steps=9"], in: folder)
        #expect(refused.status == 1)
        #expect(refused.messages.contains("training.steps 6, now 9"), "\(refused.messages)")

        // The best is made again by the line that is shown, under another name.
        let best = try #require(try object(first)["best"] as? [String: Any])
        let settings = try #require(best["settings"] as? [String])
        let again = try await Program.succeed(
            ["run", "--json", "--quiet", "--set", "name=again"]
                + settings.flatMap { ["--set", $0] }, in: folder)
        #expect(try object(again)["bits_per_byte"] as? Double == bits[0])
        #expect(best["name"] as? String == names[0])
    }

    @Test func `compare and report take a sweep's name, best first`() async throws {
        let result = try await sweep("--over", "training.learning_rate=1e-4,1e-2,1e-3")
        let names = try trials(result).compactMap { $0["name"] as? String }
        let compared = try await Program.succeed(["compare", "tiny-sweep", "--json"], in: folder)
        let runs = try #require(try object(compared)["runs"] as? [[String: Any]])
        #expect(runs.compactMap { $0["name"] as? String } == names.map { "tiny-sweep/" + $0 })
        let page = folder.path + "/page.html"
        try await Program.succeed(
            ["report", "tiny-sweep", "--no-measure", "--output", page, "--quiet"], in: folder)
        let text = String(decoding: try folder.bytes("page.html"), as: UTF8.self)
        for name in names { #expect(text.contains(name)) }
        let model = "tiny-sweep/" + names[0]
        try await Program.succeed(
            ["generate", "--model", model, "--prompt", "the mill", "--quiet"], in: folder)
    }

    @Test func `the table has the values, the scores and the line that runs the best`()
        async throws
    {
        let result = try await Program.succeed(
            [
                "sweep", "pipeline.json", "--quiet", "--over", "training.learning_rate=1e-3,1e-2",
                "--set", "training.steps=4", "--over", "training.schedule=wsd",
            ], in: folder)
        let lines = result.text.split(separator: "\n").map(String.init)
        let cells = lines.map { $0.split(separator: " ").map(String.init) }
        #expect(
            cells.first == [
                "learning_rate", "schedule", "bits", "per", "byte", "loss", "steps", "time",
                "tokens/s",
            ])
        #expect(cells[1].prefix(3) == ["1", "0.01", "wsd"])
        #expect(cells[2].prefix(3) == ["2", "0.001", "wsd"])
        #expect(
            lines.contains(
                "  quern run pipeline.json --set training.steps=4 --set "
                    + "training.learning_rate=0.01 --set training.schedule=wsd"), "\(result.text)")
        #expect(lines.contains("  runs/tiny-sweep/sweep.json"))
    }

    @Test func `a sweep that is stopped goes on`() async throws {
        let arguments = [
            "sweep", "--json", "--log-format", "json", "--threads", "1", "--over",
            "training.learning_rate=1e-3,1e-2", "--set", "training.steps=1500", "--set",
            "training.evaluate_every=600", "--set", "training.checkpoint_every=600",
        ]
        let running = try Program.start(arguments, in: folder)
        try await running.interrupt(
            afterFirstStepOf: "runs/tiny-sweep/learning_rate-0.001", in: folder)
        let stopped = try await running.result.value
        #expect(stopped.status == 130)
        #expect(!folder.exists("runs/tiny-sweep/learning_rate-0.01"))
        let rest = try await Program.succeed(arguments, in: folder)
        #expect(try rest.stages("started") == ["train", "train"])
        let completed = try rest.events.compactMap { $0["completed_steps"] as? Int }
        #expect(completed.contains { $0 > 0 })
        #expect(try trials(rest).count == 2)
    }

    @Test func `a budget ends after the trial in which it is spent, and says what is left out`()
        async throws
    {
        let grid = "training.seed=1,2,3"
        let result = try await sweep("--over", grid, "--budget", "1e-9")
        #expect(try trials(result).compactMap { $0["name"] as? String } == ["seed-1"])
        #expect(try object(result)["left_out"] as? [String] == ["seed-2", "seed-3"])
        // What is done counts, so that the same command does no more.
        let again = try await sweep("--over", grid, "--budget", "1e-9")
        #expect(try again.stages("started").isEmpty)
        let rest = try await sweep("--over", grid, "--budget", "100")
        #expect(try trials(rest).count == 3)
        #expect(try object(rest)["left_out"] as? [String] == [])
    }

    @Test func `minutes of a trial give it steps, the same again`() async throws {
        let arguments = ["--over", "model.n_layer=1,2", "--minutes", "0.002"]
        let first = try await sweep(arguments[0], arguments[1], arguments[2], arguments[3])
        let steps = try trials(first).map { try #require($0["steps"] as? Int) }
        #expect(steps.allSatisfy { $0 > 0 })
        let best = try #require(try object(first)["best"] as? [String: Any])
        #expect((best["settings"] as? [String])?.last == "training.steps=\(steps[0])")
        let second = try await sweep(arguments[0], arguments[1], arguments[2], arguments[3])
        #expect(second.output == first.output)
        #expect(try second.stages("started").isEmpty)
    }

    @Test func `a trial that diverges is named, the others go on, and it is not tried again`()
        async throws
    {
        let arguments = [
            "--over", "training.learning_rate=1e-3,1e38", "--set", "training.steps=50", "--set",
            "training.warmup_steps=0", "--set", "training.evaluate_every=50",
        ]
        let first = try await Program.succeed(
            ["sweep", "--json", "--log-format", "json"] + arguments, in: folder)
        let trials = try trials(first)
        #expect(trials.map { $0["failure"] is String } == [false, true])
        let second = try await Program.succeed(
            ["sweep", "--json", "--log-format", "json"] + arguments, in: folder)
        #expect(second.output == first.output)
        #expect(try second.stages("started").isEmpty)
    }

    @Test(arguments: [
        (["--over", "vocabulary.vocab_size=300,400"], 1, "the same vocabulary"),
        (["--over", "model.n_head=2,3"], 1, "n_head-3"),
        (["--over", "model.n_head=2,3"], 1, "--skip-invalid leaves them out"),
        (["--over", "training.learning_rate=1e-3..1e-2"], 1, "use --random"),
        (["--over", "training.steps"], 64, "section.key=value,value"),
        (["--over", "training.steps=1", "--seed", "3"], 64, "--seed goes with --random"),
        (["--set", "training.steps=1"], 64, "give --over"),
        (["--over", "training.steps=1,2", "--minutes", "1"], 1, "decide its steps"),
        (["--over", "training.steps=1,2", "--random", "0"], 64, "1 to 1000"),
        (
            ["--over", "training.steps=1,2", "--set", "corpus.validation_fraction=0"], 1,
            "corpus.validation_fraction"
        ),
    ])
    func `what makes no sense is refused before anything is trained`(
        arguments: [String], status: Int32, says: String
    ) async throws {
        let result = try await Program.run(["sweep", "--quiet"] + arguments, in: folder)
        #expect(result.status == status)
        #expect(result.messages.contains(says), "\(result.messages)")
        #expect(!folder.exists("runs/tiny-sweep/steps-1/metrics.jsonl"))
    }
}
