import Foundation

/// Memory that the machine has to give.
package enum AvailableMemory {
    /// Bytes that new work can have without others being pushed out, as the kernel estimates them,
    /// or the limit of the control group that the process is in, if that is less; all memory where
    /// there is no estimate.
    package static var byteCount: Int {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let estimate = number(in: "/proc/meminfo", after: "MemAvailable:").map { $0 * 1_024 }
        return min(estimate ?? physical, groupLimit ?? physical)
    }

    /// The limit of the process's control group, of either version; nil without one.
    private static var groupLimit: Int? {
        guard let groups = text(of: "/proc/self/cgroup") else { return nil }
        let limits = groups.split(separator: "\n").compactMap { line -> Int? in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return nil }
            switch fields[1] {
            case "": return number(in: "/sys/fs/cgroup\(fields[2])/memory.max")
            case "memory":
                return number(in: "/sys/fs/cgroup/memory\(fields[2])/memory.limit_in_bytes")
            default: return nil
            }
        }
        return limits.filter { $0 > 0 }.min()
    }

    /// The first number of a file, or of its line that begins with `key`.
    private static func number(in path: String, after key: String = "") -> Int? {
        text(of: path)?.split(separator: "\n").first { $0.hasPrefix(key) }?
            .dropFirst(key.count).split(separator: " ").first.flatMap { Int($0) }
    }

    private static func text(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
