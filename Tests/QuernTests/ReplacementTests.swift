import Foundation
import Testing

/// Commands before an output that is there already.
@Suite struct ReplacementTests {
    private let folder: TemporaryFolder

    init() async throws {
        let world = try await TinyWorld.shared.value
        folder = try TemporaryFolder()
        try folder.write("a.txt", TinyWorld.corpus)
        try folder.copy(world.vocabulary, to: "v")
        try folder.copy(world.shards, to: "s")
        let model = URL(fileURLWithPath: world.model).resolvingSymlinksInPath().path
        try folder.copy(model, to: "m")
        try folder.copy(world.folder.path + "/runs/tiny", to: "r")
    }

    /// Commands that write the file `out.svg`.
    private static let fileCommands = [
        "vocab count --output out.svg a.txt", "vocab export v --format tiktoken --output out.svg",
        "corpus pack --output out.svg a.txt",
        "model export m --format gguf --pre gpt-2 --output out.svg",
        "evaluate --model m --shards s --by-position --svg out.svg",
        "generate --model m --prompt mill --attention out.svg",
    ]

    private func refusal(
        _ arguments: String, location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let before = try folder.files(below: "")
        let result = try await Program.run(
            arguments.split(separator: " ").map(String.init), in: folder)
        #expect(result.status == 1, "\(arguments): \(result)", sourceLocation: location)
        #expect(
            try folder.files(below: "") == before, "\(arguments)", sourceLocation: location)
        return result.messages
    }

    private func succeed(
        _ arguments: String, location: SourceLocation = #_sourceLocation
    ) async throws {
        try await Program.succeed(
            arguments.split(separator: " ").map(String.init), in: folder, location: location)
    }

    @Test(arguments: fileCommands)
    func `a file of another kind stays unless it may be replaced, and its own kind gives way`(
        command: String
    ) async throws {
        try folder.write("out.svg", "a poem")
        let message = try await refusal(command)
        #expect(message.contains("out.svg is there and is not "))
        #expect(message.contains("(use --overwrite)"))
        try await succeed(command + " --overwrite")
        let made = try folder.bytes("out.svg")
        try await succeed(command)
        #expect(try folder.bytes("out.svg") == made)
        try folder.write("out.svg", "")
        try await succeed(command)
        #expect(try folder.bytes("out.svg") == made)
    }

    @Test func `a GGUF file of another model stays`() async throws {
        let export = "model export m --format gguf --pre gpt-2 --output x.gguf"
        try await succeed(export + " --name mine")
        #expect(
            try await refusal(export + " --name theirs").contains("not a GGUF file of the model"))
        try await succeed(export + " --name theirs --overwrite")
        try await succeed(export + " --name theirs --type f16")
    }

    @Test(arguments: [
        "vocab train --vocab-size 280 --output w a.txt",
        "vocab learn n.counts --vocab-size 280 --output w", "vocab import w2 --output w",
        "vocab export w2 --format huggingface --output w",
        "vocab export w2 --format gpt2 --output w",
    ])
    func `a vocabulary stays where another one would be written, and the same one may be`(
        command: String
    ) async throws {
        try await succeed("vocab count --output n.counts a.txt")
        try await succeed("vocab train --vocab-size 280 --output w2 a.txt")
        if command.contains("gpt2") {
            try await succeed("vocab export v --format gpt2 --output w")
        } else {
            try folder.copy(folder.path + "/v", to: "w")
        }
        let message = try await refusal(command)
        #expect(message.contains("w holds another vocabulary"), "\(message)")
        #expect(message.contains("use --output or --overwrite"), "\(message)")
        try await succeed(command + " --overwrite")
        let made = try folder.files(below: "w")
        try await succeed(command)
        try folder.expectFiles(below: "w", toBe: made)
    }

    @Test func `a vocabulary of another size is refused before the corpus is read`() async throws {
        #expect(unsafe mkfifo(folder.path + "/pipe.txt", 0o600) == 0)
        let result = try await Program.run(
            ["vocab", "train", "--vocab-size", "270", "--output", "v", "pipe.txt"], in: folder)
        #expect(result.status == 1 && result.messages.contains("v holds another vocabulary"))
    }

    @Test(arguments: [
        "encode --vocab v --output s/x a.txt", "encode --vocab v --output r a.txt",
        "encode --vocab v --output m a.txt", "vocab train --output s a.txt",
        "vocab train --output r a.txt", "explain mill --model m --svg v",
        "explain mill --model m --svg r", "corpus pack --output v/x.zst a.txt",
        "corpus refine --output s/x a.txt",
        "train --shards s --vocab v --output v/x --quiet",
        "train --shards s --vocab v --output m --quiet",
        "model export m --format huggingface --output r/x", "vocab import v --output m/x",
        "shards export s --format nanogpt --output r/x",
        "model export m --format gguf --pre gpt-2 --output v/x.gguf",
    ])
    func `no result is written into one of another kind`(command: String) async throws {
        for more in ["", " --overwrite"] where more.isEmpty || command.hasPrefix("train") {
            let message = try await refusal(command + more)
            #expect(
                message.contains("lies in the") || message.contains("is a ")
                    || message.contains("holds"), "\(message)")
        }
    }

    @Test func `a drawing of another origin among those of the steps stays`() async throws {
        try await succeed("explain mill --model m --svg d")
        try await succeed("explain mill --model m --svg d")
        let name = try #require(folder.files(below: "d").keys.sorted().first)
        try folder.write("d/" + name, "a poem")
        #expect(
            try await refusal("explain mill --model m --svg d").contains("is not an SVG drawing"))
    }

    @Test func `the best of a run that evaluated nothing is its newest, with a notice`()
        async throws
    {
        try await succeed("encode --vocab v --validation-fraction 0 --output all a.txt")
        try await succeed(
            """
            train --shards all --vocab v --output n --quiet --set training.steps=2 \
            --set model.n_layer=1 --set model.n_embd=16 --set model.n_head=2 \
            --set model.n_positions=16
            """)
        #expect(!folder.exists("n/checkpoints/best"))
        let result = try await Program.succeed(
            ["generate", "--model", "n/checkpoints/best", "--prompt", "mill"], in: folder)
        #expect(result.messages.contains("none is the best: the newest is taken"))
        let none = try await Program.run(
            ["generate", "--model", "a.txt/checkpoints/best", "--prompt", "mill"], in: folder)
        #expect(none.status == 1)
    }
}
