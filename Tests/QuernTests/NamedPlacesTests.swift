import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Models, vocabularies, data sets and the pipeline's description by the names that people use.
@Suite struct NamedPlacesTests {
    private let folder: TemporaryFolder

    /// A folder with a pipeline that has run.
    init() async throws {
        folder = try TemporaryFolder()
        let world = try await TinyWorld.shared.value
        for name in ["vocab", "shards", "runs", "corpus.txt.zst", "pipeline.json"] {
            try folder.copy(world.folder.path + "/" + name, to: name)
        }
    }

    private func text(_ arguments: String...) async throws -> String {
        try await Program.succeed(arguments + ["--quiet"], in: folder).text
    }

    @Test(arguments: [
        "tiny", "tiny/", "runs/tiny", "runs/tiny/", "tiny/best", "runs/tiny/best",
        "runs/tiny/checkpoints", "tiny/checkpoints/best", "runs/tiny/checkpoints/best",
        "tiny/step-00000006", "runs/tiny/checkpoints/step-00000006",
    ])
    func `a run, its checkpoints and a directory are one model`(name: String) async throws {
        let evaluate = ["--shards", "tiny", "--json"]
        let wanted = try await text(
            "evaluate", "--model", folder.path + "/runs/tiny/checkpoints/step-00000006",
            evaluate[0], evaluate[1], evaluate[2])
        #expect(
            try await text("evaluate", "--model", name, evaluate[0], evaluate[1], evaluate[2])
                == wanted)
        #expect(
            try await text("model", "show", name)
                == text("model", "show", "runs/tiny/checkpoints/step-00000006"))
        #expect(try await text("model", "verify", name).contains("all as written"))
        #expect(try await text("explain", "the mill", "--model", name).contains("softmax"))
        #expect(try await !text("generate", "--model", name, "--max-new-tokens", "2").isEmpty)
        #expect(
            try await text("tokenize", "--vocab", name, "the mill", "--ids")
                == text("tokenize", "--vocab", "vocab/tiny", "the mill", "--ids"))
    }

    @Test func `what lies at the path itself is meant first`() async throws {
        try folder.copy(folder.path + "/runs/tiny/checkpoints/step-00000004", to: "tiny")
        let shown = try await Program.succeed(["model", "verify", "tiny"], in: folder)
        #expect(shown.text.hasPrefix("tiny: "))
    }

    /// Commands that take a name, each with what a result of it has.
    private static let namings: [[String]] = [
        ["generate", "--max-new-tokens", "2", "--temperature", "0", "--model", "tiny"],
        ["compare", "tiny"],
        ["tokenize", "the mill", "--vocab", "tiny"], ["decode", "3", "--vocab", "tiny"],
        ["shards", "show", "tiny"], ["shards", "verify", "tiny"], ["model", "show", "tiny"],
        ["shards", "show", "--run", "tiny", "--step", "1"], ["model", "verify", "tiny"],
        ["evaluate", "--model", "tiny", "--shards", "tiny"], ["vocab", "show", "tiny"],
        ["explain", "the mill", "--model", "tiny"], ["vocab", "compare", "tiny", "vocab/tiny"],
        [
            "train", "--init-from", "tiny", "--vocab", "tiny", "--shards", "tiny", "--set",
            "training.steps=1", "--output", "runs/other", "--overwrite",
        ],
    ]

    @Test func `texts of the same name hide neither run, vocabulary nor shards`() async throws {
        var wanted: [String] = []
        for arguments in Self.namings {
            wanted.append(
                try await Program.succeed(arguments + ["--quiet"], in: folder).text)
        }
        for lay in [
            { try folder.write("tiny/notes.txt", "mine") }, { try folder.write("tiny", "a note") },
            {
                try FileManager.default.createDirectory(
                    atPath: folder.path + "/tiny", withIntermediateDirectories: false)
            },
        ] as [() throws -> Void] {
            try lay()
            for (arguments, wanted) in zip(Self.namings, wanted) {
                let result = try await Program.run(arguments + ["--quiet"], in: folder)
                #expect(result.status == 0, "\(arguments): \(result.messages)")
                if arguments[0] != "train" { #expect(result.text == wanted, "\(arguments)") }
            }
            try folder.remove("tiny")
        }
    }

    @Test func `an empty name is refused`() async throws {
        for arguments in [
            ["compare", ""], ["shards", "show", ""], ["generate", "--model", ""],
            ["tokenize", "a", "--vocab", ""], ["model", "show", ""], ["shards", "verify", ""],
            ["train", "--init-from", "", "--output", "runs/x"],
        ] {
            let result = try await Program.run(arguments, in: folder)
            #expect(result.status != 0, "\(arguments)")
            #expect(
                result.messages.contains("\"\"") || result.messages.contains("must not be empty"),
                "\(arguments): \(result.messages)")
        }
    }

    @Test func `the pipeline's own model is drawn from as its section says`() async throws {
        func count(_ options: String...) async throws -> Int {
            let line = try await Program.succeed(
                ["generate", "--json", "--quiet", "--temperature", "0"] + options, in: folder
            ).text
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let tokens = (object as? [String: Any])?["tokens"] as? [Any]
            return try #require(tokens).count
        }
        // The section has 8.
        #expect(try await count() == 8)
        #expect(try await count("--config", "pipeline.json") == 8)
        #expect(try await count("--max-new-tokens", "3") == 3)
        #expect(try await count("--model", "tiny", "--max-new-tokens", "20") == 20)
        #expect(try await count("--model", "tiny") > 8)
    }

    @Test func `an export replaces one of its own kind, and nothing else`() async throws {
        let model = ["model", "export", "tiny", "--format", "huggingface", "--output", "out"]
        let shards = ["shards", "export", "tiny", "--format", "nanogpt", "--output", "out"]
        let back = ["model", "import", "runs/tiny/checkpoints/best", "--output", "out"]
        for command in [model, shards, back] {
            try await Program.succeed(command, in: folder)
            let refused = try await Program.run(command, in: folder)
            #expect(refused.status == 1)
            #expect(refused.messages.contains("--overwrite"), "\(refused.messages)")
            let before = try folder.files(below: "out")
            try await Program.succeed(command + ["--overwrite"], in: folder)
            try folder.expectFiles(below: "out", toBe: before)
            try folder.remove("out")
            try folder.write("out/mine.txt", "mine")
            let foreign = try await Program.run(command + ["--overwrite"], in: folder)
            #expect(foreign.status == 1)
            #expect(try folder.files(below: "out").keys.sorted() == ["mine.txt"])
            try folder.remove("out")
        }
    }

    @Test func `a pipe in the place of a file is refused and not waited for`() async throws {
        for (name, command) in [
            ("runs/tiny/metrics.jsonl", ["compare", "tiny"]),
            ("runs/tiny/summary.json", ["compare", "tiny"]),
            ("pipeline.json", ["run"]),
            ("runs/tiny/checkpoints/step-00000006/model.safetensors", ["model", "show", "tiny"]),
            ("vocab/tiny/tokenizer.json", ["tokenize", "--vocab", "vocab/tiny", "a"]),
        ] {
            let saved = try folder.bytes(name)
            try folder.remove(name)
            #expect(unsafe mkfifo(folder.path + "/" + name, 0o600) == 0)
            let result = try await Program.run(command, in: folder)
            #expect(result.status == 1, "\(command)")
            #expect(result.messages.contains(name.split(separator: "/").last ?? ""), "\(command)")
            try folder.remove(name)
            try folder.write(name, saved)
        }
    }

    @Test func `a damaged file of a run is named`() async throws {
        for name in ["summary.json", "checkpoints/step-00000006/training_state.json"] {
            let path = "runs/tiny/" + name
            let saved = try folder.bytes(path)
            for text in ["", "{", "{}", "[1]", "\u{0}"] {
                try folder.write(path, text)
                let result = try await Program.run(["compare", "tiny"], in: folder)
                #expect(result.status != 0 || name != "summary.json", "\(text)")
                if result.status != 0 {
                    #expect(result.messages.contains(path), "\(text): \(result.messages)")
                }
            }
            try folder.write(path, saved)
        }
    }

    @Test func `a step's text is shown, and ids whole where no vocabulary is known`() async throws {
        let arguments = ["shards", "show", "--step", "1", "--set", "model.n_positions=200"]
        let named = try await Program.succeed(arguments + ["--vocab", "tiny"], in: folder)
        let found = try await Program.succeed(arguments, in: folder)
        #expect(found.text == named.text)
        #expect(found.messages.contains("vocab/tiny, with which shards/tiny was encoded"))
        try folder.remove("vocab")
        try folder.remove("runs")
        let text = try await Program.succeed(arguments, in: folder).text
        let rows = text.split(separator: "\n").map { $0.split(separator: " ") }
            .filter { $0.count > 4 && Int($0[0]) != nil && ["yes", "no"].contains($0[2]) }
        let ids = rows.flatMap { $0[3...] }
        #expect(ids.contains("…") && ids.count > 20)
        #expect(ids.allSatisfy { $0 == "…" || Int($0) != nil })
    }

    @Test func `a stride beyond the window is refused`() async throws {
        let result = try await Program.run(["evaluate", "--stride", "9999"], in: folder)
        #expect(result.status == 1)
        #expect(result.messages.contains("stride") && result.messages.contains("16 tokens"))
    }

    @Test func `a file in the place of a model is named as what it is`() async throws {
        try folder.write("m.gguf", "GGUF")
        for (command, says) in [
            (["generate", "--model", "m.gguf"], "m.gguf: it is a file"),
            (["model", "import", "m.gguf", "--output", "x"], "m.gguf is damaged"),
        ] {
            let result = try await Program.run(command, in: folder)
            #expect(result.status == 1)
            #expect(result.messages.contains(says), "\(result.messages)")
        }
    }

    @Test func `a name that nothing has lists what there is`() async throws {
        for (arguments, says) in [
            (
                ["generate", "--model", "tini"],
                "there is no model in tini: did you mean tiny? the runs with checkpoints are tiny"
            ),
            (["model", "show", "runs/tinz"], "did you mean tiny?"),
            (["decode", "--vocab", "tinny", "3"], "no vocabulary tinny: did you mean tiny?"),
            (
                ["evaluate", "--model", "tiny", "--shards", "other"],
                "there is no data set other: there is tiny"
            ),
        ] {
            let result = try await Program.run(arguments, in: folder)
            #expect(result.status == 1)
            #expect(result.messages.contains(says), "\(result.messages)")
        }
    }

    @Test func `what is read and not named is the pipeline's, and that is said`() async throws {
        for (arguments, says) in [
            (["evaluate"], "the model is that of runs/tiny"), (["evaluate"], "shards/tiny"),
            (["generate", "--max-new-tokens", "2"], "runs/tiny"),
            (["explain", "the mill"], "runs/tiny"),
            (["tokenize", "the mill"], "the vocabulary is vocab/tiny"),
            (["decode", "65"], "vocab/tiny"), (["vocab", "show"], "vocab/tiny"),
            (["shards", "verify"], "shards/tiny"), (["model", "show"], "runs/tiny"),
            (["model", "verify"], "as pipeline.json says"),
        ] {
            let result = try await Program.succeed(arguments, in: folder)
            #expect(result.messages.contains(says), "\(arguments) \(result.messages)")
            let quiet = try await Program.succeed(arguments + ["--quiet"], in: folder)
            #expect(quiet.messages.isEmpty)
        }
        // Another description is named, and a command that writes takes nothing by itself.
        try FileManager.default.moveItem(
            atPath: folder.path + "/pipeline.json", toPath: folder.path + "/mine.json")
        let named = try await Program.succeed(["evaluate", "--config", "mine.json"], in: folder)
        #expect(named.messages.contains("as mine.json says"))
        for arguments in [
            ["evaluate"], ["generate"], ["chat"], ["explain", "a"], ["tokenize", "a"],
            ["shards", "show"], ["shards", "verify"], ["model", "show"], ["vocab", "show"],
            ["model", "export", "--format", "gguf", "--output", "x"],
            ["encode", "--output", "x", "corpus.txt.zst"],
            ["evaluate", "--config", "mine.json", "--model", "tiny", "--shards", "tiny"],
        ] {
            let result = try await Program.run(arguments, in: folder)
            #expect(result.status == 64, "\(arguments)")
        }
    }

    @Test func `run and train take the description in the same ways`() async throws {
        let steps = ["--set", "training.steps=7", "--quiet"]
        try await Program.succeed(["run", "--quiet"], in: folder)
        try await Program.succeed(["run", "--config", "pipeline.json", "--quiet"], in: folder)
        let twice = try await Program.run(
            ["run", "pipeline.json", "--config", "pipeline.json"], in: folder)
        #expect(twice.status == 64)
        try await Program.succeed(["train", "--resume"] + steps, in: folder)
        #expect(folder.exists("runs/tiny/checkpoints/step-00000007"))
    }

    @Test func `train keeps an earlier run on request`() async throws {
        let steps = ["--set", "training.steps=2", "--quiet"]
        try await Program.succeed(["train", "--keep"] + steps, in: folder)
        #expect(folder.exists("runs/tiny/checkpoints/step-00000002"))
        let runs = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/runs")
        let kept = try #require(runs.first { $0.hasPrefix("tiny-") && $0.hasSuffix("-step-6") })
        #expect(try await text("model", "verify", kept).contains("step-00000006"))
        // A run that begins from the one that it would move aside is refused.
        let from = try await Program.run(
            ["train", "--keep", "--init-from", "tiny"] + steps, in: folder)
        #expect(from.messages.contains("moved aside"))
    }

    @Test func `the shards of a run that was trained by hand are known`() async throws {
        try await Program.succeed(
            [
                "train", "--shards", "tiny=0.75", folder.path + "/shards/tiny=0.25", "--output",
                "runs/hand", "--quiet",
            ], in: folder)
        let shown = try await Program.succeed(["shards", "show", "--run", "hand"], in: folder)
        #expect(shown.messages.isEmpty && shown.text.contains("beginning"))
        let step = try await text("shards", "show", "--run", "hand", "--step", "6")
        #expect(step == shown.text)
        let named = try await text(
            "shards", "show", "tiny=0.75", folder.path + "/shards/tiny=0.25", "--run", "hand")
        #expect(named == shown.text)
    }

    @Test func `a tuned model lies beside the one that it was made of`() async throws {
        try folder.write(
            "few.jsonl", #"{"instruction": "Day?", "output": "Mill."}"# + "\n")
        try await Program.succeed(
            ["train", "--output", "runs/mine", "--set", "model.n_positions=64", "--quiet"],
            in: folder)
        try await Program.succeed(
            [
                "train", "--conversations", "few.jsonl", "--init-from", "mine", "--set",
                "instruction_tuning.steps=1", "--set",
                "instruction_tuning.validation_fraction=0", "--quiet",
            ], in: folder)
        #expect(folder.exists("runs/mine/chat/checkpoints"))
        #expect(!folder.exists("runs/tiny/chat"))
        let chat = try await Program.run(
            ["chat", "--model", "mine/chat"], in: folder, input: Array("a\n".utf8))
        #expect(chat.status == 0, "\(chat.messages)")
        #expect(try await text("model", "verify", "mine/chat").contains("runs/mine/chat"))
    }

    @Test func `a shape that a run does not have is named by what was changed alone`() async throws
    {
        let llama = ["--set", "model.architecture=llama", "--output", "runs/llama", "--quiet"]
        try await Program.succeed(["train"] + llama, in: folder)
        let more = ["--set", "training.steps=7", "--resume"]
        for (setting, says) in [
            ("n_layer=2", "configuration: n_layer 1, now 2. Set"),
            ("n_embd=32", "configuration: n_embd 16, now 32. Set"),
            ("intermediate_size=64", ""), ("head_dim=8", ""),
            ("n_kv_head=1", "configuration: n_kv_head 2, now 1. Set"),
        ] {
            let result = try await Program.run(
                ["train", "--set", "model." + setting] + llama + more, in: folder)
            #expect((result.status == 0) == says.isEmpty, "\(setting) \(result.messages)")
            #expect(result.messages.contains(says) || says.isEmpty, "\(result.messages)")
        }
    }
}
