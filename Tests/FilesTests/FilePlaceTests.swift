import Foundation
import Testing

@testable import Files

@Suite struct FilePlaceTests {
    private let folder: Folder

    /// `in/deep/file`, `in/file`, a link `link` to `in` and another name `hard` of `in/file`.
    init() throws {
        folder = try Folder()
        try FileSystem.makeDirectory(folder / "in/deep")
        try folder.write("text", to: "in/file")
        try folder.write("text", to: "in/deep/file")
        try folder.link("link", to: "in")
        try FileManager.default.linkItem(atPath: folder / "in/file", toPath: folder / "hard")
    }

    @Test(arguments: [
        ("in", "in", FilePlace.Overlap.same), ("./in/", "in", .same), ("in/../in", "in", .same),
        ("link", "in", .same), ("link/file", "in/file", .same), ("hard", "in/file", .same),
        ("in/new", "in", .inside), ("in/deep/new/er", "in", .inside), ("link/new", "in", .inside),
        ("in/new", "link", .inside), ("new/../in/new", "in", .inside),
        ("in/file", "in", .inside), ("in", "in/file", .around), ("link", "in/deep/file", .around),
        (".", "in/file", .around), ("in/deep/..", "in/file", .around),
    ])
    func `an output that meets an input is found`(
        output: String, input: String, overlap: FilePlace.Overlap
    ) {
        let (output, input) = (folder / output, folder / input)
        #expect(FilePlace(input).overlap(with: FilePlace(output)) == overlap)
        #expect(
            throws: FileError.outputMeetsInput(output: output, input: input, overlap: overlap)
        ) {
            try FilePlace.check(output: output, inputs: ["-", "/none/such", input])
        }
    }

    @Test(arguments: [
        ("new", "in"), ("in-2", "in"), ("in/file-2", "in/file"), ("in/deep/file", "in/file"),
        ("in/other", "in/deep"), ("new", "hard"), ("in2/../new", "in"),
    ])
    func `an output beside an input does not meet it`(output: String, input: String) throws {
        try FilePlace.check(output: folder / output, inputs: [folder / input])
        try FilePlace.check(output: "-", inputs: [folder / input])
    }

    @Test func `relative and absolute names are compared`() throws {
        let here = FileManager.default.currentDirectoryPath
        #expect(FilePlace(here).overlap(with: FilePlace("new/file")) == .inside)
        #expect(FilePlace("new").overlap(with: FilePlace(here + "/new/")) == .same)
        #expect(FilePlace("Package.swift").overlap(with: FilePlace("/")) == .around)
    }

    @Test(arguments: [
        ("a", "a"), ("a/", "a"), ("a//", "a"), ("a/.", "a"), ("a/./", "a"), ("/", "/"),
        ("/.", "/"), (".", "."), ("./", "."), ("a.", "a."), ("..", ".."),
    ])
    func `slashes at the end of a name are left out`(path: String, trimmed: String) {
        #expect(FilePlace.trimmed(path) == trimmed)
    }
}
