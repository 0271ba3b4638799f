import Files
import Foundation
import Testing

@testable import Corpora

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

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

    @Test func `what a pipeline makes beside its texts is none of them`() throws {
        let folder = try TemporaryFolder()
        let description = #"{"name": "x", "corpus": {"inputs": ["a.txt"]}}"#
        for (name, text) in [
            ("a.txt", "text"), ("notes/pipeline.json", "[{\"text\": \"of oil\"}]"),
            ("pipeline.json", description), ("comparison.json", description),
            ("vocab/x/tokenizer.json", "{}"), ("vocab/x/tokens.tsv", ""),
            ("shards/x/manifest.json", "{}"), ("shards/x/train_000000.bin", ""),
            ("runs/x/summary.json", "{}"), ("runs/x/metrics.jsonl", ""),
            ("runs/x/checkpoints/step-00000001/config.json", "{}"),
        ] {
            try folder.write(name, text)
        }
        let wanted = ["a.txt", "notes/pipeline.json"]
        #expect(try Self.names([""], below: folder) == wanted)
        #expect(try Self.names([""], format: .text, below: folder) == wanted)
        #expect(try Self.names(["notes/**/*.json", "*.txt"], below: folder) == wanted)
        let list = try SourceList(CorpusConfiguration(inputs: [folder.path]))
        #expect(list.leftOut.names.isEmpty && list.leftOut.own.count == 5)
        #expect(list.leftOut.counts == "5 of Quern's own")
        // What is asked for by its name is read.
        #expect(try Self.names(["pipeline.json"], below: folder) == ["pipeline.json"])
        #expect(try Self.names(["runs/x"], below: folder).contains("runs/x/summary.json"))
    }

    @Test func `a name with a zero byte is none, whatever stands before it`() throws {
        let folder = try Self.filledFolder()
        #expect(throws: CorpusError.missingInput(path: folder.path + "\0x")) {
            try SourceList(CorpusConfiguration(inputs: [folder.path + "\0x"]))
        }
    }

    @Test func `a tree may be deep`() throws {
        let folder = try TemporaryFolder()
        let deep = String(repeating: "d/", count: 900) + "a.txt"
        try folder.write(deep, "")
        #expect(try Self.names([""], below: folder) == [deep])
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
            (
                "empty",
                .nothingInFolder(
                    path: path + "empty", format: .auto,
                    leftOut: LeftOutFiles(names: [path + "empty/readme"]))
            ),
            ("a.txt.partial", .unknownFormat(path: path + "a.txt.partial")),
            ("g.zst", .unknownFormat(path: path + "g.zst")),
            ("*.partial", .unknownFormat(path: path + "a.txt.partial")),
            ("s**/*.txt", .recursivePattern(pattern: path + "s**/*.txt")),
        ]
        for (input, error) in cases {
            #expect(throws: error) { try Self.names([input], below: folder) }
        }
        #expect(try Self.names(["g.zst"], format: .text, below: folder) == ["g.zst"])
    }

    @Test("standard input has the format that was asked for, or text, and no known size")
    func standardInput() throws {
        let automatic = try SourceList(CorpusConfiguration(inputs: ["-", "-"])).sources
        #expect(automatic == [.init(path: "-", format: .text, byteCount: nil)])
        let lines = try SourceList(CorpusConfiguration(inputs: ["-"], format: .jsonl)).sources
        #expect(lines == [.init(path: "-", format: .jsonl, byteCount: nil)])
    }

    @Test("files of a folder that are not read are named")
    func leftOut() throws {
        let folder = try Self.filledFolder()
        let path = folder.path
        try FileManager.default.createSymbolicLink(
            atPath: path + "/link", withDestinationPath: path + "/sub")
        try #require(unsafe mkfifo(path + "/pipe.txt", 0o600) == 0)
        func leftOut(_ inputs: [String], _ format: CorpusFormat = .auto) throws -> [String] {
            try CorpusConfiguration(inputs: inputs, format: format).findInputs().leftOut.names
                .map { String($0.dropFirst(path.count + 1)) }
        }
        let others = ["a.txt.partial", "empty/readme", "f.md", "g.zst", "link", "pipe.txt"]
        #expect(try leftOut([path]) == others)
        #expect(try leftOut([path, path]) == others)
        #expect(try leftOut([path + "/*.jsonl"]) == [])
        #expect(try leftOut([path + "/sub"], .jsonl) == ["sub/a.txt"])
    }

    @Test("a file that cannot be reached is not passed over in silence")
    func unreachable() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/"
        try folder.write("a.txt", "")
        try FileManager.default.createSymbolicLink(
            atPath: path + "b.txt", withDestinationPath: "nowhere")
        let gone = CorpusError.file(
            .failed(operation: "read", path: path + "b.txt", reason: "it is a link to nothing"))
        for input in ["", "*.txt"] {
            #expect(try Self.names([input], below: folder) == ["a.txt"])
            let leftOut = try CorpusConfiguration(inputs: [path + input]).findInputs().leftOut
            #expect(leftOut.broken == [path + "b.txt"])
            #expect(leftOut.counts == "1 link to nothing")
        }
        #expect(throws: gone) { try Self.names(["b*.txt"], below: folder) }
        #expect(try Self.names([""], format: .jsonl, below: folderWithLines(folder)) == ["c.jsonl"])
        try FileManager.default.removeItem(atPath: path + "b.txt")
        // Latin-1's é by itself.
        let name: [UInt8] = Array((path + "caf").utf8) + [0xE9] + Array(".txt".utf8) + [0]
        let descriptor = unsafe name.withUnsafeBufferPointer { name in
            unsafe name.withMemoryRebound(to: CChar.self) { name in
                unsafe open(name.baseAddress!, O_CREAT | O_WRONLY, 0o600)
            }
        }
        try #require(descriptor >= 0)
        close(descriptor)
        let repaired = CorpusError.nameNotUTF8(path: path + "caf\u{FFFD}.txt")
        #expect(throws: repaired) { try Self.names([""], below: folder) }
        #expect(throws: repaired) { try Self.names(["c*.txt"], below: folder) }
    }

    private func folderWithLines(_ folder: TemporaryFolder) throws -> TemporaryFolder {
        try folder.write("c.jsonl", "")
        return folder
    }

    @Test("endings may be in capitals, and the report of a refined corpus is no text")
    func namesOfFiles() throws {
        let folder = try TemporaryFolder()
        for name in ["A.TXT", "B.Jsonl.ZST", "refined/part_000000.jsonl.zst"] {
            try folder.write(name, "")
        }
        for name in ["report.json", "refined/report.json"] { try folder.write(name, "") }
        #expect(
            try Self.names([""], below: folder)
                == ["A.TXT", "B.Jsonl.ZST", "refined/part_000000.jsonl.zst", "report.json"])
    }

    @Test("an output meets the inputs whose part it would become")
    func outputs() throws {
        let folder = try Self.filledFolder()
        let path = folder.path
        func met(_ output: String, by inputs: [String]) throws -> String? {
            let inputs = try CorpusConfiguration(inputs: inputs.map { path + "/" + $0 })
                .findInputs()
            do {
                try inputs.check(output: path + "/" + output)
                return nil
            } catch {
                guard case .outputMeetsInput(_, let input, _) = error else { throw error }
                return input
            }
        }
        let sub = path + "/sub"
        #expect(try met("sub/new", by: ["a.txt", "sub"]) == sub)
        #expect(try met("sub/deep/new/deeper", by: ["sub"]) == sub)
        #expect(try met("empty/../sub/new", by: ["sub"]) == sub)
        #expect(try met("sub", by: ["sub"]) == sub)
        #expect(try met("sub", by: ["sub/deep/*.jsonl"])?.hasSuffix("/sub/deep/z.jsonl") == true)
        #expect(try met("c.jsonl", by: ["*.jsonl"])?.hasSuffix("/c.jsonl") == true)
        #expect(try met("subs", by: ["sub"]) == nil)
        #expect(try met("sub/.hidden/new", by: ["sub"]) == nil)
        #expect(try met("new", by: ["sub", "a.txt"]) == nil)
        #expect(try met("d.jsonl", by: ["*.jsonl"]) == nil)
        try FileManager.default.createSymbolicLink(
            atPath: path + "/link", withDestinationPath: sub)
        #expect(try met("link/new", by: ["sub"]) == sub)
        try FileManager.default.linkItem(atPath: path + "/c.jsonl", toPath: path + "/hard")
        #expect(try met("hard", by: ["*.jsonl"])?.hasSuffix("/c.jsonl") == true)
        #expect(try met("hard", by: ["sub"]) == nil)
        let inputs = try CorpusConfiguration(inputs: [sub]).findInputs()
        for output in ["", "new", "new/", "-"] { try inputs.check(output: output) }
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
