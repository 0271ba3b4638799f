import Foundation
import Testing

@testable import Files

@Suite struct FilePointerTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "quern-pointer-" + UUID().uuidString
        try FileSystem.makeDirectory(folder)
    }

    private var path: String { folder + "/latest" }

    @Test func `a pointer stands for what it was pointed to last, and nothing is left beside it`()
        throws
    {
        for name in ["step-1", "step-2"] {
            try FilePointer.point(path, to: name)
            #expect(FilePointer.target(at: path) == name)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == name)
        }
        #expect(try FileSystem.namesInDirectory(folder) == ["latest"])
    }

    @Test(arguments: [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS])
    func `where the file system has no links, a file holds the name`(number: Int32) throws {
        try FilePointer.point(path, to: "step-1")
        try FilePointer.point(path, to: "step-2") { _, _ in
            errno = number
            return -1
        }
        #expect(FileManager.default.contents(atPath: path) == Data("step-2\n".utf8))
        #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil)
        #expect(FilePointer.target(at: path) == "step-2")
        // And a link takes its place where there are links again.
        try FilePointer.point(path, to: "step-3")
        #expect(FilePointer.target(at: path) == "step-3")
        #expect(try FileSystem.namesInDirectory(folder) == ["latest"])
    }

    @Test func `a full disk is no file system without links`() throws {
        try FilePointer.point(path, to: "step-1")
        #expect(throws: FileError.self) {
            try FilePointer.point(path, to: "step-2") { _, _ in
                errno = ENOSPC
                return -1
            }
        }
        #expect(FilePointer.target(at: path) == "step-1")
    }

    @Test(arguments: ["", "\n", "a/b\n", "../step-1", String(repeating: "x", count: 300)])
    func `a file of something else is no pointer`(text: String) throws {
        try FileReplacement.write(text, to: path)
        #expect(FilePointer.target(at: path) == nil)
    }

    @Test func `a directory and nothing are no pointers`() throws {
        #expect(FilePointer.target(at: path) == nil)
        try FileSystem.makeDirectory(path)
        #expect(FilePointer.target(at: path) == nil)
        #expect(FilePointer.isDirectory(at: path))
        try FileSystem.removeItem(path)
        try FileSystem.makeDirectory(folder + "/step-1")
        try FilePointer.point(path, to: "step-1")
        #expect(!FilePointer.isDirectory(at: path))
    }
}
