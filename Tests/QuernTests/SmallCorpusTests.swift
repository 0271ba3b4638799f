import Foundation
import Testing

@Suite struct SmallCorpusTests {
    private let folder: TemporaryFolder
    private let world: TinyWorld
    private let paragraphs = (0..<200).map { "The mill turns by day \($0), and rests by night." }

    init() async throws {
        folder = try TemporaryFolder()
        world = try await TinyWorld.shared.value
        try folder.write("book.txt", paragraphs.joined(separator: "\n\n"))
    }

    private func encode(
        _ output: String, _ arguments: [String] = ["book.txt"], input: [UInt8] = []
    ) async throws -> Program.Result {
        try await Program.succeed(
            ["encode", "--vocab", world.vocabulary, "--output", output] + arguments, in: folder,
            input: input)
    }

    private func decoded(_ shards: String, _ split: String) async throws -> String {
        let text = try await Program.succeed(
            [
                "decode", "--vocab", world.vocabulary, "--shards", shards, "--split", split,
                "--separator", "|",
            ], in: folder
        ).text
        #expect(text.last == "|")
        return String(text.dropLast())
    }

    @Test func `the end of a single document is held out, which is told before the work`()
        async throws
    {
        let result = try await encode("shards")
        #expect(
            result.messages.contains(
                "note: no hash of the one document puts it into the validation split: the last "))
        let train = try await decoded("shards", "train")
        let validation = try await decoded("shards", "val")
        #expect(train + validation == paragraphs.joined(separator: "\n\n"))
        #expect(validation.hasPrefix("The mill"))
        #expect(train.hasSuffix("\n\n"))
        let manifest = try #require(
            try JSONSerialization.jsonObject(
                with: Data(try folder.bytes("shards/manifest.json"))) as? [String: Any])
        let cut = try #require(manifest["val_cut"] as? [String: Any])
        #expect(cut["document"] as? String == "book.txt, document 1")
        #expect(cut["bytes"] as? Int == train.utf8.count)
        #expect(cut["val_bytes"] as? Int == validation.utf8.count)
        try await Program.succeed(["shards", "verify", "shards"], in: folder)
        _ = try await encode("one-thread", ["book.txt", "--threads", "1"])
        #expect(
            try folder.bytes("one-thread/val_000000.bin") == folder.bytes("shards/val_000000.bin"))
    }

    @Test func `ranks come to the same cut without talking to one another`() async throws {
        try folder.write("in/a.txt", "by night the stones rest")
        try folder.write("in/b.txt", paragraphs.joined(separator: "\n\n"))
        _ = try await encode("whole", ["in", "--part-bytes", "10"])
        for rank in ["1", "0"] {
            _ = try await encode(
                "ranks", ["in", "--part-bytes", "10", "--rank", rank, "--world", "2"])
        }
        try await Program.succeed(["shards", "finish", "ranks"], in: folder)
        for name in ["manifest.json", "val_000000.bin", "train_000000.bin", "train_000001.bin"] {
            #expect(try folder.bytes("ranks/" + name) == folder.bytes("whole/" + name))
        }
    }

    @Test func `a vocabulary does not learn from the end that is held out`() async throws {
        let zebras = String(repeating: " zebra", count: 30)
        try folder.write("tail.txt", paragraphs.joined(separator: "\n\n") + zebras)
        let options = ["--vocab-size", "300", "--validation-fraction", "0.05", "--output"]
        try await Program.succeed(["vocab", "train"] + options + ["v", "tail.txt"], in: folder)
        #expect(!String(decoding: try folder.bytes("v/tokens.tsv"), as: UTF8.self).contains("zeb"))
    }

    @Test func `too little text leaves no validation split, and that is told at once`()
        async throws
    {
        try folder.write("few.txt", "the mill\n\nby night")
        let result = try await encode("few", ["few.txt", "--documents", "blank-line"])
        #expect(result.messages.contains("note: there will be no validation split"))
        #expect(result.messages.contains("2 documents of 16 bytes"))
        let pipe = try await encode("pipe", ["-"], input: Array("the mill".utf8))
        #expect(pipe.messages.contains("note: there is no validation split"))
    }
}
