import Foundation
import Testing

@testable import Files

/// What an output may take the place of, and where it may lie.
@Suite struct FileKindTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    private func claim(
        _ name: String, _ kind: OutputClaim.Kind, _ content: OutputClaim.Content
    ) throws(FileError) {
        _ = try OutputClaim(folder / name, kind, making: content)
    }

    @Test func `a file gives way to its own kind alone, unless anything may`() throws {
        try folder.write("a poem", to: "poem.svg")
        try folder.write("", to: "empty.svg")
        try folder.write("<svg xmlns=\"http://www.w3.org/2000/svg\"/>", to: "old.svg")
        for name in ["old.svg", "empty.svg", "new.svg"] {
            try claim(name, .replaced, .file(.svg))
        }
        #expect(
            throws: FileError.otherKind(path: folder / "poem.svg", wanted: "an SVG drawing")
        ) { try claim("poem.svg", .replaced, .file(.svg)) }
        try claim("poem.svg", .replaced, .file(.svg, overwrites: true))
        #expect(try folder.names == ["empty.svg", "old.svg", "poem.svg"])
    }

    @Test func `a kind is told by either end of a file`() throws {
        let kind = FileKind("twelve") { front, end in front.first == 0x31 && end.last == 0x32 }
        let middle = String(repeating: "x", count: 10_000)
        for (text, matches) in [("12", true), ("1" + middle + "2", true), ("1" + middle, false)] {
            try folder.write(text, to: "file")
            if matches {
                try kind.check(folder / "file")
            } else {
                #expect(throws: FileError.self) { try kind.check(folder / "file") }
            }
        }
    }

    /// Files by which each kind of result is known.
    private static let marks: [(ResultKind, [String])] = [
        (.model, ["config.json", "manifest.json", "tokenizer.json", "tokens.tsv"]),
        (.vocabulary, ["tokenizer.json", "tokens.tsv"]),
        (.dataSet, ["manifest.json", "val_000000.bin"]), (.run, ["stages.json"]),
        (.run, ["metrics.jsonl", "checkpoints"]),
        (.refinedCorpus, ["report.json", "part_000000.jsonl.zst"]),
    ]

    @Test func `nothing is written over or into a result of another kind`() throws {
        for (number, (kind, names)) in Self.marks.enumerated() {
            let result = "r\(number)"
            try FileSystem.makeDirectory(folder / result)
            for name in names { try folder.write("", to: result + "/" + name) }
            let before = try FileSystem.namesInDirectory(folder / result)
            for other in ResultKind.allCases {
                if other == kind {
                    try claim(result, .filled, .directory(other))
                } else {
                    #expect(throws: FileError.self) {
                        try claim(result, .filled, .directory(other))
                    }
                }
                #expect(throws: FileError.self) {
                    try claim(result + "/new/er", .filled, .directory(other))
                }
                try claim("r\(number)/new", .filled, .directory(other, within: kind))
            }
            #expect(throws: FileError.self) { try claim(result, .filled, .directory(nil)) }
            try FileManager.default.createSymbolicLink(
                atPath: folder / "link\(number)", withDestinationPath: result)
            #expect(throws: FileError.self) {
                try claim("link\(number)/x", .replaced, .directory(nil))
            }
            // A run may hold drawings; a file that is there may be written again anywhere.
            try folder.write("", to: result + "/old.svg")
            try claim(result + "/old.svg", .replaced, .file(.svg))
            if kind == .run {
                try claim(result + "/new.svg", .replaced, .file(.svg))
            } else {
                #expect(throws: FileError.self) {
                    try claim(result + "/new.svg", .replaced, .file(.svg))
                }
            }
            #expect(
                try Set(FileSystem.namesInDirectory(folder / result))
                    == Set(before + ["old.svg"]))
        }
    }

    @Test func `names that other programs use too make no result`() throws {
        try FileSystem.makeDirectory(folder / "project/checkpoints")
        for name in ["tokenizer.json", "config.json", "report.json"] {
            try folder.write("{}", to: "project/" + name)
        }
        try claim("project/shards", .filled, .directory(.dataSet))
        try claim("project", .filled, .directory(.vocabulary))
    }
}
