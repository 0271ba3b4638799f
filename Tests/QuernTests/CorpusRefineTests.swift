import Foundation
import Testing

@Suite struct CorpusRefineTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private let lines = ["one two", "three", "one two", "four five six"]
        .map { "{\"text\": \"\($0)\"}\n" }.joined()

    @Test func `duplicates and short documents go, and the table says how many`() async throws {
        try folder.write("a.jsonl", lines)
        let result = try await Program.succeed(
            ["corpus", "refine", "a.jsonl", "--output", "clean", "--min-words", "2"], in: folder)
        #expect(
            result.text == """
                                   documents  bytes of text
                read                       4             32
                min_words                 −1             −5
                remove_duplicates         −1             −7
                kept                       2             20
                min_words: a.jsonl, line 2
                remove_duplicates: a.jsonl, line 3; a.jsonl, line 1 stays
                written  clean

                """)
        #expect(
            try folder.files(below: "clean").keys.sorted() == [
                "part_000000.jsonl.zst", "report.json",
            ])
    }

    @Test func `lines on standard output are what the encoder reads`() async throws {
        try folder.write("a.jsonl", lines)
        let world = try await TinyWorld.shared.value
        let refined = try await Program.succeed(
            ["corpus", "refine", "-", "--format", "jsonl", "--output", "-", "--shuffle"],
            in: folder, input: Array(lines.utf8))
        #expect(refined.text.split(separator: "\n").count == 3)
        #expect(refined.messages.contains("kept"))
        try await Program.succeed(
            [
                "encode", "--vocab", world.vocabulary, "--output", "shards", "--format", "jsonl",
                "--validation-fraction", "0", "-",
            ], in: folder, input: refined.output)
        let decoded = try await Program.succeed(
            ["decode", "--vocab", world.vocabulary, "--shards", "shards", "--separator", "|"],
            in: folder)
        #expect(
            decoded.text.split(separator: "|").sorted() == ["four five six", "one two", "three"])
    }

    @Test func `a folder with its report is a corpus`() async throws {
        try folder.write("a.jsonl", lines)
        try await Program.succeed(
            ["corpus", "refine", "a.jsonl", "--output", "clean"], in: folder)
        let again = try await Program.succeed(
            ["corpus", "refine", "clean", "--output", "-", "--quiet"], in: folder)
        #expect(again.text.split(separator: "\n").count == 3)
        #expect(again.messages.isEmpty)
    }

    @Test func `a run that is killed leaves nothing under the name, and can be started again`()
        async throws
    {
        var random = SystemRandomNumberGenerator()
        let many = (0..<60_000).map { _ in
            let words = (0..<20).map { _ in String(random.next(), radix: 36) }
            return "{\"text\": \"\(words.joined(separator: " "))\"}\n"
        }.joined()
        try folder.write("a.jsonl", many)
        let arguments = [
            "corpus", "refine", "a.jsonl", "--output", "clean", "--remove-near-duplicates",
            "--shuffle",
            "--quiet",
        ]
        for milliseconds in [30, 200, 500] {
            let running = try Program.start(arguments, in: folder)
            let due = ContinuousClock.now + .milliseconds(milliseconds)
            try await running.send(SIGKILL) { .now >= due }
            _ = try await running.result.value
            // No output, or, where it had just come to its end, all of it.
            #expect(folder.exists("clean") == folder.exists("clean/report.json"))
        }
        try await Program.succeed(arguments, in: folder)
        let files = try folder.files(below: "clean")
        #expect(files.keys.sorted() == ["part_000000.jsonl.zst", "report.json"])
        #expect(!folder.exists("clean.partial"))
        #expect(!folder.exists("clean.replaced"))
        // A second result takes the first one's place.
        try await Program.succeed(arguments + ["--threads", "1"], in: folder)
        try folder.expectFiles(below: "clean", toBe: files)
    }

    @Test func `a pipeline with a refinement is kept up to date like any other stage`() async throws
    {
        try TinyWorld.prepare(folder)
        func run(_ settings: String...) async throws -> [String] {
            try await Program.succeed(
                ["run", "--log-format", "json"] + settings.flatMap { ["--set", $0] }, in: folder
            ).stages("started")
        }
        let refine = "corpus.refine.min_words=40"
        #expect(
            try await run(refine)
                == ["refine", "vocab", "encode", "train", "generate"])
        #expect(try await run(refine) == [])
        #expect(try await run(refine, "corpus.refine.memory=128M") == [])
        // Another limit that leaves the same documents changes the report and nothing else.
        #expect(try await run("corpus.refine.min_words=41") == ["refine"])
        try folder.remove("refined/tiny/part_000000.jsonl.zst")
        #expect(try await run("corpus.refine.min_words=41") == ["refine"])
        #expect(
            try await run("corpus.refine.min_words=41", "corpus.refine.shuffle=true", "name=other")
                == ["refine", "vocab", "encode", "train", "generate"])
        // The model that was trained stays, whether the change is known to matter or turns out to.
        for (setting, change) in [
            ("corpus.refine.shuffle=true", "corpus.refine.shuffle false, now true"),
            ("corpus.refine.max_bytes=210", "corpus.refine.max_bytes unset, now 210"),
        ] {
            let refused = try await Program.run(
                ["run", "--set", refine, "--set", setting], in: folder)
            #expect(refused.status == 1)
            #expect(refused.messages.contains(change), "\(refused.messages)")
        }
        let unknown = try await Program.run(
            ["run", "--set", "corpus.refine.min_word=3"], in: folder)
        #expect(unknown.status == 1)
        #expect(
            unknown.messages.contains(
                "unknown key \"corpus.refine.min_word\"; did you mean \"corpus.refine.min_words\"?")
        )
    }
}
