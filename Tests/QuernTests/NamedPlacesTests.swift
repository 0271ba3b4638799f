import Foundation
import Testing

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
        // Something else of the name hides the run, and the run is named.
        try folder.remove("tiny")
        try folder.write("tiny/notes.txt", "mine")
        let hidden = try await Program.run(["generate", "--model", "tiny"], in: folder)
        #expect(hidden.messages.contains("the run of this name is runs/tiny"))
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
