import Foundation
import Testing

@Suite struct VocabExchangeTests {
    private let folder: TemporaryFolder
    private let world: TinyWorld

    init() async throws {
        folder = try TemporaryFolder()
        world = try await TinyWorld.shared.value
    }

    private func ids(_ vocabulary: String) async throws -> String {
        try await Program.succeed(
            ["tokenize", "--vocab", vocabulary, "--ids", "the mill grinds 1234 — don't!"],
            in: folder
        ).text
    }

    @Test(arguments: [("tiktoken", "mine.tiktoken"), ("gpt2", "mine"), ("huggingface", "other")])
    func `a vocabulary goes out and comes back with the same ids`(
        format: String, path: String
    ) async throws {
        let exported = try await Program.succeed(
            ["vocab", "export", world.vocabulary, "--format", format, "--output", path], in: folder)
        #expect(exported.text.contains("tokens          300\n"))
        var command = ["vocab", "import", path, "--output", "back"]
        if format != "huggingface" {
            // The command that the export names, but for where to write.
            let line = try #require(
                exported.text.split(separator: "\n").last { $0.hasPrefix("  quern vocab import") })
            #expect(
                line == "  quern vocab import \(path) --pattern gpt4 "
                    + "--special-tokens '<|endoftext|>=0' --output DIR")
            command += ["--pattern", "gpt4", "--special-tokens", "<|endoftext|>=0"]
        }
        let imported = try await Program.succeed(command, in: folder)
        #expect(imported.text.contains("special tokens  <|endoftext|> = 0\n"))
        #expect(imported.text.contains("format          \(format)\n"))
        #expect(try await ids("back") == ids(world.vocabulary))
        // The same files make the same files.
        let first = try folder.bytes("back/tokenizer.json")
        try await Program.succeed(command, in: folder)
        #expect(try folder.bytes("back/tokenizer.json") == first)
    }

    @Test(arguments: [
        ["vocab", "count", "a.txt", "--output", "out/deep/file"],
        ["vocab", "merge-counts", "a.counts", "--output", "out/deep/file"],
        ["corpus", "pack", "a.txt", "--output", "out/deep/file"],
        ["vocab", "export", "VOCAB", "--format", "tiktoken", "--output", "out/deep/file"],
        ["model", "export", "MODEL", "--format", "gguf", "--output", "out/deep/file"],
        ["generate", "--model", "MODEL", "--prompt", "the", "--attention", "out/deep/file.svg"],
    ])
    func `the folders of a file that is written are made`(arguments: [String]) async throws {
        try folder.write("a.txt", "the mill turns")
        try await Program.succeed(["vocab", "count", "a.txt", "--output", "a.counts"], in: folder)
        let places = ["VOCAB": world.vocabulary, "MODEL": world.model]
        try await Program.succeed(arguments.map { places[$0] ?? $0 }, in: folder)
        #expect(try folder.files(below: "out/deep").count == 1)
    }

    @Test func `a place that cannot be written to is found out about before a corpus is read`()
        async throws
    {
        try folder.write("in-the-way", "a file")
        let result = try await Program.run(
            ["vocab", "count", "none.txt", "--output", "in-the-way/a.counts"], in: folder)
        #expect(result.status == 1)
        #expect(result.messages.contains("in-the-way"))
    }

    @Test func `the command that reads many special tokens again stays short`() async throws {
        try folder.write("a.txt", "the mill turns")
        let tokens = (0..<40).flatMap { ["--special-tokens", "<|\($0)|>"] }
        try await Program.succeed(
            ["vocab", "train", "--vocab-size", "300", "--output", "many", "--quiet", "a.txt"]
                + tokens, in: folder)
        let exported = try await Program.succeed(
            ["vocab", "export", "many", "--format", "gpt2", "--output", "out"], in: folder)
        let line = try #require(
            exported.text.split(separator: "\n").last { $0.hasPrefix("  quern vocab import") })
        #expect(line.contains("--special-tokens '<|7|>=7' … and so on for the 40"))
        #expect(!line.contains("<|8|>"))
    }

    @Test func `what cannot be written is refused, and nothing is written`() async throws {
        let result = try await Program.run(
            ["vocab", "export", world.vocabulary, "--format", "tekken", "--output", "x.json"],
            in: folder)
        #expect(result.status == 1)
        #expect(result.messages.contains("256 bytes first"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/x.json"))
    }

    @Test func `ranks of an unknown vocabulary ask for a pattern`() async throws {
        try await Program.succeed(
            [
                "vocab", "export", world.vocabulary, "--format", "tiktoken", "--output",
                "mine.tiktoken",
            ], in: folder)
        let result = try await Program.run(
            ["vocab", "import", "mine.tiktoken", "--output", "back"], in: folder)
        #expect(result.status == 1)
        #expect(result.messages.contains("--pattern"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/back"))
    }

    @Test(arguments: [
        ["vocab", "import", "x", "--output", "y", "--format", "wordpiece"],
        ["vocab", "import", "x", "--output", "y", "--preset", "gpt9"],
        ["vocab", "import", "x"], ["vocab", "export", "x", "--output", "y"],
    ])
    func `wrong usage ends with code 64`(arguments: [String]) async throws {
        #expect(try await Program.run(arguments, in: folder).status == 64)
    }
}
