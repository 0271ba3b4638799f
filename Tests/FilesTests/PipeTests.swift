import Files
import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct PipeTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
        #expect(unsafe mkfifo(folder / "pipe", 0o600) == 0)
    }

    @Test func `a pipe that nobody writes to is no file, and is not waited for`() throws {
        let path = folder / "pipe"
        #expect(throws: FileError.self) { try MappedFile(path: path) }
        #expect(throws: FileError.self) { try OpenFile(path: path) }
        let error = #expect(throws: FileError.self) { try FileSystem.contents(path) }
        #expect("\(error, default: "")".contains("nobody writes to"))
        #expect(FileSystem.contentsIfReadable(path) == nil)
        #expect(FileSystem.contentsIfReadable(folder.path) == nil)
        #expect(FileSystem.contentsIfReadable(folder / "none") == nil)
        try folder.write("text", to: "file")
        #expect(FileSystem.contentsIfReadable(folder / "file") == Data("text".utf8))
    }

    @Test func `a pipe that somebody has opened is read to its end`() async throws {
        let path = folder / "pipe"
        // A descriptor that reads lets the writer be there before the reader that is tested.
        let reading = unsafe open(path, O_RDONLY | O_NONBLOCK)
        let writing = unsafe open(path, O_WRONLY)
        #expect(reading >= 0 && writing >= 0)
        let text = Array("{\"name\": \"m\"}".utf8)
        let all = Task.detached { try FileSystem.contents(path) }
        // In two parts, between which there is nothing to read.
        #expect(unsafe write(writing, text, 5) == 5)
        try await Task.sleep(for: .milliseconds(5))
        #expect(unsafe write(writing, Array(text[5...]), text.count - 5) == text.count - 5)
        close(writing)
        #expect(try await all.value == Data(text))
        close(reading)
    }

    @Test func `a directory takes the place of one only when it may`() throws {
        for replaces in [false, true] {
            try FileSystem.makeDirectory(folder / "out")
            try folder.write("old", to: "out/old")
            var staging = try StagingDirectory(OutputClaim(folder / "out", .replaced))
            try Data("new".utf8).write(to: URL(fileURLWithPath: staging.path + "/new"))
            if replaces {
                try staging.commit(replacing: true)
                #expect(try FileSystem.namesInDirectory(folder / "out") == ["new"])
            } else {
                #expect(throws: FileError.self) { try staging.commit() }
                #expect(try FileSystem.namesInDirectory(folder / "out") == ["old"])
            }
        }
        #expect(try folder.names.filter { $0.hasPrefix(".out") && !$0.hasSuffix("lock") } == [])
    }
}
