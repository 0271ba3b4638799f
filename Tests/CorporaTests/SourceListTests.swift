import Foundation
import Testing

@testable import Corpora

@Suite struct SourceListTests {
    private static func names(
        _ inputs: [String], format: CorpusFormat = .auto, below folder: TemporaryFolder
    ) throws -> [String] {
        let list = try SourceList(
            CorpusConfiguration(inputs: inputs.map { folder.path + "/" + $0 }, format: format))
        return list.sources.map { String($0.path.dropFirst(folder.path.count + 1)) }
    }

    private static func filledFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in [
            "b.txt", "a.txt", "c.jsonl", "d.txt.zst", "e.jsonl.zst", "f.md", "g.zst", ".hidden.txt",
            "sub/a.txt", "sub/deep/z.jsonl", "sub/.git/x.txt", "a.txt.partial", "empty/readme",
        ] {
            try folder.write(name, "")
        }
        return folder
    }

    @Test("a folder stands for the files of known names below it, in order")
    func folder() throws {
        let folder = try Self.filledFolder()
        let all = [
            "a.txt", "b.txt", "c.jsonl", "d.txt.zst", "e.jsonl.zst", "sub/a.txt",
            "sub/deep/z.jsonl",
        ]
        let list = try SourceList(CorpusConfiguration(inputs: [folder.path]))
        #expect(list.sources.map(\.path) == all.map { folder.path + "/" + $0 })
        #expect(
            list.sources.map(\.format) == [.text, .text, .jsonl, .text, .jsonl, .text, .jsonl])
        #expect(try Self.names([""], format: .jsonl, below: folder).count == 3)
        #expect(try Self.names(["sub"], below: folder) == ["sub/a.txt", "sub/deep/z.jsonl"])
    }

    @Test("patterns find files, and none is taken twice")
    func patterns() throws {
        let folder = try Self.filledFolder()
        #expect(try Self.names(["?.txt"], below: folder) == ["a.txt", "b.txt"])
        #expect(try Self.names(["[b-d].*"], below: folder) == ["b.txt", "c.jsonl", "d.txt.zst"])
        #expect(try Self.names(["*/*.txt"], below: folder) == ["sub/a.txt"])
        #expect(
            try Self.names(["b.txt", "*.txt", "b.txt", "a.txt"], below: folder)
                == ["a.txt", "b.txt"])
        #expect(try Self.names(["s*"], below: folder) == ["sub/a.txt", "sub/deep/z.jsonl"])
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link.txt", withDestinationPath: folder.path + "/b.txt")
        #expect(try Self.names(["*.txt"], below: folder) == ["a.txt", "b.txt"])
    }

    @Test("a name that exists is no pattern")
    func literal() throws {
        let folder = try TemporaryFolder()
        try folder.write("a[1].txt", "")
        try folder.write("a1.txt", "")
        #expect(try Self.names(["a[1].txt"], below: folder) == ["a[1].txt"])
    }

    @Test("what is not there, or tells no format, is refused by name")
    func refusals() throws {
        let folder = try Self.filledFolder()
        let path = folder.path + "/"
        let cases: [(String, CorpusError)] = [
            ("x.txt", .missingInput(path: path + "x.txt")),
            ("a.txt/x.txt", .missingInput(path: path + "a.txt/x.txt")),
            ("*.csv.gz", .nothingMatched(pattern: path + "*.csv.gz")),
            ("empty", .nothingInFolder(path: path + "empty", format: .auto)),
            ("f.md", .unknownFormat(path: path + "f.md")),
            ("g.zst", .unknownFormat(path: path + "g.zst")),
        ]
        for (input, error) in cases {
            #expect(throws: error) { try Self.names([input], below: folder) }
        }
        #expect(try Self.names(["f.md"], format: .text, below: folder) == ["f.md"])
    }

    @Test("standard input has the format that was asked for, or text, and no known size")
    func standardInput() throws {
        let automatic = try SourceList(CorpusConfiguration(inputs: ["-", "-"])).sources
        #expect(automatic == [.init(path: "-", format: .text, byteCount: nil)])
        let lines = try SourceList(CorpusConfiguration(inputs: ["-"], format: .jsonl)).sources
        #expect(lines == [.init(path: "-", format: .jsonl, byteCount: nil)])
    }

    @Test("links to folders are not entered, so that a loop ends")
    func loop() throws {
        let folder = try TemporaryFolder()
        try folder.write("sub/a.txt", "")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/sub/up", withDestinationPath: folder.path)
        #expect(try Self.names(["sub"], below: folder) == ["sub/a.txt"])
    }
}
