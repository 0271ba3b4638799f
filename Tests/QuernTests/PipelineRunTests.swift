import Foundation
import Testing

@Suite struct PipelineRunTests {
    private let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        try TinyWorld.prepare(folder)
    }

    private static let stages = ["vocab", "encode", "train", "generate"]

    /// Runs the pipeline and returns the stages that did something.
    private func run(_ options: String...) async throws -> [String] {
        let result = try await Program.succeed(
            ["run", "--log-format", "json"] + options, in: folder)
        let started = try result.stages("started")
        #expect(try result.stages("finished") == started)
        let rest = try result.stages("up_to_date")
        #expect(Set(started).union(rest) == Set(Self.stages))
        return started
    }

    /// Runs the pipeline with a setting that replaces what is there.
    private func overwrite(_ setting: String) async throws -> [String] {
        try await run("--set", setting, "--overwrite")
    }

    @Test func `the first run does everything, and the second nothing`() async throws {
        #expect(try await run() == Self.stages)
        let made = try folder.files(below: ".")
        #expect(try await run() == [])
        try folder.expectFiles(below: ".", toBe: made)
    }

    @Test func `the summary names every file and figure`() async throws {
        let text = try await Program.succeed(["run", "--quiet"], in: folder).text
        for part in [
            "vocab/tiny/tokenizer.json", "shards/tiny/train_000000.bin",
            "shards/tiny/manifest.json",
            "runs/tiny/checkpoints/step-00000006/model.safetensors", "runs/tiny/metrics.jsonl",
            "300 tokens", "bytes per token", "tokens/s", "validation loss", "perplexity",
            "bits per byte", "Sample 1\n  the mill",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test func `a step of a run is shown without naming its shards`() async throws {
        _ = try await run()
        let step = ["shards", "show", "--run", "runs/tiny", "--step", "2"]
        let shown = try await Program.succeed(step, in: folder)
        #expect(shown.messages.isEmpty)
        let named = try await Program.succeed(step + ["shards/tiny"], in: folder)
        #expect(shown.text == named.text)
        let set = try await Program.succeed(["shards", "show", "--run", "runs/tiny"], in: folder)
        #expect(set.text.contains("train_000000.bin"))
        // Other shards have other rows.
        try await Program.succeed(
            [
                "encode", "--vocab", "vocab/tiny", "--output", "shards/other", "--text-separator",
                "\\n\\n", "--validation-fraction", "0.5", "corpus.txt.zst", "--quiet",
            ], in: folder)
        let other = try await Program.succeed(step + ["shards/other"], in: folder)
        #expect(other.messages.contains("are not those of runs/tiny"))
    }

    @Test func `only what depends on a change is done again`() async throws {
        _ = try await run()
        #expect(
            try await overwrite("training.learning_rate=1e-3") == ["train", "generate"])
        #expect(try await run("--overwrite") == ["train", "generate"])
        #expect(try await run("--set", "generation.seed=7") == ["generate"])
        #expect(
            try await overwrite("shards.end_of_text=after") == ["encode", "train", "generate"])
        #expect(try await overwrite("vocabulary.vocab_size=290") == Self.stages)
    }

    @Test func `a shard that was deleted is encoded again, and nothing is trained`() async throws {
        _ = try await run()
        let whole = try folder.files(below: "shards")
        try folder.remove("shards/tiny/train_000000.bin")
        let result = try await Program.succeed(["run", "--log-format", "json"], in: folder)
        #expect(try result.stages("started") == ["encode"])
        #expect(
            result.messages.contains("shards/tiny/train_000000.bin is missing and made again"))
        try folder.expectFiles(below: "shards", toBe: whole)
    }

    @Test func `a ledger in which stages have their older names is taken for what it says`()
        async throws
    {
        _ = try await run()
        let path = "runs/tiny/stages.json"
        var ledger = String(decoding: try folder.bytes(path), as: UTF8.self)
        let older = ["vocabulary", "shards", "training", "samples"]
        for (name, older) in zip(Self.stages, older) {
            #expect(ledger.contains("\"\(name)\""))
            ledger.replace("\"\(name)\"", with: "\"\(older)\"")
        }
        try folder.write(path, Array(ledger.utf8))
        #expect(try await run() == [])
    }

    @Test func `a checkpoint that was deleted is trained again to the same bytes`() async throws {
        _ = try await run()
        let latest = try folder.files(below: "runs/tiny/checkpoints/latest")
        try folder.remove("runs/tiny/checkpoints/step-00000006/model.safetensors")
        #expect(try await run() == ["train"])
        try folder.expectFiles(below: "runs/tiny/checkpoints/latest", toBe: latest)
    }

    @Test func `a corpus that was touched is read again, and nothing is trained`() async throws {
        _ = try await run()
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1e9)],
            ofItemAtPath: folder.path + "/corpus.txt.zst")
        #expect(try await run() == ["vocab", "encode"])
        #expect(try await run() == [])
    }

    @Test func `a corpus behind a link is read again when the file it leads to changes`()
        async throws
    {
        let file = "store/corpus.txt.zst"
        let bytes = try folder.bytes("corpus.txt.zst")
        try folder.write(file, bytes)
        try folder.remove("corpus.txt.zst")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/corpus.txt.zst", withDestinationPath: file)
        _ = try await run()
        let ledger = String(decoding: try folder.bytes("runs/tiny/stages.json"), as: UTF8.self)
        #expect(ledger.contains("1 file of \(bytes.count) bytes"))
        #expect(try await run() == [])
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1e9)],
            ofItemAtPath: folder.path + "/" + file)
        #expect(try await run() == ["vocab", "encode"])
        try folder.write(file, try compress(TinyWorld.corpus + "\n\nAnd the corn was ground."))
        #expect(try await run("--overwrite") == Self.stages)
    }

    @Test func `a corpus with another text is trained on`() async throws {
        _ = try await run()
        try folder.write(
            "corpus.txt.zst", try compress(TinyWorld.corpus + "\n\nAnd the corn was ground."))
        #expect(try await run("--overwrite") == Self.stages)
    }

    @Test func `another number of threads makes the same bytes`() async throws {
        let other = try TemporaryFolder()
        try TinyWorld.prepare(other)
        try await Program.succeed(["run", "--quiet", "--threads", "1"], in: folder)
        try await Program.succeed(["run", "--quiet", "--threads", "3"], in: other)
        for made in ["vocab", "shards", "runs/tiny/checkpoints/latest"] {
            let files = try folder.files(below: made)
            #expect(!files.isEmpty)
            try other.expectFiles(below: made, toBe: files, "\(made)")
        }
        #expect(
            try other.bytes("runs/tiny/samples.json") == folder.bytes("runs/tiny/samples.json"))
    }

    @Test func `a run that is stopped goes on to the same bytes`() async throws {
        let options = [
            "run", "--log-format", "json", "--threads", "1", "--set", "training.steps=1500",
            "--set", "training.evaluate_every=600", "--set", "training.checkpoint_every=600",
        ]
        let straight = try TemporaryFolder()
        try TinyWorld.prepare(straight)
        try await Program.succeed(options, in: straight)

        let running = try Program.start(options, in: folder)
        try await running.interrupt(afterFirstStepOf: "runs/tiny", in: folder)
        let stopped = try await running.result.value
        #expect(stopped.status == 130)
        #expect(try stopped.stages("finished") == ["vocab", "encode"])
        let notices = try stopped.events.filter { $0["event"] as? String == "notice" }
        #expect(notices.count == 2)

        let rest = try await Program.succeed(options, in: folder)
        #expect(try rest.stages("started") == ["train", "generate"])
        let completed = try rest.events.compactMap { $0["completed_steps"] as? Int }
        #expect(completed.count == 1 && completed[0] > 0)
        #expect(
            try folder.files(below: "runs/tiny/checkpoints/latest")
                == straight.files(below: "runs/tiny/checkpoints/latest"))
        let steps = String(decoding: try folder.bytes("runs/tiny/metrics.jsonl"), as: UTF8.self)
            .split(separator: "\n").count { $0.contains("\"loss\"") }
        #expect(steps == 1_500)
    }
}
