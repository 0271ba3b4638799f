import Files
import Foundation
import Testing

@Suite struct OutputClaimTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    @Test(arguments: [OutputClaim.Kind.replaced, .filled])
    func `an output has one writer at a time, whatever its name is spelt like`(
        kind: OutputClaim.Kind
    ) throws {
        var first: OutputClaim? = try OutputClaim(folder / "out", kind)
        let inUse = FileError.inUse(path: folder / "out")
        for _ in 0..<2 {
            #expect(throws: inUse) { try OutputClaim(folder / "out", kind) }
        }
        #expect(throws: inUse) { try OutputClaim(folder / "out///", kind) }
        #expect(throws: FileError.self) { try OutputClaim(folder / "./out/.", kind) }
        #expect(throws: inUse) { try OutputClaim(folder / "out", kind, mode: .shared) }
        _ = try OutputClaim(folder / "other", kind)
        first = nil
        _ = try OutputClaim(folder / "out", kind)
        #expect(first == nil)
        #expect(try folder.names == [])
    }

    @Test func `the message names the output and says who has it`() throws {
        let claim = try OutputClaim(folder / "out", .replaced)
        let error = #expect(throws: FileError.self) { try OutputClaim(folder / "out", .replaced) }
        #expect(
            "\(error, default: "")".hasPrefix(
                "another quern process is writing \(folder / "out"): wait for it"))
        withExtendedLifetime(claim) {}
    }

    @Test func `shared claims go together, and the last one removes the lock`() throws {
        var claims = try (0..<3).map { _ in
            try OutputClaim(folder / "out", .filled, mode: .shared)
        }
        #expect(throws: FileError.self) { try OutputClaim(folder / "out", .filled) }
        while claims.popLast() != nil, !claims.isEmpty {
            #expect(try FileSystem.namesInDirectory(folder / "out") == [".quern-lock"])
        }
        #expect(try folder.names == [])
    }

    @Test func `no share is refused because another one ends`() async throws {
        let path = folder / "out"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<200 { _ = try OutputClaim(path, .filled, mode: .shared) }
                }
            }
            try await group.waitForAll()
        }
        try? FileManager.default.removeItem(atPath: path)
        #expect(try folder.names == [])
    }

    @Test func `a lock that was left hinders nobody, and goes`() throws {
        try folder.write("", to: ".out.quern-lock")
        let claim = try OutputClaim(folder / "out", .replaced)
        withExtendedLifetime(claim) {}
        _ = consume claim
        #expect(try folder.names == [])
    }

    @Test func `a link under the lock's name is refused and leads nowhere`() throws {
        try folder.link(".out.quern-lock", to: "victim")
        #expect(throws: FileError.self) { try OutputClaim(folder / "out", .replaced) }
        #expect(try folder.names == [".out.quern-lock"])
    }

    @Test func `a directory stays that was there or that has something in it`() throws {
        try FileSystem.makeDirectory(folder / "old")
        _ = try OutputClaim(folder / "old", .filled)
        let claim = try OutputClaim(folder / "new", .filled)
        try folder.write("file", to: "new/file")
        withExtendedLifetime(claim) {}
        _ = consume claim
        #expect(try folder.names == ["new", "old"])
        #expect(try FileSystem.namesInDirectory(folder / "new") == ["file"])
    }

    @Test func `what cannot be claimed is named`() {
        let error = #expect(throws: FileError.self) {
            try OutputClaim("/proc/none/out", .replaced)
        }
        #expect("\(error, default: "")".contains("/proc/none"))
    }

    /// Threads that claim, look whether they are alone, and leave, in every order there is.
    @Test(arguments: [OutputClaim.Kind.replaced, .filled])
    func `no two hold a claim although locks come and go`(kind: OutputClaim.Kind) async throws {
        let path = folder / "out"
        let holders = Counter()
        let taken = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var taken = 0
                    for _ in 0..<500 {
                        do {
                            let claim = try OutputClaim(path, kind)
                            #expect(holders.change(by: 1) == 1)
                            _ = holders.change(by: -1)
                            withExtendedLifetime(claim) {}
                            taken += 1
                        } catch FileError.inUse {}
                    }
                    return taken
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(taken > 0)
        // The directory may stay, empty, where the one that made it was not the last to leave it.
        try? FileManager.default.removeItem(atPath: path)
        #expect(try folder.names == [])
    }

    private final class Counter: @unchecked Sendable {
        private let lock = NSLock()
        private var value = 0

        func change(by amount: Int) -> Int {
            lock.withLock {
                value += amount
                return value
            }
        }
    }
}

@Suite struct StagingDirectoryTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    @Test func `a directory appears whole, and what was left by a kill goes`() throws {
        try FileSystem.makeDirectory(folder / "out.b1c2d3.partial/deep")
        try FileSystem.makeDirectory(folder / "out.partial")
        do {
            var staging = try StagingDirectory(OutputClaim(folder / "out", .replaced))
            #expect(!FileManager.default.fileExists(atPath: folder / "out.b1c2d3.partial"))
            try FileReplacement.write("text", to: staging.path + "/file")
            #expect(throws: FileError.self) { try OutputClaim(folder / "out", .replaced) }
            try staging.commit()
        }
        #expect(try folder.names == ["out", "out.partial"])
        #expect(try folder.text("out/file") == "text")
    }

    @Test func `a directory that is given up leaves nothing`() throws {
        do {
            let staging = try StagingDirectory(OutputClaim(folder / "out", .replaced))
            try FileReplacement.write("text", to: staging.path + "/file")
        }
        #expect(try folder.names == [])
    }
}
