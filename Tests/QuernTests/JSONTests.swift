import ArgumentParser
import Foundation
import Testing

@testable import quern

/// `--json` of every command that has a result to show.
@Suite struct JSONTests {
    private let folder: TemporaryFolder

    /// A folder with a pipeline that has run.
    init() async throws {
        folder = try TemporaryFolder()
        let world = try await TinyWorld.shared.value
        for name in ["vocab", "shards", "runs", "corpus.txt.zst", "pipeline.json"] {
            try folder.copy(world.folder.path + "/" + name, to: name)
        }
    }

    /// Commands whose result is a text, and neither a table nor figures.
    private static let texts: Set = ["chat", "decode", "serve"]

    /// Every command that has `--json`, with the keys of its result.
    private static let cases: [(arguments: [String], keys: [String])] = [
        (
            ["run"],
            [
                "bits_per_byte", "bytes_per_token", "files", "loss", "parameters", "perplexity",
                "samples", "seconds", "steps", "tokens_per_second", "train_documents",
                "train_tokens", "validation_tokens", "vocabulary_tokens",
            ]
        ),
        (
            ["train", "--overwrite", "--profile"],
            [
                "bits_per_byte", "loss", "parameters", "perplexity", "profile", "run", "seconds",
                "steps", "tokens", "tokens_per_second",
            ]
        ),
        (["evaluate"], ["reading", "total"]),
        (["evaluate", "--by-context"], ["by_context"]),
        (["explain", "the mill"], ["steps", "tokens"]),
        (["generate", "--max-new-tokens", "2"], ["tokens"]),
        (["generate", "--prompt", "the", "--top", "3"], ["other_probability", "tokens"]),
        (
            ["corpus", "pack", "--output", "p.jsonl.zst", "corpus.txt.zst"],
            ["documents", "written"]
        ),
        (
            ["corpus", "refine", "--output", "refined/a", "corpus.txt.zst"],
            ["kept", "read", "steps", "written"]
        ),
        (
            [
                "corpus", "refine", "--rank", "1", "--world", "2", "--output", "refined/b",
                "corpus.txt.zst",
            ], ["directory", "own_units", "parts", "rank", "units", "world"]
        ),
        (["corpus", "finish", "refined/b"], ["kept", "read", "steps", "written"]),
        (
            ["vocab", "train", "--vocab-size", "280", "--output", "v", "corpus.txt.zst"],
            ["bytes", "distinct_pieces", "documents", "tokens", "written"]
        ),
        (
            ["vocab", "count", "--output", "a.counts", "corpus.txt.zst"],
            ["distinct_pieces", "pieces", "written"]
        ),
        (
            ["vocab", "merge-counts", "--output", "b.counts", "a.counts"],
            ["distinct_piece_bytes", "pieces"]
        ),
        (
            ["vocab", "learn", "--vocab-size", "280", "--output", "w", "b.counts"],
            ["tokens", "written"]
        ),
        (
            ["vocab", "extend", "tiny", "--seed-tokens", " zzq", "--output", "e"],
            ["tokens", "written"]
        ),
        (
            ["vocab", "export", "tiny", "--format", "tiktoken", "--output", "t.tiktoken"],
            ["fingerprint", "format", "written"]
        ),
        (
            ["vocab", "import", "vocab/tiny", "--output", "i"],
            ["merges", "merging", "pattern", "special_tokens", "tokens", "written"]
        ),
        (["vocab", "show"], ["end_of_text_id", "longest_tokens", "tokens"]),
        (["vocab", "show", "--tokens", "65..70"], ["tokens"]),
        (["vocab", "show", "--word", " mill"], ["tokens"]),
        (
            ["vocab", "show", "--input", "corpus.txt.zst"],
            ["never_used", "never_used_share", "sources", "total"]
        ),
        (
            ["vocab", "compare", "tiny", "v", "--input", "corpus.txt.zst"],
            ["bytes_per_token", "shared_tokens", "tokens", "used_tokens", "vocabularies"]
        ),
        (
            ["encode", "--vocab", "tiny", "--output", "s", "corpus.txt.zst"],
            ["bytes_per_second", "directory", "seconds", "train_tokens", "vocabulary_tokens"]
        ),
        (["compare", "tiny"], ["differences", "runs"]),
        (["report", "tiny"], ["bytes", "page", "summary"]),
        (
            ["plan", "--minutes", "0.01", "--measure", "0.02"],
            ["choices", "expected", "measured", "settings", "tokens_per_parameter", "warnings"]
        ),
        (
            ["sweep", "--over", "training.weight_decay=0,0.1"],
            ["best", "invalid", "left_out", "trials"]
        ),
        (["config", "top_k"], ["keys"]),
        (
            ["init", "corpus.txt.zst", "--output", "own.json"],
            ["choices", "cost", "found", "name", "next", "output"]
        ),
        (["shards", "show"], ["data_sets"]),
        (["shards", "show", "--step", "2"], ["rows", "step"]),
        (["shards", "verify"], ["data_sets"]),
        (
            ["shards", "export", "tiny", "--format", "nanogpt", "--output", "n"], ["written"]
        ),
        (["model", "show", "--tensors"], ["parameters", "parts", "tensors", "train_bytes"]),
        (["model", "verify"], ["models"]),
        (
            ["model", "export", "tiny", "--format", "huggingface", "--output", "h"],
            ["config", "parameters", "type", "written"]
        ),
        (
            ["model", "import", "h", "--output", "m"],
            ["beginning", "vocabulary_tokens", "written"]
        ),
    ]

