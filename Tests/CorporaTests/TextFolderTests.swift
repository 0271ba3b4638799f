import Files
import Foundation
import Testing

@testable import Corpora

@Suite struct TextFolderTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let texts = [
            "docs/a.md": "a", "docs/b.RST": "b", "docs/deep/c.html": "<p>c", "docs/deep/d.txt": "d",
            "docs/.git/config": "x", "docs/.hidden": "x", "src/main.c": "int main;",
            "src/Makefile": "all:", "src/lib/e.py": "e = 1",
        ]
        for (name, text) in texts { try folder.write(name, text) }
        try folder.write("src/logo.png", [0x89, 0x50, 0x4E, 0x47, 0, 0, 0, 0x0D])
        try folder.write("src/wide", [0xFF, 0xFE, 0x61, 0])
    }

    private func found(
        _ inputs: [String], _ format: CorpusFormat = .auto
    ) throws -> (paths: [String], leftOut: LeftOutFiles) {
        let inputs = try CorpusConfiguration(
            inputs: inputs.map { folder.path + "/" + $0 }, format: format
        ).findInputs()
        return (inputs.paths.map { String($0.dropFirst(folder.path.count + 1)) }, inputs.leftOut)
    }

    @Test("a folder stands for its texts with markup, and hidden names are counted")
    func markup() throws {
        let (paths, leftOut) = try found(["docs"])
        #expect(
            paths == ["docs/a.md", "docs/b.RST", "docs/deep/c.html", "docs/deep/d.txt"])
        #expect(leftOut.counts == "2 hidden")
        #expect(leftOut.hidden.map { $0.hasSuffix("/docs/.git") } == [true, false])
    }

    @Test("beside records only .txt is text, for a README is none of them")
    func records() throws {
        try folder.write("docs/data.jsonl", "{\"text\": \"x\"}\n")
        let (paths, leftOut) = try found(["docs"])
        #expect(paths == ["docs/data.jsonl", "docs/deep/d.txt"])
        #expect(leftOut.counts == "1 .html, 1 .md, 1 .rst, 2 hidden")
        #expect(try found(["docs", "docs/a.md"]).paths.contains("docs/a.md"))
    }

    @Test("the format text takes every file but binary ones, and UTF-16 for its reader to refuse")
    func everyFile() throws {
        let (paths, leftOut) = try found(["src"], .text)
        #expect(paths == ["src/Makefile", "src/lib/e.py", "src/main.c", "src/wide"])
        #expect(leftOut.counts == "1 binary")
        #expect(try found(["src/**"], .text).paths == paths)
        #expect(try found(["src/*.[cp]*"], .text).paths == ["src/main.c"])
        // What is named by itself is read.
        #expect(try found(["src/logo.png"], .text).paths == ["src/logo.png"])
        #expect(throws: CorpusError.self) { try found(["src/*.png"], .text) }
        let refusal = #expect(throws: CorpusError.self) { try found(["src"]) }
        let message = try #require(refusal).description
        #expect(message.contains("only 2 without an ending, 1 .c, 1 .png, 1 .py"))
        #expect(message.contains("corpus.format = text"))
    }

    @Test("compressed texts are looked into")
    func compressed() throws {
        // Of `gzip.compress(b"a\0b", mtime=0)` and `b"text"` in Python.
        try folder.write(
            "src/x.bin.gz",
            [
                0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4B, 0x64, 0x48, 0x02,
                0x00, 0x71, 0x78, 0xE8, 0x15, 0x03, 0x00, 0x00, 0x00,
            ])
        try folder.write(
            "src/y.gz",
            [
                0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2B, 0x49, 0xAD, 0x28,
                0x01, 0x00, 0xC7, 0xA7, 0x8B, 0x3B, 0x04, 0x00, 0x00, 0x00,
            ])
        let (paths, leftOut) = try found(["src"], .text)
        #expect(paths.last == "src/y.gz")
        #expect(leftOut.binaries.map { String($0.suffix(8)) } == ["logo.png", "x.bin.gz"])
    }

    @Test(
        "** stands for any number of folders, also none",
        arguments: [
            ("**/*.txt", ["docs/deep/d.txt"]),
            ("docs/**/*.md", ["docs/a.md"]),
            ("docs/**/**/c.*", ["docs/deep/c.html"]),
            ("d*/**/deep/*", ["docs/deep/c.html", "docs/deep/d.txt"]),
            ("**/deep", ["docs/deep/c.html", "docs/deep/d.txt"]),
            ("docs/**", ["docs/a.md", "docs/b.RST", "docs/deep/c.html", "docs/deep/d.txt"]),
        ])
    func recursive(_ pattern: String, _ paths: [String]) throws {
        #expect(try found([pattern]).paths == paths)
    }

    @Test("files that fit a pattern and tell no format are left out where others are read")
    func patterns() throws {
        let (paths, leftOut) = try found(["**/*"])
        #expect(paths == ["docs/a.md", "docs/b.RST", "docs/deep/c.html", "docs/deep/d.txt"])
        #expect(leftOut.names.count == 5)
    }

    @Test("a pattern follows no links to folders, so that a loop ends")
    func loop() throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/docs/up", withDestinationPath: folder.path)
        #expect(try found(["**/*.md"]).paths == ["docs/a.md"])
    }
}
