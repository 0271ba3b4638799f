import Foundation
import Testing

@Suite struct PlanTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try TinyWorld.prepare(folder)
    }

    private static let small = [
        "--set", "model.n_layer=1", "--set", "training.batch_size=2",
    ]

    private func object(_ result: Program.Result) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
    }

    @Test func `a plan is shown with what is expected, and nothing is written`() async throws {
        let before = try folder.files(below: ".")
        let arguments = ["plan", "--minutes", "0.01", "--measure", "0.02"] + Self.small
        let text = try await Program.succeed(arguments + ["--quiet"], in: folder).text
        for part in [
            "Measured\n", "training.steps = ", "bits per byte", "tokens per parameter", "memory",
            "Next:\n  quern run --set model.n_layer=1",
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
        let plan = try object(
            try await Program.succeed(arguments + ["--quiet", "--json"], in: folder))
        let expected = try #require(plan["expected"] as? [String: Double])
        let (low, high) = (try #require(expected["low"]), try #require(expected["high"]))
        #expect(low < high && low > 0)
        try folder.expectFiles(below: ".", toBe: before)
    }

    @Test func `texts without a description are planned for`() async throws {
        try folder.write("texts/a.txt", String(repeating: TinyWorld.corpus + "\n\n", count: 3))
        let before = try folder.files(below: ".")
        let result = try await Program.succeed(
            [
                "plan", "--minutes", "0.01", "--measure", "0.02", "--quiet", "--corpus", "texts",
                "--set", "vocabulary.vocab_size=300",
            ], in: folder)
        let next = """
            Next:
              quern init texts --minutes 0.01
              quern run --set vocabulary.vocab_size=300

            """
        for part in ["Chosen", "Expected", next] {
            #expect(result.text.contains(part), "\(part) in \(result.text)")
        }
        try folder.expectFiles(below: ".", toBe: before)
    }

    @Test func `a run of some minutes is planned once, and then up to date`() async throws {
        let arguments = ["run", "--minutes", "0.005", "--log-format", "json"] + Self.small
        let first = try await Program.succeed(arguments, in: folder)
        #expect(try first.stages("started") == ["vocab", "encode", "train", "generate"])
        let runs = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/runs/tiny")
        #expect(runs.count { $0.hasPrefix("plan-") } == 1)
        let second = try await Program.succeed(arguments, in: folder)
        #expect(try second.stages("started").isEmpty)
        // Its settings by themselves are the same run.
        let name = try #require(runs.first { $0.hasPrefix("plan-") })
        let plan = try #require(
            try JSONSerialization.jsonObject(with: Data(folder.bytes("runs/tiny/" + name)))
                as? [String: Any])
        let settings = try #require(plan["settings"] as? [String])
        let same = try await Program.succeed(
            ["run", "--log-format", "json"] + Self.small
                + settings.flatMap { ["--set", $0] }, in: folder)
        #expect(try same.stages("started").isEmpty)
    }

    @Test func `ranks are planned by their messages beside their arithmetic`() async throws {
        let settings = [
            "model.n_layer=1", "model.n_embd=32", "model.n_head=2", "training.batch_size=4",
        ].flatMap { ["--set", $0] }
        let before = try folder.files(below: ".")
        func forecast(_ more: [String]) async throws -> [String: Any] {
            try object(
                try await Program.succeed(
                    ["plan", "--quiet", "--json"] + more + settings, in: folder))
        }
        func figure(_ plan: [String: Any], _ name: String) throws -> Double {
            try #require((plan[name] ?? (plan["ranks"] as? [String: Any])?[name]) as? Double)
        }
        let paper = ["--ranks", "2", "--latency", "2", "--gflops", "0.5"]
        let plan = try await forecast(paper + ["--bandwidth", "8Mbit/s"])
        // Two ranks exchange every parameter twice: its gradient, and its new value.
        let bytes = try figure(plan, "bytes_per_step")
        #expect(try abs(bytes / (4 * figure(plan, "parameters")) - 1) < 0.2)
        // 1 MB a second, and three exchanges of 2 ms.
        #expect(try abs(figure(plan, "message_seconds") - (bytes / 1e6 + 0.006)) < 1e-9)
        let share =
            try figure(plan, "arithmetic_seconds")
            / (figure(plan, "arithmetic_seconds") + figure(plan, "message_seconds"))
        #expect(try abs(figure(plan, "efficiency") - share) < 1e-9)
        #expect(try abs(figure(plan, "speedup") - 2 * share) < 1e-9)
        #expect((plan["advice"] as? String)?.contains("training.local_steps") == true)
        // The same in bytes, and with a network that costs nothing.
        #expect(
            try figure(try await forecast(paper + ["--bandwidth", "1MB"]), "speedup")
                == figure(plan, "speedup"))
        #expect(
            try await forecast(paper + ["--bandwidth", "1TB", "--latency", "0"])["advice"] == nil)
        let seldom = try await forecast(
            paper + ["--bandwidth", "1MB"]
                + ["training.local_steps=10", "training.steps=600"].flatMap { ["--set", $0] })
        let steps = try figure(seldom, "steps_per_exchange")
        // 96 steps are taken together, and rounds have at most a 48th of those before, or ten.
        #expect(abs(steps - 600.0 / 196) < 1e-9)
        #expect(
            try abs(figure(seldom, "message_seconds") * steps - bytes / 1e6 - 0.006) < bytes / 5e6)
        let text = try await Program.succeed(
            ["plan", "--quiet", "--ranks", "2", "--bandwidth", "1Gbit", "--measure", "0.01"]
                + settings, in: folder
        ).text
        for part in ["A step of 2 ranks\n", "measured here", "times that of one rank"] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
        try folder.expectFiles(below: ".", toBe: before)
    }

    @Test(arguments: [
        (["plan"], 64, "--minutes"),
        (["plan", "--ranks", "2", "--bandwidth", "1MB", "--corpus", "a"], 64, "belongs to --m"),
        (["plan", "p.json", "--minutes", "1", "--corpus", "a.txt"], 64, "or texts with --corpus"),
        (["plan", "--minutes", "1", "--corpus", "a.txt"], 1, "a.txt"),
        (["plan", "--minutes", "1", "--ranks", "2"], 64, "--ranks"),
        (["plan", "--ranks", "2"], 64, "--bandwidth"),
        (["plan", "--minutes", "1", "--latency", "1"], 64, "belong to --ranks"),
        (["plan", "--ranks", "2", "--bandwidth", "fast"], 64, "10Gbit"),
        (["plan", "--ranks", "2", "--bandwidth", "1GBbit"], 64, "10Gbit"),
        (["plan", "--ranks", "1", "--bandwidth", "1Gbit"], 64, "from 2"),
        (
            [
                "plan", "--ranks", "3", "--bandwidth", "1Gbit", "--gflops", "1",
                "--set", "training.gradient_slots=4", "--set", "training.batch_size=4",
            ], 1, "3 ranks cannot share the 4 slots"
        ),
        (["plan", "--minutes", "0"], 64, "above 0"),
        (["plan", "--minutes", "1", "--set", "training.steps=5"], 1, "minutes decide the steps"),
        (["run", "--minutes", "1", "--set", "training.steps=5"], 1, "minutes decide the steps"),
    ])
    func `what makes no sense is refused`(
        arguments: [String], status: Int32, says: String
    ) async throws {
        let result = try await Program.run(arguments, in: folder)
        #expect(result.status == status)
        #expect(result.messages.contains(says), "\(result.messages)")
    }
}
