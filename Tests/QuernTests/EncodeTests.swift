import Foundation
import Testing

@Suite struct EncodeTests {
    private let folder: TemporaryFolder
    private let world: TinyWorld

    init() async throws {
        folder = try TemporaryFolder()
        world = try await TinyWorld.shared.value
    }

    /// Encodes all of the inputs as training documents, whatever was there before.
    @discardableResult
    private func encode(
        _ inputs: String..., output: String = "shards", input: [UInt8] = [], options: [String] = []
    ) async throws -> Program.Result {
        try await Program.succeed(
            [
                "encode", "--vocab", world.vocabulary, "--output", output, "--validation-fraction",
                "0", "--overwrite",
            ]
                + options + inputs, in: folder, input: input)
    }

    /// The documents of a data set, each with a bar behind it.
    private func decoded(_ shards: String = "shards", _ options: String...) async throws -> String {
        try await Program.succeed(
            ["decode", "--vocab", world.vocabulary, "--shards", shards, "--separator", "|"]
                + options, in: folder
        ).text
    }

    @Test func `standard input is one document, or several with a separator`() async throws {
        try await encode("-", input: Array("the mill\n\nby night".utf8))
        #expect(try await decoded() == "the mill\n\nby night|")
        try await encode(
            "-", input: Array("the mill\n\nby night".utf8), options: ["--text-separator", "\\n\\n"])
        #expect(try await decoded() == "the mill|by night|")
    }

