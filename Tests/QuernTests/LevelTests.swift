import Foundation
import Testing

/// Level that `QUERN_LEVEL` chooses.
@Suite struct LevelTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The levels of this processor, as the program names them.
    private func levels() async throws -> [String] {
        let version = try await Program.succeed(["--version", "--verbose"], in: folder).text
        let line = try #require(version.firstMatch(of: /levels +(.*)/))
        return line.1.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    @Test func `the verbose version names the level in use and those that there are`() async throws
    {
        let levels = try await levels()
        #expect(levels.starts(with: ["plain", "plainMixed", "portable"]))
        for (index, level) in levels.enumerated() {
            let version = try await Program.succeed(
                ["--verbose", "--version"], in: folder, level: level
            ).text
            // A mixed level follows the one that it equals in all but products.
            let float32 = level.hasSuffix("Mixed") ? levels[index - 1] : level
            #expect(version.contains("level   \(float32), in mixed precision \(level)\n"))
        }
        let unset = try await Program.succeed(["--version", "--verbose"], in: folder, level: "")
        #expect(unset.text.contains("in mixed precision \(levels.last ?? "")\n"))
    }

    @Test(arguments: ["avx1024", "AVX2", "plain "])
    func `a level that is not there is wrong usage, and those that are there are named`(
        level: String
    ) async throws {
        let levels = try await levels().joined(separator: ", ")
        for arguments in [["--version"], ["tokenize", "--vocab", "word", "a"]] {
            let result = try await Program.run(arguments, in: folder, level: level)
            #expect(result.status == 64)
            #expect(result.output.isEmpty)
            #expect(
                result.messages.hasPrefix(
                    "Error: QUERN_LEVEL is \"\(level)\", which is no level that this processor "
                        + "has; those are \(levels).\n"))
        }
    }

    @Test(arguments: ["zlib", "", "other"])
    func `the verbose version names the library that reads gzip`(wanted: String) async throws {
        let version = try await Program.run(
            ["--version", "--verbose"], in: folder, environment: ["QUERN_INFLATE": wanted])
        let name = try #require(version.text.firstMatch(of: /gzip +(.*)/)).1
        #expect(name == "zlib" || name == "ISA-L" && wanted != "zlib")
    }

    @Test func `verbose without version is wrong usage`() async throws {
        #expect(try await Program.run(["--verbose"], in: folder).status == 64)
        #expect(try await Program.run(["--verbose", "run"], in: folder).status == 64)
    }

    @Test func `text becomes the same pieces, ids, counts and duplicates at every level`()
        async throws
    {
        let world = try await TinyWorld.shared.value
        let text =
            TinyWorld.corpus + "\n\nDon't 1234567 grüß' Ж漢字\u{301} ½ // \n/\n  \n\t x'LL"
        let lines = try text.components(separatedBy: "\n\n").flatMap { [$0, $0 + " again"] }
            .map { String(decoding: try JSONEncoder().encode(["text": $0]), as: UTF8.self) }
        try folder.write("a.jsonl", lines.joined(separator: "\n"))
        var results: [String: [String: [UInt8]]] = [:]
        for level in try await levels() {
            func run(_ arguments: String...) async throws -> [UInt8] {
                try await Program.succeed(
                    arguments, in: folder, input: Array(text.utf8), level: level
                ).output
            }
            var found = [
                "ids": try await run("tokenize", "--vocab", world.vocabulary, "--ids", "-")
            ]
            for pattern in ["gpt2", "gpt4", "o200k", "starcoder"] {
                let output = "\(pattern)-\(level)"
                _ = try await run(
                    "vocab", "count", "--pattern", pattern, "--output", output, "a.jsonl")
                found[pattern] = try folder.bytes(output)
            }
            found["duplicates"] = try await run(
                "corpus", "refine", "--remove-near-duplicates", "--output", "-", "a.jsonl")
            results[level] = found
        }
        for (level, found) in results { #expect(found == results["plain"], "\(level)") }
    }
}
