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
        #expect(try folder.files(below: ".") == before)
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

    @Test(arguments: [
        (["plan"], 64, "--minutes"),
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
