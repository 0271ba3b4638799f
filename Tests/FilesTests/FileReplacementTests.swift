import Foundation
import Testing

@testable import Files

@Suite struct FileReplacementTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    private func write(_ text: String, to name: String) throws {
        try FileReplacement.write(text, to: folder / name)
    }

    @Test func `a file appears at the end, and with it nothing else`() throws {
        try folder.write("old", to: "a")
        var file = try FileReplacement(path: folder / "a")
        let bytes = Array("new".utf8)
        try unsafe file.write(bytes.span.bytes)
        #expect(try folder.text("a") == "old")
        #expect(try folder.names.count == 2)
        try file.commit()
        #expect(try folder.text("a") == "new")
        #expect(try folder.names == ["a"])
    }

    @Test func `a writer that gives up leaves nothing`() throws {
        _ = try FileReplacement(path: folder / "a")
        #expect(try folder.names == [])
    }

    @Test func `links under the names of partial files lead nowhere`() throws {
        try folder.write("victim", to: "victim")
        for name in ["a.partial", "a.000000.partial", "a.zzzzzz.partial"] {
            try folder.link(name, to: "victim")
        }
        try write("new", to: "a")
        #expect(try folder.text("victim") == "victim")
        #expect(
            try folder.names
                == ["a", "a.000000.partial", "a.partial", "a.zzzzzz.partial", "victim"])
    }

    @Test func `a link at the name itself is replaced, and its target stays`() throws {
        try folder.write("victim", to: "victim")
        try folder.link("a", to: "victim")
        try write("new", to: "a")
        #expect(try folder.text("victim") == "victim")
        #expect(try folder.text("a") == "new")
    }

    @Test func `what a dead writer left is cleared, by exactly its naming`() throws {
        let dead = "a.b1c2d3.partial"
        let others = [
            "a.b1c2d.partial", "a.b1c2d34.partial", "a.B1c2d3.partial", "a.b1c2d3.partial2",
            "b.b1c2d3.partial", "aa.b1c2d3.partial", "a.b1c2d3.part", "a.b.b1c2d3.partial",
        ]
        for name in [dead] + others { try folder.write("half", to: name) }
        try write("new", to: "a")
        #expect(try folder.names == (["a"] + others).sorted())
    }

    @Test func `a live writer's file stays, and of two writers the last one's bytes`() throws {
        var first = try FileReplacement(path: folder / "a")
        let ones = [UInt8](repeating: 1, count: 100_000)
        try unsafe first.write(ones.span.bytes)
        var second = try FileReplacement(path: folder / "a")
        let twos = [UInt8](repeating: 2, count: 50_000)
        try unsafe second.write(twos.span.bytes)
        #expect(try folder.names.count == 2)
        try first.commit()
        #expect(try folder.bytes("a") == ones)
        try second.commit()
        #expect(try folder.bytes("a") == twos)
        #expect(try folder.names == ["a"])
    }

    @Test func `hundreds of writers at once leave one whole file`() async throws {
        let path = folder / "a"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<300 {
                group.addTask {
                    let bytes = [UInt8](repeating: UInt8(number % 251), count: 5_000)
                    try unsafe FileReplacement.write(bytes.span.bytes, to: path)
                }
            }
            try await group.waitForAll()
        }
        let bytes = try folder.bytes("a")
        #expect(bytes.count == 5_000 && Set(bytes).count == 1)
        #expect(try folder.names == ["a"])
    }

    @Test func `no file takes the place of a directory, a device or a pipe`() throws {
        try FileSystem.makeDirectory(folder / "directory")
        #expect(unsafe mkfifo(folder / "pipe", 0o600) == 0)
        try folder.link("link", to: "/dev/null")
        for (name, reason) in [
            ("directory", "is a directory"), ("pipe", "is a device"), ("link", "is a device"),
            ("new/", "ends with a slash"),
        ] {
            let error = #expect(throws: FileError.self) {
                _ = try FileReplacement(path: folder / name)
            }
            #expect("\(error, default: "")".contains(reason))
        }
        #expect(try folder.names == ["directory", "link", "pipe"])
    }

    @Test func `files have the mode that the process gives to new files`() throws {
        try write("new", to: "a")
        try folder.write("as any", to: "b")
        #expect(try folder.mode("a") == folder.mode("b") & 0o644)
    }

    @Test func `a file without a name leaves nothing and clears what a kill left`() throws {
        try folder.write("half", to: "a.b1c2d3.partial")
        let file = try OpenFile(temporaryBeside: folder / "a")
        #expect(try folder.names == [])
        let bytes: [UInt8] = [1, 2, 3]
        try unsafe file.write(bytes.span.bytes, at: 0)
        var read = [UInt8](repeating: 0, count: 4)
        #expect(try file.read(into: &read, at: 0) == 3)
    }

    @Test func `a growing file is none that a link or another name leads to`() throws {
        try folder.write("victim", to: "victim")
        try folder.link("link", to: "victim")
        #expect(unsafe link(folder / "victim", folder / "other") == 0)
        for name in ["link", "other"] {
            let bytes = Array("new".utf8)
            try unsafe GrowingFile(creating: folder / name).append(bytes.span.bytes)
            #expect(try folder.text(name) == "new")
        }
        #expect(try folder.text("victim") == "victim")
        try folder.link("again", to: "victim")
        #expect(throws: FileError.self) {
            try GrowingFile(continuing: folder / "again", byteCount: 0)
        }
        #expect(try folder.text("victim") == "victim")
    }
}
