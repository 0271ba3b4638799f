import Foundation
import Testing

@Suite struct ReportTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try TinyWorld.prepare(folder)
    }

    /// The steps of the work one by one, as arguments.
    private static let steps = [
        ["vocab", "train", "--vocab-size", "300", "--output", "vocab/tiny", "corpus.txt.zst"],
        [
            "encode", "--vocab", "vocab/tiny", "--output", "shards/tiny", "--text-separator",
            "\\n\\n",
            "--validation-fraction", "0.2", "corpus.txt.zst",
        ],
        ["shards", "verify", "shards/tiny", "--vocab", "vocab/tiny"],
        ["train", "--config", "pipeline.json"],
        ["evaluate", "--model", "runs/tiny/checkpoints/latest", "--shards", "shards/tiny"],
        // The pipeline learns a vocabulary of its own, and with it another model.
        ["run", "--overwrite"],
    ]

    @Test func `quiet work says nothing but its result`() async throws {
        for step in Self.steps {
            let result = try await Program.succeed(step + ["--quiet"], in: folder)
            #expect(result.messages == "", "\(step[0])")
            #expect(!result.output.isEmpty, "\(step[0])")
        }
    }

    @Test func `the log in JSON is one object a line`() async throws {
        var kinds: Set<String> = []
        for step in Self.steps {
            let result = try await Program.succeed(step + ["--log-format", "json"], in: folder)
            for event in try result.events {
                kinds.insert(try #require(event["event"] as? String))
            }
        }
        #expect(
            kinds.isSuperset(
                of: ["started", "finished", "training", "step", "evaluated", "checkpoint"]))
    }

    @Test func `in a file progress is whole lines without control characters`() async throws {
        for step in Self.steps {
            let messages = try await Program.succeed(step, in: folder).messages
            #expect(!messages.contains("\r") && !messages.contains("\u{1B}"), "\(step[0])")
            #expect(messages.isEmpty || messages.hasSuffix("\n"), "\(step[0])")
        }
    }

    @Test func `metrics are JSON lines with the figures of each step`() async throws {
        try await Program.succeed(["run", "--quiet"], in: folder)
        let lines = String(decoding: try folder.bytes("runs/tiny/metrics.jsonl"), as: UTF8.self)
            .split(separator: "\n")
        let objects = try lines.map {
            try #require(
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Double])
        }
        let steps = objects.filter { $0["loss"] != nil }
        #expect(steps.map { $0["step"] } == (1...6).map(Double.init))
        for key in ["learning_rate", "gradient_norm", "tokens_per_second", "matrix_peak_share"] {
            #expect(steps.allSatisfy { $0[key] != nil }, "\(key)")
        }
        #expect(objects.compactMap { $0["bits_per_byte"] }.count == 2)
    }

    @Test func `metrics and the log in JSON have the same members for an event`() async throws {
        let log = try await Program.succeed(["run", "--log-format", "json"], in: folder)
        let logged = try log.events.compactMap { event in
            ["step", "evaluated"].contains(event["event"] as? String)
                ? try #require(event.filter { $0.key != "event" } as? [String: Double]) : nil
        }
        let lines = String(decoding: try folder.bytes("runs/tiny/metrics.jsonl"), as: UTF8.self)
        let kept = try lines.split(separator: "\n").map {
            try #require(
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Double])
        }
        // The log has a step now and then, the metrics all.
        #expect(
            logged.contains { $0["loss"] != nil } && logged.contains { $0["perplexity"] != nil })
        #expect(logged.allSatisfy(kept.contains))
    }
}
