import Foundation
import Testing

/// `quern run` of a description with several sources.
@Suite struct SourcesRunTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try Self.prepare(folder)
    }

    private static func prepare(_ folder: TemporaryFolder) throws {
        try folder.write("tales.txt.zst", try compress(TinyWorld.corpus))
        try folder.write("lines.jsonl", lines)
        try folder.write(
            "pipeline.json",
            """
            {
              "name": "both",
              "corpus": {
                "validation_fraction": 0.2,
                "sources": [
                  {
                    "name": "tales", "weight": 3, "inputs": ["tales.txt.zst"],
                    "text_separator": "\\n\\n"
                  },
                  {"name": "lines", "inputs": ["lines.jsonl"], "refine": {"min_words": 2}}
                ]
              },
              "vocabulary": {"vocab_size": 300},
              "model": {"n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 16},
              "training": {
                "steps": 6, "batch_size": 4, "warmup_steps": 2, "evaluate_every": 3,
                "checkpoint_every": 4
              },
              "generation": {"max_new_tokens": 8},
              "samples": ["the mill"]
            }
            """)
    }

    private static let lines =
        (0..<90).map {
            "{\"text\": \"let corn\($0) = grind(stone, \($0 % 7)) + day\"}\n"
        }.joined() + "{\"text\": \"short\"}\n"

    private static let stages = [
        "refine/lines", "vocab", "encode/tales", "encode/lines", "train", "generate",
    ]

    /// The stages of events of a kind, with the source behind.
    private static func stages(_ kind: String, _ result: Program.Result) throws -> [String] {
        try result.events.filter { $0["event"] as? String == kind }.map {
            let stage = try #require($0["stage"] as? String)
            return stage + (($0["source"] as? String).map { "/" + $0 } ?? "")
        }
    }

    /// Runs the pipeline and returns the stages that did something.
    private func run(_ options: String...) async throws -> [String] {
        let result = try await Program.succeed(
            ["run", "--log-format", "json"] + options, in: folder)
        let started = try Self.stages("started", result)
        #expect(try Self.stages("finished", result) == started)
        let rest = try Self.stages("up_to_date", result)
        #expect(Set(started).union(rest) == Set(Self.stages))
        return started
    }

    @Test func `the first run does everything, and the second nothing`() async throws {
        #expect(try await run() == Self.stages)
        let made = try folder.files(below: ".")
        for file in [
            "refined/both/lines/report.json", "shards/both/tales/manifest.json",
            "shards/both/lines/manifest.json", "vocab/both/tokenizer.json",
        ] { #expect(made[file] != nil, "\(file)") }
        #expect(try await run() == [])
        try folder.expectFiles(below: ".", toBe: made)
    }

    @Test func `only what depends on a change is done again`() async throws {
        _ = try await run()
        let shards = try folder.files(below: "shards/both")
        // Weights choose what is learned from, and nothing else.
        #expect(
            try await run("--set", "corpus.sources.tales.weight=1", "--overwrite")
                == ["train", "generate"])
        #expect(try await run("--overwrite") == ["train", "generate"])
        try folder.expectFiles(below: "shards/both", toBe: shards)
        // A source that was touched is read again.
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1e9)],
            ofItemAtPath: folder.path + "/lines.jsonl")
        #expect(try await run() == ["refine/lines"])
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1e9)],
            ofItemAtPath: folder.path + "/tales.txt.zst")
        #expect(try await run() == ["vocab", "encode/tales"])
        try folder.expectFiles(below: "shards/both", toBe: shards)
        // One that has another text, but leads to the same vocabulary, is encoded alone.
        let tiny = ["--set", "vocabulary.vocab_size=257", "--overwrite"]
        _ = try await Program.succeed(["run", "--quiet"] + tiny, in: folder)
        try folder.write("lines.jsonl", Self.lines + "{\"text\": \"let there be bread\"}\n")
        #expect(
            try await run(tiny[0], tiny[1], tiny[2])
                == ["refine/lines", "vocab", "encode/lines", "train", "generate"])
    }

    @Test func `each source has its share of every step`() async throws {
        _ = try await run()
        let table = try await Program.succeed(
            ["shards", "show", "--step", "5", "--config", "pipeline.json"], in: folder
        ).text
        var owners: [Substring: Set<Substring>] = [:]
        // Below the table the rows are taken apart.
        let lines = table.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines.dropFirst().prefix(while: { !$0.isEmpty }) {
            let cells = line.split(separator: " ", omittingEmptySubsequences: true)
            let name = try #require(cells.first { $0.contains("/train_") }).split(separator: "/")[0]
            owners[name, default: []].insert(cells[0])
        }
        #expect(owners["tales"]?.count == 3 && owners["lines"]?.count == 1, "\(table)")
    }

    @Test func `the figures of each source are reported beside those of all`() async throws {
        let result = try await Program.succeed(["run", "--quiet"], in: folder)
        let rows = result.text.split(separator: "\n").map {
            $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        }
        let tales = try #require(rows.first { $0.first == "tales" })
        let lines = try #require(rows.first { $0.first == "lines" })
        #expect(tales.prefix(6) == ["tales", "3", "75.0", "%", "60", tales[5]], "\(result.text)")
        #expect(lines.prefix(5) == ["lines", "1", "25.0", "%", "90"], "\(result.text)")

        // The sums of the sources are the whole, and the program says the same of each by itself.
        let summary = try #require(
            try JSONSerialization.jsonObject(
                with: Data(folder.bytes("runs/both/summary.json"))) as? [String: Any])
        let whole = try #require(summary["validation"] as? [String: Any])
        let each = try #require(summary["sources"] as? [[String: Any]])
        #expect(each.map { $0["name"] as? String } == ["tales", "lines"])
        let results = each.compactMap { $0["result"] as? [String: Any] }
        for key in ["tokens", "bytes"] {
            #expect(
                results.compactMap { $0[key] as? Int }.reduce(0, +) == whole[key] as? Int, "\(key)")
        }
        for (name, row, figures) in zip3(["tales", "lines"], [tales, lines], results) {
            let text = try await Program.succeed(
                [
                    "evaluate", "--model", "runs/both/checkpoints/latest", "--shards",
                    "shards/both/\(name)",
                ], in: folder
            ).text
            let tokens = try #require(figures["tokens"] as? Int)
            #expect(text.contains("tokens         \(tokens)\n"), "\(text)")
            #expect(text.contains("bits per byte  \(row[row.count - 1]) (95 %: "), "\(text) \(row)")
        }
        let both = try await Program.succeed(
            [
                "evaluate", "--model", "runs/both/checkpoints/latest", "--shards",
                "shards/both/tales", "shards/both/lines",
            ], in: folder
        ).text
        #expect(both.contains("tokens         \(try #require(whole["tokens"] as? Int))\n"))
        #expect(both.contains("shards/both/lines"))

        let metrics = String(decoding: try folder.bytes("runs/both/metrics.jsonl"), as: UTF8.self)
        let evaluation = try #require(
            metrics.split(separator: "\n").last { $0.contains("bits_per_byte") })
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(evaluation.utf8)) as? [String: Any])
        let sources = try #require(object["sources"] as? [String: [String: Double]])
        #expect(Set(sources.keys) == ["tales", "lines"])
        for (name, row) in [("tales", tales), ("lines", lines)] {
            let bits = try #require(sources[name]?["bits_per_byte"])
            #expect(abs(bits - (Double(row[row.count - 1]) ?? 0)) < 0.000_1)
        }
        let events = try #require(
            folder.files(below: "runs/both").first { $0.key.hasPrefix("events.out") })
        for tag in ["validation/loss", "validation/tales/bits_per_byte", "validation/lines/loss"] {
            #expect(events.value.range(of: Data(tag.utf8)) != nil, "\(tag)")
        }
    }

    @Test func `training alone takes the sources' shards and weights`() async throws {
        try await Program.succeed(["run", "--quiet"], in: folder)
        try await Program.succeed(
            ["train", "--config", "pipeline.json", "--output", "runs/again", "--quiet"], in: folder)
        for file in ["model.safetensors", "training_state.json"] {
            #expect(
                try folder.bytes("runs/again/checkpoints/latest/" + file)
                    == folder.bytes("runs/both/checkpoints/latest/" + file), "\(file)")
        }
        // The directory of the sources stands for all of them.
        let evaluate = ["evaluate", "--model", "runs/both/checkpoints/latest", "--shards"]
        let all = try await Program.succeed(evaluate + ["shards/both"], in: folder)
        let each = try await Program.succeed(
            evaluate + ["shards/both/lines", "shards/both/tales"], in: folder)
        #expect(all.text == each.text)
    }

    @Test func `one corpus after several is read alone, and several after one`() async throws {
        let one = [
            "--set", #"corpus.inputs=["lines.jsonl"]"#, "--set", "corpus.sources=[]", "--set",
            #"corpus.refine={"min_words": 2}"#, "--set", "name=other", "--overwrite",
        ]
        try await Program.succeed(["run", "--quiet"] + one, in: folder)
        let alone = try folder.files(below: "shards/other")
        try await Program.succeed(
            ["run", "--quiet", "--set", "name=other", "--overwrite"], in: folder)
        #expect(try folder.files(below: "shards/other")["lines/manifest.json"] != nil)
        try await Program.succeed(["run", "--quiet"] + one, in: folder)
        let again = try folder.files(below: "shards/other").filter { !$0.key.contains("/") }
        #expect(again == alone)
    }

    @Test func `a source that is not there is found before any work, and said by name`()
        async throws
    {
        for (setting, message) in [
            (#"corpus.sources.lines.inputs=["none.jsonl"]"#, "none.jsonl"),
            ("corpus.sources.lines.inputs=[]", "corpus.sources.lines.inputs"),
            ("corpus.sources.lines.validation_fraction=2", "corpus.sources.lines.validation_"),
            ("corpus.sources.lines.refine.min_words=-1", "corpus.sources.lines.refine.min_words"),
            (#"corpus.inputs=["lines.jsonl"]"#, "make them a source"),
        ] {
            let result = try await Program.run(["run", "--set", setting], in: folder)
            #expect(result.status == 1)
            #expect(result.messages.contains(message), "\(result.messages)")
            #expect(!folder.exists("vocab"))
        }
    }

    @Test func `a run that is stopped goes on to the same bytes`() async throws {
        let options = [
            "run", "--log-format", "json", "--threads", "1", "--set", "training.steps=1500",
            "--set", "training.evaluate_every=600", "--set", "training.checkpoint_every=600",
        ]
        let straight = try TemporaryFolder()
        try Self.prepare(straight)
        try await Program.succeed(options, in: straight)

        let running = try Program.start(options, in: folder)
        try await running.interrupt(afterFirstStepOf: "runs/both", in: folder)
        #expect(try await running.result.value.status == 130)
        let rest = try await Program.succeed(options, in: folder)
        #expect(try Self.stages("started", rest) == ["train", "generate"])
        let completed = try rest.events.compactMap { $0["completed_steps"] as? Int }
        #expect(completed.count == 1 && completed[0] > 0)
        #expect(
            try folder.files(below: "runs/both/checkpoints/latest")
                == straight.files(below: "runs/both/checkpoints/latest"))
    }
}

private func zip3<A, B, C>(_ a: [A], _ b: [B], _ c: [C]) -> [(A, B, C)] {
    zip(a, zip(b, c)).map { ($0, $1.0, $1.1) }
}
