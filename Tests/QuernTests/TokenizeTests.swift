import Foundation
import Testing

@Suite struct TokenizeTests {
    private let folder: TemporaryFolder
    private let world: TinyWorld

    init() async throws {
        folder = try TemporaryFolder()
        world = try await TinyWorld.shared.value
    }

    /// Output of `quern tokenize --vocab vocabulary arguments`.
    private func tokenize(_ vocabulary: String, _ arguments: String...) async throws -> String {
        try await Program.succeed(
            ["tokenize", "--vocab", vocabulary] + arguments, in: folder
        ).text
    }

    @Test func `a text is shown as characters, words and subwords`() async throws {
        #expect(
            try await tokenize("character", "Hold my math!") == "H|o|l|d| |m|y| |m|a|t|h|!\n")
        #expect(try await tokenize("word", "Hold my math!") == "Hold| |my| |math|!\n")
        #expect(
            try await tokenize(world.vocabulary, "Hold the mill!")
                == "H|o|l|d| the| mill|!\n")
    }

    @Test func `words and characters are numbered in sorted order`() async throws {
        // Sorted: space, "!", "Hold", "math", "my".
        #expect(try await tokenize("word", "--ids", "Hold my math!") == "2 0 4 0 3 1\n")
        // Sorted: space, "!", "H", "a", "d", "h", "l", "m", "o", "t", "y".
        #expect(
            try await tokenize("character", "--ids", "Hold my math!")
                == "2 8 6 4 0 7 10 0 7 3 9 5 1\n")
    }

    @Test func `ids of bytes follow the special token in the order of tokenizer json`()
        async throws
    {
        // "!" is the first printable byte, and <|endoftext|> has id 0.
        #expect(try await tokenize(world.vocabulary, "--ids", "!") == "1\n")
        #expect(try await tokenize(world.vocabulary, "--ids", "") == "\n")
    }

    @Test func `a special token in a text is ordinary text unless it is allowed`() async throws {
        let text = "mill<|endoftext|>mill"
        let plain = try await tokenize(world.vocabulary, "--ids", text)
        #expect(!plain.split(whereSeparator: \.isWhitespace).contains("0"))
        let special = try await tokenize(world.vocabulary, "--ids", "--allow-special", "all", text)
        #expect(special.split(whereSeparator: \.isWhitespace).contains("0"))
    }

    @Test func `what cannot be shown is written out`() async throws {
        let result = try await Program.succeed(
            ["tokenize", "--vocab", "character"], in: folder, input: [0x61, 0x09, 0xFF, 0x0A, 0x00])
        #expect(result.text == "a|\\t|\\xFF|⏎\n|\\x00\n")
    }

    @Test(arguments: [
        Array("Hold my math!".utf8), Array("Grüße, 世界 🙂\r\n\t ".utf8), [],
        [0xFF, 0xFE, 0x00, 0xC3, 0x28, 0xF0, 0x9F, 0x98], Array(UInt8.min...UInt8.max),
        Array(String(repeating: "the mill turns. ", count: 9_000).utf8),
    ])
    func `any bytes come back from their ids`(bytes: [UInt8]) async throws {
        let ids = try await Program.succeed(
            ["tokenize", "--vocab", world.vocabulary, "--ids", "-"], in: folder, input: bytes)
        let back = try await Program.succeed(
            ["decode", "--vocab", world.vocabulary, "-"], in: folder, input: ids.output)
        #expect(back.output == bytes)
    }

    @Test func `ids are taken from the command line, and with any white space from a pipe`()
        async throws
    {
        let ids = try await tokenize(world.vocabulary, "--ids", "the mill").split(
            whereSeparator: \.isWhitespace
        ).map(String.init)
        let said = try await Program.succeed(
            ["decode", "--vocab", world.vocabulary] + ids, in: folder)
        #expect(said.text == "the mill\n")
        let piped = try await Program.succeed(
            ["decode", "--vocab", world.vocabulary, "-"], in: folder,
            input: Array(("\n " + ids.joined(separator: "\r\n\t")).utf8))
        #expect(piped.text == "the mill")
    }

    @Test func `a vocabulary is shown, and some of its tokens`() async throws {
        let all = try await Program.succeed(["vocab", "show", world.vocabulary], in: folder)
        #expect(all.text.contains("tokens          300\n"))
        #expect(all.text.contains("<|endoftext|> = 0"))
        let some = try await Program.succeed(
            ["vocab", "show", world.vocabulary, "--tokens", "0..2"], in: folder)
        #expect(some.text == "0\t\"<|endoftext|>\"\n1\t\"!\"\n2\t\"\"\"\n")
        let beyond = try await Program.succeed(
            ["vocab", "show", world.vocabulary, "--tokens", "299..99999999999"], in: folder)
        #expect(beyond.text.split(separator: "\n").count == 1)
    }

    @Test func `a vocabulary is shown on texts, a row a file and one for all`() async throws {
        try folder.write("one.txt", "the mill turns")
        try folder.write("two.jsonl", "{\"text\": \"day\"}\n{\"text\": \"night\"}\n")
        let result = try await Program.succeed(
            [
                "vocab", "show", world.vocabulary, "--unused", "3", "--input", "one.txt",
                "two.jsonl",
            ],
            in: folder)
        let rows = result.text.split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        #expect(rows.contains { $0.prefix(3) == ["one.txt", "1", "14"] })
        #expect(rows.contains { $0.prefix(3) == ["two.jsonl", "2", "8"] })
        #expect(rows.contains { $0.prefix(3) == ["all", "3", "22"] })
        #expect(result.text.contains("Never used: "))
        let piped = try await Program.succeed(
            ["vocab", "show", world.vocabulary, "--input", "-"], in: folder,
            input: Array("the mill turns".utf8))
        #expect(piped.text.contains(#/\n- +1 +14 /#))
    }

    @Test func `the merges of a word are a tree`() async throws {
        let result = try await Program.succeed(
            ["vocab", "show", world.vocabulary, "--word", " the"], in: folder)
        #expect(result.text.hasPrefix("\" the\"  "))
        #expect(result.text.contains("\n├─ "))
        #expect(result.text.contains("\n│  └─ ") || result.text.contains("\n   └─ "))
        // Four bytes and three merges.
        #expect(result.text.split(separator: "\n").count == 7)
    }

    @Test func `vocabularies are put side by side`() async throws {
        try folder.write("one.txt", "the mill turns")
        try await Program.succeed(
            ["vocab", "train", "--vocab-size", "259", "--output", "other", "--quiet", "one.txt"],
            in: folder)
        let result = try await Program.succeed(
            ["vocab", "compare", world.vocabulary, "other", "--input", "one.txt"], in: folder)
        let rows = result.text.split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        #expect(rows.contains(["tokens", "300", "257"]))
        #expect(rows.contains(["tokens", "in", "the", "text"]))
        #expect(rows.contains { $0.first == "one.txt" && $0.last == "14" })
        #expect(rows.contains { $0.prefix(2) == ["words", "in"] })
    }
}