    @Test func `another data set stays unless it may be replaced`() async throws {
        try folder.write("a.txt", "the mill\n\nby night")
        try folder.write("b.txt", "the mill")
        let words = ["encode", "--vocab", world.vocabulary, "--output", "shards"]
        let separated = words + ["a.txt", "--text-separator", "\\n\\n"]
        try await Program.succeed(separated, in: folder)
        let old = try folder.files(below: "shards")
        // Of the same files there is nothing to replace.
        try await Program.succeed(separated, in: folder)
        // Other files are refused before the work, and other settings when it is done.
        for (arguments, isEncoded) in [(["b.txt"], false), (["a.txt"], true)] {
            let result = try await Program.run(words + arguments, in: folder)
            #expect(result.status == 1)
            #expect(result.messages.contains("shards holds another data set"), "\(result.messages)")
            #expect(result.messages.contains("nothing has to be encoded again") == isEncoded)
            let left = try folder.files(below: "shards")
            for (name, bytes) in old { #expect(left[name] == bytes, "\(name)") }
        }
        try await Program.succeed(words + ["a.txt", "--overwrite"], in: folder)
        #expect(try await decoded() == "the mill\n\nby night|")
    }

    @Test func `a rank without a part is told how there are more parts`() async throws {
        try folder.write("a.txt", "the mill turns")
        let none = try await encode("a.txt", options: ["--rank", "1", "--world", "2"])
        #expect(none.messages.contains("--part-bytes"))
        let one = try await encode("a.txt", options: ["--rank", "0", "--world", "2"])
        #expect(!one.messages.contains("--part-bytes"))
    }

    @Test func `special tokens in documents are ordinary text unless they are allowed`()
        async throws
    {
        let text = "the mill<|endoftext|>by night"
        for (options, tokens, recorded) in [
            ([], nil, nil), (["--allow-special", "none"], nil, nil),
            (["--allow-special", "all"], 1, "all"),
            (["--allow-special", "<|endoftext|>"], 1, "<|endoftext|>"),
        ] as [([String], Int?, String?)] {
            try await encode(
                "-", input: Array(text.utf8), options: ["--end-of-text", "none"] + options)
            #expect(try await decoded() == text + "|")
            let manifest = String(
                decoding: try folder.bytes("shards/manifest.json"), as: UTF8.self)
            #expect(manifest.contains("allow_special") == (recorded != nil))
            if let recorded { #expect(manifest.contains("\"\(recorded)\"")) }
            let ids = try folder.bytes("shards/train_000000.bin").dropFirst(1024)
            let pairs = stride(from: ids.startIndex, to: ids.endIndex, by: 2)
            #expect(pairs.count { ids[$0] == 0 && ids[$0 + 1] == 0 } == tokens ?? 0)
        }
        let unknown = try await Program.run(
            [
                "encode", "--vocab", world.vocabulary, "--output", "other", "--allow-special",
                "<|pad|>", "-",
            ], in: folder, input: Array(text.utf8))
        #expect(unknown.status == 1)
        #expect(unknown.messages.contains("no special token \"<|pad|>\"; it has <|endoftext|>"))
    }

    @Test func `a document of several parts is decoded whole`() async throws {
        let text = String(repeating: "é漢😀 ", count: 30_000) + "end"
        try await encode("-", input: Array(text.utf8))
        #expect(try await decoded() == text + "|")
    }

    @Test func `compressed standard input is recognised by its first bytes`() async throws {
        try await encode("-", input: try compress("the mill"))
        #expect(try await decoded() == "the mill|")
        try await encode(
            "-", input: try compress("{\"text\": \"one\"}\n{\"text\": \"two\"}\n"),
            options: ["--format", "jsonl"])
        #expect(try await decoded() == "one|two|")
    }

    @Test func `a folder and a pattern stand for their files, sorted, each once`() async throws {
        try folder.write("in/b.txt", "second")
        try folder.write("in/a.txt.zst", try compress("first"))
        try folder.write("in/deep/c.jsonl", "{\"text\": \"third\"}\n")
        try folder.write("in/d.md", "not this")
        try await encode("in")
        #expect(try await decoded() == "first|second|third|")
        try await encode("in/*.txt*", "in/b.txt")
        #expect(try await decoded() == "first|second|")
    }

    @Test func `lines that cannot be read are skipped on request, counted and named`() async throws
    {
        try folder.write(
            "web.jsonl",
            "{\"body\": \"one\"}\n{\"body\": 3}\nnonsense\n\n{\"body\": \"two\", \"x\": [{}]}\n")
        let result = try await encode(
            "web.jsonl", options: ["--on-error", "skip", "--text-field", "body"])
        #expect(try await decoded() == "one|two|")
        #expect(result.text.contains("2 lines, 1 empty documents"))
        #expect(result.text.contains("web.jsonl, line 2"))
        let manifest = try JSONSerialization.jsonObject(
            with: Data(try folder.bytes("shards/manifest.json")))
        let skipped = (manifest as? [String: Any])?["skipped"] as? [String: Any]
        #expect(skipped?["lines"] as? Int == 2)
    }

    @Test func `the pipeline's shards decode to its corpus`() async throws {
        let text = try await decoded(world.shards)
        #expect(
            text.split(separator: "|").sorted()
                == TinyWorld.corpus.replacing("\n\n", with: "|").split(separator: "|").sorted())
        let held = try await decoded(world.shards, "--split", "val")
        #expect(text.hasSuffix(held))
        #expect(!held.isEmpty)
    }

    @Test func `another number of threads writes the same bytes`() async throws {
        try folder.write("corpus.txt", TinyWorld.corpus)
        let options = ["--text-separator", "\\n\\n", "--tokens-per-shard", "500"]
        try await encode("corpus.txt", output: "one", options: options + ["--threads", "1"])
        try await encode("corpus.txt", output: "four", options: options + ["--threads", "4"])
        let one = try folder.files(below: "one")
        #expect(one.count > 5)
        try folder.expectFiles(below: "four", toBe: one)
    }

    @Test(arguments: [("before", "0 3"), ("after", "3 0"), ("none", "3")])
    func `the end-of-text token stands where it was asked for`(
        policy: String, expected: String
    ) async throws {
        try folder.write("a.txt", "#")
        try await encode("a.txt", options: ["--end-of-text", policy])
        let shard = try folder.bytes("shards/train_000000.bin")
        // The header of llm.c: 256 words of 32 bits, 20240520 and 1 the first; then ids of 16 bits.
        #expect(Array(shard.prefix(8)) == [0x88, 0xD8, 0x34, 0x01, 1, 0, 0, 0])
        let ids = stride(from: 1_024, to: shard.count, by: 2).map {
            Int(shard[$0]) | Int(shard[$0 + 1]) << 8
        }
        #expect(ids.map(String.init).joined(separator: " ") == expected)
        try await Program.succeed(
            ["shards", "verify", "shards", "--vocab", world.vocabulary], in: folder)
    }

    @Test func `shards are shown and verified`() async throws {
        let shown = try await Program.succeed(["shards", "show", world.shards], in: folder)
        for part in ["train_000000.bin", "val_000000.bin", "corpus.txt.zst", "uint16"] {
            #expect(shown.text.contains(part))
        }
        let verified = try await Program.succeed(
            ["shards", "verify", world.shards, "--vocab", world.vocabulary], in: folder)
        #expect(verified.text.contains("all sound"))
    }
}
