import Foundation
import Testing

@testable import Work

@Suite struct AvailableMemoryTests {
    private let folder = NSTemporaryDirectory() + "quern-groups-" + UUID().uuidString

    private func write(_ path: String, _ text: String) throws {
        let url = URL(fileURLWithPath: folder + "/" + path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// Bytes that the groups of a process leave.
    private func bounds(_ membership: String) throws -> [Int] {
        try write("self", membership)
        return MemoryGroups(membership: folder + "/self", mounts: folder).bounds.map(\.byteCount)
    }

    @Test func `the least that any of the nested groups leaves counts`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try write("a/b/memory.max", "max\n")
        try write("a/b/memory.high", "5000\n")
        try write("a/b/memory.current", "3000\n")
        try write("a/b/memory.stat", "anon 500\ninactive_file 2000\nactive_file 500\n")
        try write("a/memory.max", "4000\n")
        try write("a/memory.high", "max\n")
        try write("a/memory.current", "3500\n")
        try write("a/memory.stat", "inactive_file 2000\nactive_file 500\n")
        #expect(try bounds("0::/a/b\n") == [4_500, 3_000])
        // A namespace shows the group as the root.
        try write("memory.max", "7000\n")
        #expect(try bounds("0::/\n") == [7_000])
        #expect(try bounds("0::/../elsewhere\n") == [7_000])
    }

    @Test func `groups of version 1 count, and no limit is none`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try write("memory/x/memory.limit_in_bytes", "10000\n")
        try write("memory/x/memory.usage_in_bytes", "6000\n")
        try write("memory/x/memory.stat", "total_inactive_file 1000\ntotal_active_file 1000\n")
        try write("memory/memory.limit_in_bytes", "9223372036854771712\n")
        #expect(try bounds("4:cpu,memory:/x\n3:cpuset:/x\n") == [6_000])
        #expect(try bounds("") == [])
    }

    @Test func `what does not fit is refused with what there is`() {
        #expect(throws: Never.self) {
            try AvailableMemory.require(1, for: "a byte", advice: "leave it")
        }
        let error = #expect(throws: MemoryShortage.self) {
            try AvailableMemory.require(1 << 60, for: "all of it", advice: "take less")
        }
        #expect(error?.description.hasPrefix("all of it takes ") == true)
        #expect(error?.description.hasSuffix("; allow more, or take less") == true)
    }

    @Test func `threads are as many as there is memory for`() {
        #expect(AvailableMemory.threadCount(1) == 1)
        #expect((1...256).contains(AvailableMemory.threadCount(256)))
    }
}
