import ArgumentParser
import Foundation
import Testing

@testable import quern

@Suite struct HelpTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/help")

    /// To renew the snapshots: `RENEW_HELP=1 swift test --filter HelpTests`.
    @Test(arguments: ExampleTests.names)
    func `a help text is the snapshot`(name: [String]) async throws {
        let file = Self.fixtures.appendingPathComponent(
            (["quern"] + name).joined(separator: "-") + ".txt")
        let help = Help.text(for: NamedCommand(name).command, columns: 80)
        if ProcessInfo.processInfo.environment["RENEW_HELP"] != nil {
            try Data(help.utf8).write(to: file)
        }
        #expect(help == String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }

    /// The parser makes a name of the type's for one that says none, at each start and at the price
    /// of a search through all conformances of the program.
    @Test(arguments: ExampleTests.names)
    func `a command says its own name`(name: [String]) {
        #expect(NamedCommand(name).command.configuration.commandName == name.last ?? "quern")
    }

    @Test func `each snapshot is that of a command`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.fixtures.path)
        let names = ExampleTests.names.map { (["quern"] + $0).joined(separator: "-") + ".txt" }
        #expect(Set(files) == Set(names))
    }

    @Test(arguments: [[], ["run"], ["vocab"], ["vocab", "train"], ["encode"]])
    func `all ways to ask for help show the same`(name: [String]) async throws {
        for words in [["help"] + name, name + ["--help"], name + ["-h"]] {
            for columns in [60, 80, 120] {
                let help = try await Program.run(
                    words, in: folder, environment: ["COLUMNS": "\(columns)"])
                #expect(help.status == 0)
                #expect(help.messages.isEmpty)
                #expect(
                    help.text == Help.text(for: NamedCommand(name).command, columns: columns))
            }
        }
    }

    @Test(arguments: ["", "0", "-5", "1", "wide", "99999999999999999999"])
    func `columns that are none harm no help`(columns: String) async throws {
        let help = try await Program.run(
            ["encode", "--help"], in: folder, environment: ["COLUMNS": columns])
        #expect(help.status == 0)
        #expect(help.text.contains("EXAMPLES:\n  quern encode"))
    }

    @Test(arguments: [
        ["--frob"], ["frob"], ["config", "frob"], ["config", "--schema", "--json"],
        ["run", "--threads", "0"], ["tokenize"], ["decode", "--vocab", "x"],
        ["encode", "--vocab", "x", "--output", "y", "--end-of-text", "never", "z"],
        ["train", "--resume", "--overwrite"],
        ["tokenize", "--vocab", "word", "--allow-special", "all", "x"],
        ["vocab", "show", "x", "--word", "a", "--tokens", "1..2"], ["vocab", "compare", "x"],
        ["vocab", "show", "x", "--tokens", "9..3"],
        ["generate", "--model", "x", "--samples", "0"],
        ["generate", "--model", "x", "--top", "3", "--attention", "-"],
        ["generate", "--model", "x", "--attention", "heads.png"],
        ["generate", "--model", "x", "--weights", "int4"],
        ["generate", "--model", "x", "--beams", "0"],
        ["generate", "--model", "x", "--beams", "2", "--samples", "3"],
        ["generate", "--model", "x", "--beams", "2", "--json"],
        ["generate", "--model", "x", "--length-penalty", "2"],
        ["generate", "--model", "x", "--beams", "2", "--length-penalty", "nan"],
        ["generate", "--model", "x", "--beams", "2", "--length-penalty", "inf"],
        ["generate", "--model", "x", "--beams", "2", "--length-penalty=-1e30"],
        ["evaluate", "--model", "x", "--shards", "y", "--beams", "17"],
        ["evaluate", "--model", "x", "--shards", "y", "--targets", "-1"],
        ["generate", "--model", "x", "--stop-strings", ""],
        ["chat", "--model", "x", "--stop-strings", ""],
        ["explain", "a", "--model", "x", "--layer", "0"], ["explain", "--model", "x"],
        ["evaluate", "--model", "x", "--shards", "y", "--stride", "0"],
        ["evaluate", "--model", "x", "--shards", "y", "--svg", "curves.svg"],
        ["evaluate", "--model", "x", "--shards", "y", "--by-context", "--stride", "4"],
        ["decode", "--vocab", "x", "--shards", "y", "3"],
        // Options that would be passed over without a word.
        ["generate", "--model", "x", "--beams", "2", "--temperature", "0.8"],
        ["generate", "--model", "x", "--beams", "2", "--top-k", "0"],
        ["generate", "--model", "x", "--beams", "2", "--top-p", "0.5"],
        ["generate", "--model", "x", "--beams", "2", "--min-p", "0.1"],
        ["generate", "--model", "x", "--beams", "2", "--repetition-penalty", "1.2"],
        ["generate", "--model", "x", "--beams", "2", "--seed", "1"],
        ["generate", "--model", "x", "--beams", "2", "--stop-strings", "a"],
        ["generate", "--model", "x", "--beams", "2", "--top", "3"],
        ["evaluate", "--model", "x", "--shards", "y", "--beams", "2", "--targets", "0"],
        ["decode", "--vocab", "x", "--split", "val", "3"],
        ["decode", "--vocab", "x", "--separator", "|", "3"],
        ["shards", "export", "x", "--output", "y", "--format", "olmo", "--length", "5"],
        ["corpus", "refine", "x", "--output", "y", "--shuffle-seed", "1"],
        ["vocab", "merge-counts", "--output", "y", "x", "./x"],
        ["corpus", "refine", "x", "--output", "y", "--near-duplicate-similarity", "0.9"],
        ["corpus", "refine", "x", "--output", "y", "--minhash-bands", "14"],
        ["model", "import", "x", "--output", "y", "--context", "0"],
        ["model", "export", "x", "--output", "y"],
        ["model", "export", "x", "--output", "y", "--format", "huggingface", "--type", "q8_0"],
        ["model", "export", "x", "--output", "y", "--format", "huggingface", "--add-bos"],
        ["model", "export", "x", "--output", "y", "--format", "gguf", "--shard-size", "1GB"],
        ["model", "show", "x", "--threads", "0"], ["shards", "show"],
    ])
    func `wrong usage ends with code 64 and says how it is used`(arguments: [String]) async throws {
        let result = try await Program.run(arguments, in: folder)
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
        #expect(result.messages.hasPrefix("Error: "))
        #expect(result.messages.contains("Usage: quern"))
    }

    @Test(arguments: [
        (
            ["evaluate", "--model", "x", "--shards", "y", "--stride", "-1"],
            "give a whole number from 1"
        ),
        (
            ["evaluate", "--model", "x", "--shards", "y", "--batch-size", "-4"],
            "'-4' is invalid for '--batch-size"
        ),
        (["generate", "--model", "x", "--temperature", "-0.5"], "'-0.5' is invalid for '--temp"),
        (
            ["generate", "--model", "x", "--top", "-1"],
            "'-1' is invalid for '--top <count>': give a whole"
        ),
        (
            ["generate", "--model", "x", "--prompt", "-1", "--temperature", "-inf"],
            "'-inf' is invalid"
        ),
        (["vocab", "train", "--output", "x", "--vocab-size", "-1", "a.txt"], "'-1' is invalid"),
        // Words behind two dashes are no values of options.
        (["decode", "--vocab", "x", "--", "--stride", "-1"], "could not open x/"),
    ])
    func `a number below zero is a value`(arguments: [String], says: String) async throws {
        let result = try await Program.run(arguments, in: folder)
        #expect(result.status != 0)
        #expect(result.messages.contains(says), "\(result.messages)")
    }

    @Test func `the version is a name, a release, perhaps a commit, and a level`() async throws {
        let result = try await Program.succeed(["--version"], in: folder)
        #expect(result.text.contains(/^quern \d+\.\d+\.\d+ \(([0-9a-f]+(-dirty)?, )?\w+\)\n$/))
    }
}
