import Foundation

/// Time of one pass, in seconds.
struct Timing {
    var wall: Double
    /// Processor time of all threads of the process.
    var processor: Double

    static func of(_ work: () async throws -> Void) async rethrows -> Timing {
        let startProcessor = now(CLOCK_PROCESS_CPUTIME_ID)
        let start = now(CLOCK_MONOTONIC)
        try await work()
        let wall = now(CLOCK_MONOTONIC) - start
        return Timing(wall: wall, processor: now(CLOCK_PROCESS_CPUTIME_ID) - startProcessor)
    }

    private static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// The most memory that the process has held, in MB of 10⁶ bytes; 0 where it cannot be told.
func peakMegabytes() -> Double {
    // Not `getrusage`, which also counts what the process held that started this one.
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kibibytes = line?.split(separator: " ").dropFirst().first ?? "0"
    return (Double(kibibytes.trimmingCharacters(in: .whitespaces)) ?? 0) * 1024 / 1e6
}

/// The middle value; `nil` of none.
func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    guard sorted.count.isMultiple(of: 2) else { return sorted[middle] }
    return (sorted[middle - 1] + sorted[middle]) / 2
}
