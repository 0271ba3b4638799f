import Foundation

/// Control groups that the process is in, of version 1 and 2, with their limits of memory.
///
/// A group within others has at most what each of those leaves, so all of them are asked. The
/// memory in use that counts against a limit is what cannot be taken back: the page cache of files
/// can.
struct MemoryGroups {
    /// The files of a version: its limits, the memory in use, and in `memory.stat` the page cache.
    private struct Version {
        let limits: [String]
        let usage: String
        let cacheKeys: [String]
    }

    private static let first = Version(
        limits: ["memory.limit_in_bytes"], usage: "memory.usage_in_bytes",
        cacheKeys: ["total_inactive_file", "total_active_file"])
    // Above "high" the group is slowed down until it is useless, well before "max" kills it.
    private static let second = Version(
        limits: ["memory.max", "memory.high"], usage: "memory.current",
        cacheKeys: ["inactive_file", "active_file"])

    /// Bounds of all groups.
    let bounds: [AvailableMemory.Bound]

    /// The groups of this process.
    ///
    /// - Parameters:
    ///   - membership: the file that names them.
    ///   - mounts: the directory in which their trees are mounted.
    init(membership: String = "/proc/self/cgroup", mounts: String = "/sys/fs/cgroup") {
        var bounds: [AvailableMemory.Bound] = []
        for line in SystemText.text(of: membership)?.split(separator: "\n") ?? [] {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let path = String(fields[2])
            if fields[1].isEmpty {
                bounds += Self.bounds(Self.second, tree: mounts, path)
            } else if fields[1].split(separator: ",").contains("memory") {
                bounds += Self.bounds(Self.first, tree: mounts + "/memory", path)
            }
        }
        self.bounds = bounds
    }

    /// The bounds of the group at `path` and of all that it lies in.
    private static func bounds(
        _ version: Version, tree: String, _ path: String
    ) -> [AvailableMemory.Bound] {
        var bounds: [AvailableMemory.Bound] = []
        var names = path.split(separator: "/").filter { $0 != ".." }
        while true {
            let directory = names.reduce(tree) { $0 + "/" + $1 }
            let limits = version.limits.compactMap { SystemText.number(in: directory + "/" + $0) }
            // Without a limit version 1 says a number near 2^63.
            if let limit = limits.min(), limit > 0, limit < 1 << 60 {
                let usage = SystemText.number(in: directory + "/" + version.usage) ?? 0
                let cache = version.cacheKeys.reduce(0) { sum, key in
                    sum
                        + (SystemText.number(in: directory + "/memory.stat", after: key + " ") ?? 0)
                }
                bounds.append(
                    AvailableMemory.Bound(
                        byteCount: max(0, limit - max(0, usage - cache)),
                        name: "the control group's limit of memory"))
            }
            guard names.popLast() != nil else { return bounds }
        }
    }
}

/// Small files of the system's own, as text.
enum SystemText {
    /// The first number of a file, or of its line that begins with `key`; nil if there is none.
    static func number(in path: String, after key: String = "") -> Int? {
        text(of: path)?.split(separator: "\n").first { $0.hasPrefix(key) }?
            .dropFirst(key.count).split(separator: " ").first.flatMap { Int($0) }
    }

    static func text(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
