import Foundation
import Testing

/// `quern run` beside a trained model, or beside files that it has not made.
@Suite struct ExistingResultsTests {
    private let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        try TinyWorld.prepare(folder)
    }

    /// Runs the pipeline, which must refuse without a change of any file.
    ///
    /// - Parameter begun: stages that may begin; what they have not finished may stay.
    /// - Returns: what it says.
    private func refusal(
        _ options: [String], begun: [String] = [], location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        func files() throws -> [String: Data] {
            try folder.files(below: ".").filter {
                begun.isEmpty
                    || !$0.key.contains("unfinished-")
                        && !$0.key.hasSuffix("stages.json")
            }
        }
        let before = try files()
        let result = try await Program.run(
            ["run", "--log-format", "json"] + options, in: folder)
        #expect(result.status == 1, sourceLocation: location)
        let changed = try Set(files().filter { before[$0.key] != $0.value }.keys)
            .union(before.keys).subtracting(files().filter { before[$0.key] == $0.value }.keys)
        #expect(changed.isEmpty, sourceLocation: location)
        let lines = result.messages.split(separator: "\n").map(String.init)
        let started = lines.filter { $0.contains(#""event":"started""#) }
        #expect(
            started.allSatisfy { line in begun.contains { line.contains("\"\($0)\"") } },
            "\(started)", sourceLocation: location)
        let message = lines.last ?? ""
        #expect(
            message.contains("use --set name=NAME, --keep or --overwrite"), "\(message)",
            sourceLocation: location)
        return message.replacing(#"\""#, with: "\"")
    }

    private func run(_ options: String...) async throws -> [String] {
        try await Program.succeed(["run", "--log-format", "json"] + options, in: folder)
            .stages("started")
    }

    /// Names in a folder that were moved aside.
    private func kept(_ parent: String, _ name: String = "tiny") throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + parent)
        return names.filter {
            $0.wholeMatch(of: try! Regex(name + #"-\d{4}-\d\d-\d\dT\d\d-\d\d(-step-\d+)?(-\d+)?"#))
                != nil
        }.sorted()
    }

    @Test(arguments: [
        ("training.steps=5", "training.steps 6, now 5"),
        ("training.learning_rate=1e-3", "training.learning_rate 0.003"),
        ("training.seed=7", "training.seed 1337, now 7"),
        ("model.n_embd=32", "model.n_embd 16, now 32"),
        ("vocabulary.vocab_size=290", "vocabulary.vocab_size 300, now 290"),
        ("vocabulary.pattern=gpt2", "vocabulary.pattern \"gpt4\", now \"gpt2\""),
        ("shards.end_of_text=after", "shards.end_of_text \"before\", now \"after\""),
        ("corpus.validation_fraction=0.3", "corpus.validation_fraction 0.2"),
    ])
    func `a setting that would replace the model is refused before any work, and named`(
        setting: String, change: String
    ) async throws {
        _ = try await run()
        let message = try await refusal(["--set", setting])
        #expect(message.contains("a model that was trained for 6 steps"))
        #expect(message.contains(change), "\(message)")
    }

    @Test func `a corpus with more text is refused before any work`() async throws {
        _ = try await run()
        try folder.write(
            "corpus.txt.zst", try compress(TinyWorld.corpus + "\n\nAnd the corn was ground."))
        #expect(try await refusal([]).contains("corpus.inputs 1 file of "))
    }

    @Test
    func `a corpus of the same size with another text is refused before it replaces anything`()
        async throws
    {
        let settings = ["--set", #"corpus.inputs=["corpus.txt"]"#]
        try folder.write("corpus.txt", TinyWorld.corpus)
        _ = try await run(settings[0], settings[1])
        // In another order the same vocabulary is learned, and other shards are made.
        let documents = TinyWorld.corpus.components(separatedBy: "\n\n")
        let turned = documents.reversed().joined(separator: "\n\n")
        try folder.write("corpus.txt", turned)
        let message = try await refusal(settings, begun: ["vocab", "encode"])
        #expect(message.contains("the fingerprint of shards/tiny"))
        // What was encoded is not encoded again.
        #expect(
            try await run(settings[0], settings[1], "--keep")
                == ["encode", "train", "generate"])
        #expect(try kept("shards").count == 1 && kept("runs").count == 1)
        #expect(try kept("vocab").isEmpty)
        for name in try kept("shards") {
            try await Program.succeed(["shards", "verify", "shards/" + name], in: folder)
        }
        try await Program.succeed(["shards", "verify", "shards/tiny"], in: folder)
        #expect(try await run(settings[0], settings[1]) == [])

        // The vocabulary of another text is refused before it takes the place of the first.
        try folder.write("corpus.txt", turned.replacing("mill", with: "till"))
        #expect(
            try await refusal(settings, begun: ["vocab"]).contains("the vocabulary's fingerprint"))
        #expect(
            try await run(settings[0], settings[1], "--keep")
                == ["vocab", "encode", "train", "generate"])
        #expect(try kept("vocab").count == 1 && kept("shards").count == 2)
    }

    @Test func `another name leaves the old run where it is`() async throws {
        _ = try await run()
        let before = try folder.files(below: "runs/tiny")
        _ = try await run("--set", "training.steps=5", "--set", "name=short")
        try folder.expectFiles(below: "runs/tiny", toBe: before)
        #expect(folder.exists("runs/short/checkpoints/step-00000005"))
    }

    @Test func `overwriting makes what a first run would have made`() async throws {
        _ = try await run()
        let settings = ["--set", "training.steps=5", "--set", "vocabulary.vocab_size=290"]
        try await Program.succeed(["run", "--quiet", "--overwrite"] + settings, in: folder)
        let fresh = try TemporaryFolder()
        try TinyWorld.prepare(fresh)
        try await Program.succeed(["run", "--quiet"] + settings, in: fresh)
        for made in ["vocab", "shards", "runs/tiny/checkpoints"] {
            #expect(try folder.files(below: made) == fresh.files(below: made), "\(made)")
        }
        #expect(try await run(settings[0], settings[1], settings[2], settings[3]) == [])
    }

    @Test func `what is kept is a run like any other, and the new one begins as the first`()
        async throws
    {
        _ = try await run()
        let before = try folder.files(below: "runs/tiny")
        // The vocabulary and the shards are the same, and stay up to date.
        #expect(try await run("--set", "training.steps=5", "--keep") == ["train", "generate"])
        #expect(folder.exists("runs/tiny/checkpoints/step-00000005"))
        #expect(!folder.exists("runs/tiny/checkpoints/step-00000006"))
        let first = try #require(try kept("runs").first)
        #expect(first.hasSuffix("-step-6"))
        try folder.expectFiles(below: "runs/" + first, toBe: before)
        for pointer in ["latest", "best"] {
            try await Program.succeed(
                [
                    "generate", "--model", "runs/\(first)/checkpoints/\(pointer)", "--prompt",
                    "the",
                    "--max-new-tokens", "3",
                ], in: folder)
        }
        try await Program.succeed(["model", "verify", "runs/" + first], in: folder)
        #expect(try await run("--set", "training.steps=5", "--keep") == [])

        // With another vocabulary the old one and its shards are kept as well; names never meet.
        let old = (try folder.files(below: "vocab/tiny"), try folder.files(below: "shards/tiny"))
        #expect(
            try await run("--set", "vocabulary.vocab_size=290", "--keep")
                == ["vocab", "encode", "train", "generate"])
        #expect(try kept("runs").count == 2)
        let (vocabulary, shards) = (try kept("vocab"), try kept("shards"))
        #expect(vocabulary.count == 1 && shards.count == 1)
        #expect(try folder.files(below: "vocab/" + vocabulary[0]) == old.0)
        #expect(try folder.files(below: "shards/" + shards[0]) == old.1)
        try await Program.succeed(
            [
                "train", "--config", "pipeline.json", "--set", "training.steps=8", "--resume",
                "--vocab", "vocab/" + vocabulary[0], "--shards", "shards/" + shards[0],
                "--output", "runs/" + first,
            ], in: folder)
    }

    @Test func `more steps go on without a question`() async throws {
        _ = try await run()
        let result = try await Program.succeed(
            ["run", "--log-format", "json", "--set", "training.steps=9"], in: folder)
        #expect(try result.stages("started") == ["train", "generate"])
        #expect(try result.events.compactMap { $0["completed_steps"] as? Int } == [6])
        #expect(folder.exists("runs/tiny/checkpoints/step-00000009"))
        #expect(try await run("--set", "training.steps=9") == [])
        // And back again they do not.
        #expect(try await refusal([]).contains("training.steps 9, now 6"))
    }

    @Test func `without a checkpoint nothing is asked`() async throws {
        _ = try await run()
        try folder.remove("runs/tiny/checkpoints")
        #expect(try await run("--set", "vocabulary.vocab_size=290").count == 4)
    }

    @Test func `a vocabulary made by hand is refused unless it is what would be learned`()
        async throws
    {
        func train(_ size: Int, _ output: String = "vocab/tiny") async throws {
            try await Program.succeed(
                [
                    "vocab", "train", "--vocab-size", "\(size)", "--text-separator", "\\n\\n",
                    "--validation-fraction", "0.2", "--output", output, "corpus.txt.zst",
                ], in: folder)
        }
        try await train(310)
        let old = try folder.files(below: "vocab/tiny")
        #expect(
            try await refusal([]).contains(
                "vocab/tiny holds a vocabulary that this pipeline has not learned"))
        _ = try await run("--keep")
        #expect(try folder.files(below: "vocab/" + (try #require(kept("vocab").first))) == old)
        // A smaller one might be what would be learned, until that is known.
        try folder.remove("runs")
        try folder.remove("vocab/tiny")
        try await train(290)
        #expect(
            try await refusal([], begun: ["vocab"]).contains("the vocabulary's fingerprint"))
        _ = try await run("--overwrite")
        // The shards are those of the same vocabulary.
        try folder.remove("runs")
        try folder.remove("vocab/tiny")
        try await train(300)
        #expect(try await run() == ["vocab", "encode", "train", "generate"])
        #expect(try kept("vocab").count == 1 && kept("shards").isEmpty)
    }

    @Test func `shards made by hand are refused unless they are what would be made`() async throws {
        _ = try await run()
        func encode(_ options: String...) async throws {
            try await Program.succeed(
                [
                    "encode", "--vocab", "vocab/tiny", "--output", "shards/tiny", "corpus.txt.zst",
                    "--overwrite", "--text-separator", "\\n\\n", "--validation-fraction",
                ] + options, in: folder)
        }
        try folder.remove("runs")
        try await encode("0.5")
        let old = try folder.files(below: "shards/tiny")
        #expect(
            try await refusal([], begun: ["vocab", "encode"]).contains(
                "shards/tiny holds shards that this pipeline has not encoded"))
        _ = try await run("--keep")
        #expect(try folder.files(below: "shards/" + (try #require(kept("shards").first))) == old)
        try folder.remove("runs")
        try await encode("0.2")
        _ = try await run()
        #expect(try kept("shards").count == 1)
        // Of another vocabulary they are refused before the corpus is encoded.
        try folder.remove("runs")
        try folder.remove("vocab")
        let shards = try folder.files(below: "shards")
        let result = try await Program.run(
            ["run", "--log-format", "json", "--set", "vocabulary.vocab_size=290"], in: folder)
        #expect(result.status == 1)
        #expect(!result.messages.contains(#""stage":"encode""#), "\(result.messages)")
        try folder.expectFiles(below: "shards", toBe: shards)
    }

    @Test func `shards made by hand beside a model are refused for their own sake`() async throws {
        _ = try await run()
        let model = try folder.files(below: "runs/tiny/checkpoints")
        try await Program.succeed(
            [
                "encode", "--vocab", "vocab/tiny", "--output", "shards/tiny", "corpus.txt.zst",
                "--overwrite", "--text-separator", "\\n\\n", "--validation-fraction", "0.5",
            ], in: folder)
        let changed = try await refusal([])
        #expect(changed.contains("shards/tiny holds shards that were changed after"), "\(changed)")
        // The same where the run's records are lost.
        try folder.remove("runs/tiny/stages.json")
        let unknown = try await refusal([], begun: ["vocab", "encode"])
        #expect(
            unknown.contains("shards/tiny holds shards that this pipeline has not encoded"),
            "\(unknown)")
        _ = try await run("--overwrite")
        try folder.expectFiles(below: "runs/tiny/checkpoints", toBe: model)
    }

    @Test(arguments: [
        ("vocab/tiny/tokenizer.json", "a vocabulary that was changed after it was learned"),
        ("vocab/tiny/tokens.tsv", "a vocabulary that was changed after it was learned"),
        ("shards/tiny/val_000000.bin", "shards that were changed after they were encoded"),
        ("refined/tiny/part_000000.jsonl.zst", "a refined corpus that was changed after"),
    ])
    func `what was changed after it was made is refused before any work, and kept or replaced`(
        path: String, sentence: String
    ) async throws {
        let settings = ["--set", #"corpus.refine={"min_words": 2}"#]
        _ = try await run(settings[0], settings[1])
        let folderName = String(path.prefix { $0 != "/" })
        let whole = try folder.files(below: folderName)
        var bytes = try folder.bytes(path)
        bytes.insert(UInt8(ascii: " "), at: bytes.count - 1)
        try folder.write(path, bytes)
        let message = try await refusal(settings)
        #expect(message.contains(sentence), "\(message)")
        #expect(message.contains("\(path) as recorded, now with other bytes"), "\(message)")
        let stage = ["vocab": "vocab", "shards": "encode", "refined": "refine"][folderName] ?? ""
        #expect(try await run(settings[0], settings[1], "--keep") == [stage])
        let place = try #require(kept(folderName).first)
        #expect(
            try folder.bytes(path.replacing("/tiny/", with: "/\(place)/")) == bytes)
        #expect(try folder.files(below: folderName + "/tiny").count > 1)
        try folder.write(path, bytes)
        #expect(try await run(settings[0], settings[1], "--overwrite") == [stage])
        #expect(
            try folder.files(below: folderName).filter { $0.key.hasPrefix("tiny/") } == whole)
        #expect(try await run(settings[0], settings[1]) == [])
    }

    @Test func `a copy of a run, with other times, is up to date`() async throws {
        _ = try await run()
        for name in try folder.files(below: "").keys where !name.hasPrefix("corpus") {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1e9)],
                ofItemAtPath: folder.path + "/" + name)
        }
        #expect(try await run() == [])
    }

    @Test func `a file of another program among the shards is not replaced`() async throws {
        try folder.write("shards/tiny/train_000000.bin", "theirs")
        for option in [[], ["--keep"], ["--overwrite"]] {
            let result = try await Program.run(["run", "--quiet"] + option, in: folder)
            #expect(result.status == 1)
            #expect(result.messages.contains("shards/tiny/train_000000.bin has the name of"))
            #expect(try folder.bytes("shards/tiny/train_000000.bin") == Array("theirs".utf8))
        }
    }

    @Test func `a refined corpus made by hand is refused unless it is what would be made`()
        async throws
    {
        let settings = ["--set", #"corpus.refine={"min_words": 2}"#]
        func refine(_ words: Int) async throws {
            try await Program.succeed(
                [
                    "corpus", "refine", "--output", "refined/tiny", "corpus.txt.zst",
                    "--text-separator",
                    "\\n\\n", "--min-words", "\(words)",
                ], in: folder)
        }
        try await refine(3)
        let old = try folder.files(below: "refined/tiny")
        #expect(try await refusal(settings).contains("corpus.refine.min_words 3, now 2"))
        _ = try await run(settings[0], settings[1], "--keep")
        #expect(try folder.files(below: "refined/" + (try #require(kept("refined").first))) == old)
        try folder.remove("runs")
        try folder.remove("refined/tiny")
        try await refine(2)
        try folder.write("refined/tiny/notes.txt", "mine")
        let other = try await Program.run(["run", "--quiet"] + settings, in: folder)
        #expect(other.status == 1)
        #expect(other.messages.contains("refined/tiny/notes.txt lies in a refined corpus"))
        try folder.remove("refined/tiny/notes.txt")
        _ = try await run(settings[0], settings[1])
        #expect(try kept("refined").count == 1)
    }

    @Test func `a run that was stopped beyond the steps that are wanted is not cut back`()
        async throws
    {
        let options = ["--threads", "1", "--set", "training.steps=100000"]
        let running = try Program.start(["run"] + options, in: folder)
        let path = folder.path
        try await running.send(SIGINT) {
            FileManager.default.fileExists(atPath: path + "/runs/tiny/checkpoints/step-00000004")
        }
        _ = try await running.result.value
        #expect(try await refusal([]).contains("training.steps 100000, now 6"))
    }
}
