import Foundation
import Testing

@Suite struct ModelExchangeTests {
    private let folder: TemporaryFolder
    private let world: TinyWorld

    init() async throws {
        folder = try TemporaryFolder()
        world = try await TinyWorld.shared.value
    }

    private func greedy(_ model: String) async throws -> String {
        try await Program.succeed(
            [
                "generate", "--model", model, "--prompt", "the mill", "--temperature", "0",
                "--max-new-tokens", "20",
            ], in: folder
        ).text
    }

    @Test func `a model goes out in several files and comes back the same`() async throws {
        let exported = try await Program.succeed(
            [
                "model", "export", world.model, "--format", "huggingface", "--shard-size", "5kB",
                "--output", "out",
            ], in: folder)
        #expect(exported.text.contains("format      huggingface, f32\n"))
        #expect(folder.exists("out/model.safetensors.index.json"))
        #expect(!folder.exists("out/model.safetensors"))
        let verify = ["model", "verify", "out"]
        #expect(try await Program.succeed(verify, in: folder).text.hasSuffix("all as written\n"))
        // It can be used as it is.
        #expect(try await greedy("out") == greedy(world.model))
        // A template of another program's is kept.
        try folder.write("out/chat_template.jinja", "{{ messages[0].content }}")
        let imported = try await Program.succeed(
            ["model", "import", "out", "--output", "back"], in: folder)
        #expect(imported.text.contains("vocabulary  300 tokens\n"))
        #expect(imported.text.contains("written     back\n"))
        for name in [
            "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        ] {
            #expect(
                try folder.bytes("back/" + name)
                    == world.folder.bytes("runs/tiny/checkpoints/step-00000006/" + name))
        }
        #expect(
            try folder.bytes("back/chat_template.jinja") == Array("{{ messages[0].content }}".utf8))
        try folder.write("back/chat_template.jinja", "{{ messages[1].content }}")
        let damaged = try await Program.run(["model", "verify", "back"], in: folder)
        #expect(damaged.status == 1)
        #expect(damaged.text.contains("chat_template.jinja is not as it was written"))
    }

    @Test func `smaller numbers make smaller files that every command takes`() async throws {
        for type in ["f16", "bf16"] {
            try await Program.succeed(
                [
                    "model", "export", world.model, "--format", "huggingface", "--type", type,
                    "--output", type, "--quiet",
                ], in: folder)
            let size = try folder.bytes(type + "/model.safetensors").count
            let whole = try Data(
                contentsOf: URL(fileURLWithPath: world.model + "/model.safetensors")
            ).count
            #expect(size < whole * 6 / 10)
            let result = try await Program.succeed(
                ["evaluate", "--model", type, "--shards", world.shards, "--quiet"], in: folder)
            #expect(result.text.contains("bits per byte"))
        }
    }

    @Test(
        "a recurrent model goes out as it is or smaller, but not to llama.cpp",
        arguments: ["rnn", "lstm", "gru"])
    func recurrent(architecture: String) async throws {
        try await Program.succeed(
            [
                "train", "--shards", world.shards, "--vocab", world.vocabulary, "--output", "run",
                "--set", "model.architecture=\(architecture)", "--set", "model.n_embd=16",
                "--set", "model.n_positions=16", "--set", "training.steps=1",
                "--set", "training.warmup_steps=0", "--quiet",
            ], in: folder)
        let model = "run/checkpoints/latest"
        let gguf = try await Program.run(
            ["model", "export", model, "--format", "gguf", "--output", "model.gguf"], in: folder)
        #expect(gguf.status == 1)
        #expect(gguf.messages.contains("no model of the kind \(architecture)"))
        #expect(gguf.messages.contains("cannot be written as GGUF"))
        #expect(!folder.exists("model.gguf"))
        try await Program.succeed(
            [
                "model", "export", model, "--format", "huggingface", "--shard-size", "5kB",
                "--output", "out",
            ], in: folder)
        #expect(try await greedy("out") == greedy(model))
        for type in ["f16", "bf16"] {
            try await Program.succeed(
                [
                    "model", "export", model, "--format", "huggingface", "--type", type,
                    "--output", type,
                ], in: folder)
            #expect(try await !greedy(type).isEmpty)
        }
    }

    /// The tokens of a prompt that a model reads, as the drawing of its attention lists them.
    private func prompt(_ model: String, _ options: String...) async throws -> [Substring] {
        let text = try await Program.succeed(
            ["generate", "--model", model, "--prompt", "mm", "--attention", "-"] + options,
            in: folder
        ).text
        // The first map's rows: a number, the token in quotes, and so on.
        let first = text.split(separator: "layer 1, head 2")[0]
        return first.matches(of: /\d "(.+?)"/).map { $0.1 }
    }

    @Test func `a prompt begins as the model's tokenizer says, unless it is told otherwise`()
        async throws
    {
        #expect(try await prompt(world.model) == ["<|endoftext|>", "m", "m"])
        #expect(try await prompt(world.model, "--begin", "none") == ["m", "m"])
        // A tokenizer in two files that does not say so adds nothing; the vocabulary here does not.
        try await Program.succeed(
            [
                "model", "export", world.model, "--format", "huggingface", "--output", "m",
                "--quiet",
            ], in: folder)
        try await Program.succeed(
            ["vocab", "export", world.vocabulary, "--format", "gpt2", "--output", "two"],
            in: folder)
        for (name, configuration, expected) in [
            ("a", "{}", ["m", "m"]),
            ("b", #"{"add_bos_token": true}"#, ["<|endoftext|>", "m", "m"]),
            ("c", #"{"add_bos_token": false, "bos_token": "<|endoftext|>"}"#, ["m", "m"]),
            (
                "d", #"{"add_bos_token": true, "bos_token": {"content": "<|endoftext|>"}}"#,
                ["<|endoftext|>", "m", "m"]
            ),
        ] {
            try folder.write("two/tokenizer_config.json", configuration)
            let imported = try await Program.succeed(
                ["model", "import", "m", "--vocab", "two", "--output", name], in: folder)
            let begins = expected.count == 3 ? "<|endoftext|>" : "none"
            #expect(imported.text.contains("beginning   \(begins)\n"))
            #expect(try await prompt(name) == expected.map { $0[...] })
            #expect(
                try await prompt(name, "--begin", "<|endoftext|>") == ["<|endoftext|>", "m", "m"])
        }
        try folder.write("two/tokenizer_config.json", #"{"add_bos_token": true, "bos_token": "m"}"#)
        let refused = try await Program.run(
            ["model", "import", "m", "--vocab", "two", "--output", "e"], in: folder)
        #expect(refused.status == 1 && refused.messages.contains("no special token"))
        let unknown = try await Program.run(
            ["generate", "--model", "a", "--begin", "<s>"], in: folder)
        #expect(unknown.status == 1)
        #expect(unknown.messages.contains("no special token \"<s>\"; it has <|endoftext|>"))
    }

    @Test func `a context is shortened on the way in`() async throws {
        let imported = try await Program.succeed(
            ["model", "import", world.model, "--context", "8", "--output", "short"], in: folder)
        #expect(imported.text.contains("context     8 tokens\n"))
        #expect(try await greedy("short").hasPrefix("the mill"))
    }

    @Test(arguments: ["f32", "f16", "bf16", "q8_0", "q4_0"])
    func `a GGUF file has the vocabulary, and the same again is the same bytes`(
        type: String
    ) async throws {
        let command = [
            "model", "export", world.model, "--format", "gguf", "--type", type, "--output",
            "a.gguf",
        ]
        let exported = try await Program.succeed(command, in: folder)
        #expect(exported.text.contains("format      gguf, \(type)\n"))
        let first = try folder.bytes("a.gguf")
        try await Program.succeed(command, in: folder)
        #expect(try folder.bytes("a.gguf") == first)
        try await Program.succeed(["vocab", "import", "a.gguf", "--output", "v"], in: folder)
        func ids(_ vocabulary: String) async throws -> String {
            try await Program.succeed(
                ["tokenize", "--vocab", vocabulary, "--ids", "the mill's 1234 stones\n\n—"],
                in: folder
            ).text
        }
        #expect(try await ids("v") == ids(world.vocabulary))
    }

    @Test func `a model is shown with its parts, its memory and its tensors`() async throws {
        let shown = try await Program.succeed(
            ["model", "show", world.model, "--tensors"], in: folder
        ).text
        for row in [
            "vocabulary  300 tokens, pattern gpt4", "numbers     F32", "token embedding",
            "feed-forward", "to train it", "keys and values of a full context", "300 × 16",
            "activations, batches of 4",
        ] {
            #expect(shown.contains(row), "\(row)")
        }
        let total = try #require(shown.firstMatch(of: /parameters +([0-9,]+)\n/)).1
        let parts = shown.matches(of: /\n[a-z -]+ +([0-9,]+) +[0-9.]+ %/).map { number($0.1) }
        #expect(parts.reduce(0, +) == number(total))
        let plain = try await Program.succeed(["model", "show", world.model], in: folder).text
        #expect(shown.hasPrefix(plain))
    }

    private func number(_ text: Substring) -> Int { Int(text.replacing(",", with: "")) ?? 0 }
}
