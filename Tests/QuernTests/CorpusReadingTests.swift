import Foundation
import Testing

@Suite struct CorpusReadingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Counts a corpus with these options; the table that is printed.
    private func count(_ arguments: [String], input: String? = nil) async throws -> String {
        try await Program.succeed(
            ["vocab", "count", "--output", "out.counts"] + arguments, in: folder,
            input: input.map { Array($0.utf8) } ?? []
        ).text
    }

    @Test func `inputs are named on the command line, in a list, and on standard input`()
        async throws
    {
        try folder.write("a.txt", "one")
        try folder.write("b.csv", "id,body\n1,two\n2,\"three\nlines\"\n")
        try folder.write("list", "b.csv\n")
        let options = ["--text-field", "body"]
        #expect(try await count(options + ["a.txt", "b.csv"]).contains("documents read   3"))
        #expect(
            try await count(options + ["a.txt", "--inputs-from", "list"])
                .contains("documents read   3"))
        #expect(
            try await count(options + ["--inputs-from", "-"], input: "a.txt\nb.csv\n")
                .contains("documents read   3"))
        #expect(
            try await count(["--format", "json", "-"], input: #"["x",{"text":"y"}]"#)
                .contains("documents read   2"))
        let nothing = try await Program.run(["vocab", "count", "--output", "x"], in: folder)
        #expect(nothing.status == 64)
        let missing = try await Program.run(
            ["vocab", "count", "--output", "x", "--inputs-from", "none"], in: folder)
        #expect(missing.status == 1)
        #expect(missing.messages.contains("could not open none"))
    }

    @Test func `a name of one letter is a name like any other`() async throws {
        try folder.write("a", "one")
        try await Program.succeed(
            ["vocab", "count", "--output", "c", "--format", "text", "a"], in: folder)
        #expect(folder.exists("c"))
    }

    @Test func `lines in quarantine stand beside the output and in the summary`() async throws {
        try folder.write("a.jsonl", "{\"text\":\"one\"}\nnot JSON\n{\"text\":\"two\"}\n")
        let text = try await count(["--on-error", "quarantine", "a.jsonl"])
        #expect(text.contains("skipped lines    1\n"))
        #expect(text.contains("in quarantine    1\n"))
        #expect(try folder.bytes("out.counts.quarantine") == Array("not JSON\n".utf8))
        let reasons = String(
            decoding: try folder.bytes("out.counts.quarantine.reasons.jsonl"), as: UTF8.self)
        #expect(reasons.contains("\"line\":2"))
        _ = try await count(
            ["--on-error", "quarantine", "--quarantine", "elsewhere", "a.jsonl"])
        #expect(try folder.bytes("elsewhere") == Array("not JSON\n".utf8))
        let refused = try await Program.run(
            ["vocab", "count", "--output", "x", "a.jsonl"], in: folder)
        #expect(refused.status == 1)
        #expect(refused.messages.contains("a.jsonl, line 2, byte 1"))
    }

    @Test func `a separator may hold line ends of both kinds`() async throws {
        try folder.write("a.txt", "one\r\n\r\ntwo\r\n\r\nthree")
        #expect(
            try await count(["--text-separator", "\\r\\n\\r\\n", "a.txt"])
                .contains("documents read   3\nbytes read       11"))
    }

    @Test func `files of a folder that are not read are named, and no output is read`() async throws
    {
        for name in ["a.txt", "b.md", "c.pdf", "d.html", "e.png"] {
            try folder.write("in/" + name, "text\n")
        }
        let counted = try await Program.run(["vocab", "count", "--output", "x", "in"], in: folder)
        #expect(counted.status == 0)
        #expect(
            counted.messages.contains(
                "note: left out: 1 .pdf, 1 .png (in/c.pdf, in/e.png); the format \"text\""))
        #expect(counted.text.contains("documents read   3\n"))
        let commands = [
            ["vocab", "count", "--output", "in/x"],
            ["vocab", "train", "--output", "in/x"],
            ["vocab", "train", "--counts", "in/x", "--output", "x"],
            ["corpus", "pack", "--output", "in/x.jsonl.zst"],
            ["corpus", "refine", "--output", "in/x"],
            [
                "corpus", "pack", "--output", "y", "--on-error", "quarantine", "--quarantine",
                "in/x",
            ],
        ]
        for command in commands {
            let result = try await Program.run(command + ["in"], in: folder)
            #expect(result.status == 1)
            #expect(result.messages.contains("lies in the input in: choose one outside of it"))
        }
        #expect(try folder.files(below: "in").count == 5)
    }

    @Test func `bytes that are not UTF-8 are counted, replaced or refused`() async throws {
        try folder.write("a.txt", [0x61, 0xFF, 0x62])
        #expect(try await count(["a.txt"]).contains("not all UTF-8    1 documents\n"))
        #expect(
            try await count(["--invalid-utf8", "replace", "a.txt"]).contains("bytes read       5"))
        let refused = try await Program.run(
            ["vocab", "count", "--output", "x", "--invalid-utf8", "fail", "a.txt"], in: folder)
        #expect(refused.status == 1)
        #expect(refused.messages.contains("a.txt, document 1, byte 2"))
        #expect(refused.messages.contains("--invalid-utf8"))
    }
}
