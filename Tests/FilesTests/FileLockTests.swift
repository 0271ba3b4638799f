import Files
import Foundation
import Testing

@Suite struct FileLockTests {
    private let path = FileManager.default.temporaryDirectory.path + "/lock-\(UUID().uuidString)"

    @Test func aLockExcludesAsItSays() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let first = try #require(try FileLock(path: path, .shared))
        let second = try #require(try FileLock(path: path, .shared))
        #expect(try FileLock(path: path, .exclusive) == nil)
        withExtendedLifetime((first, second)) {}
    }

    @Test func aLockThatWasLeftIsFreeAlthoughChildrenAreBeingStarted() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let children = Task.detached {
            while !Task.isCancelled {
                let child = Process()
                child.executableURL = URL(fileURLWithPath: "/bin/true")
                try child.run()
                child.waitUntilExit()
            }
        }
        var refusalCount = 0
        let start = ContinuousClock.now
        while .now - start < .milliseconds(300) {
            if try FileLock(path: path, .exclusive) == nil { refusalCount += 1 }
        }
        children.cancel()
        try await children.value
        #expect(refusalCount == 0)
    }
}