    @Test func `every command with a result has it as JSON, with keys in snake case`() async throws
    {
        for (arguments, keys) in Self.cases {
            let result = try await Program.succeed(arguments + ["--json", "--quiet"], in: folder)
            // Texts are a line of JSON each.
            let value = try JSONSerialization.jsonObject(with: Data(result.output))
            let object = try #require(value as? [String: Any], "\(arguments)")
            for key in keys { #expect(object[key] != nil, "\(arguments) has no \(key)") }
            for key in Self.keys(in: object) {
                #expect(key.wholeMatch(of: /[a-z0-9_]+/) != nil, "\(arguments) \(key)")
            }
        }
        let tokens = try await Program.succeed(
            ["tokenize", "the mill", "--json", "--quiet"], in: folder)
        let list = try JSONSerialization.jsonObject(with: Data(tokens.output)) as? [[String: Any]]
        #expect(list?.compactMap { $0["text"] as? String }.joined() == "the mill")
        #expect(try #require(list).allSatisfy { $0["id"] is Int })
        let empty = try await Program.succeed(["tokenize", "", "--json", "--quiet"], in: folder)
        #expect(empty.text == "[]\n")
    }

    /// Keys of an object and of the objects in its lists. What is called by names that people give,
    /// such as files and special tokens, lies deeper.
    private static func keys(in object: [String: Any]) -> [String] {
        object.keys
            + object.values.flatMap { ($0 as? [[String: Any]] ?? []).flatMap(\.keys) }
            .filter { $0 != "tiny" && $0 != "v" }
    }

    /// Commands that do something themselves.
    private static let commands = NamedCommand.names().filter {
        NamedCommand($0).command.configuration.subcommands.isEmpty
    }

    @Test(arguments: commands)
    func `a command without a table is known to have none`(words: [String]) {
        let command = words.joined(separator: " ")
        let help = Help.text(for: NamedCommand(words).command, columns: 80)
        // Of several ranks' parts alone, which the case for `encode` does not make.
        let isTried =
            ["shards finish", "tokenize"].contains(command)
            || Self.cases.contains { Array($0.arguments.prefix(words.count)) == words }
        #expect(help.contains("--json") == !Self.texts.contains(command))
        #expect(isTried == !Self.texts.contains(command), "give \(command) a case here")
        #expect(help.contains("--quiet") && help.contains("--log-format"))
    }

    @Test func `numbers are those of the table, as they are`() async throws {
        let words = ["shards", "show", "--quiet"]
        let table = try await Program.succeed(words, in: folder).text
        let json = try await Program.succeed(words + ["--json"], in: folder).output
        let sets = try #require(
            try JSONSerialization.jsonObject(with: Data(json)) as? [String: [[String: Any]]])
        let set = try #require(sets["data_sets"]?.first)
        let tokens = try #require(set["train_tokens"] as? Int)
        #expect(tokens > 1_000 && table.contains("\(Figures.count(tokens)) tokens"))
        let manifest = try JSONSerialization.jsonObject(
            with: Data(folder.bytes("shards/tiny/manifest.json")))
        let train = try #require((manifest as? [String: Any])?["train"] as? [String: Any])
        #expect(train["tokens"] as? Int == tokens)
    }

    @Test func `summary.json has the figures of a run`() async throws {
        let data = Data(try folder.bytes("runs/tiny/summary.json"))
        let summary = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        for key in [
            "loss", "perplexity", "bits_per_byte", "tokens_per_second", "parameters", "steps",
            "seconds",
        ] {
            #expect(summary[key] is NSNumber, "\(key)")
        }
        let loss = try #require(summary["loss"] as? Double)
        // The file has the digits that JSON is written with.
        let perplexity = try #require(summary["perplexity"] as? Double)
        #expect(abs(perplexity - exp(loss)) < 1e-9 * perplexity)
    }
}
