import Bytes
import Files
import Foundation
import Training

/// Runs in a directory, as far as they are recorded there.
///
/// A run is a directory with a log of its steps, directly in the directory of all runs, or in a run
/// or comparison there. What a link stands for is no run: it could be anywhere.
struct Recordings: Sendable {
    /// A run of the list.
    struct Run {
        /// Its directory, without the one of all runs: `kjv`, `kjv/chat`.
        let name: String
        /// When a line was last written, in seconds since 1970.
        let updated: Int
        /// Whether a process is writing.
        let isRunning: Bool
        let logByteCount: Int
    }

    /// Seconds after its last line at which a run whose lock is there still counts as running: a
    /// killed one leaves its lock behind.
    private static let patience = 1_800

    let directory: String

    /// All runs, the latest first. O(directories).
    func runs() -> [Run] {
        var runs: [Run] = []
        for name in FileSystem.directories(in: directory) {
            if let run = run(named: name) { runs.append(run) }
            let inside = FileSystem.directories(in: directory + "/" + name)
            for inner in inside where inner != "checkpoints" {
                if let run = run(named: name + "/" + inner) { runs.append(run) }
            }
        }
        runs.sort { ($1.updated, $0.name) < ($0.updated, $1.name) }
        return Array(runs.prefix(Playground.Limit.runCount))
    }

    /// Directory of a run of the list; nil for any other name. O(directories).
    func directory(ofRun name: String) -> String? {
        runs().contains { ExactName($0.name) == ExactName(name) } ? directory + "/" + name : nil
    }

    /// The last step of a run's log; 0 without one. O(1): only its end is read.
    func lastStep(of run: Run) -> Int {
        var end = [UInt8](repeating: 0, count: min(run.logByteCount, 1 << 16))
        let path = directory + "/" + run.name + "/" + MetricsLog.fileName
        guard let file = try? OpenFile(path: path),
            let count = try? file.read(into: &end, at: run.logByteCount - end.count)
        else { return 0 }
        let lines = end[..<count].split(separator: UInt8(ascii: "\n"))
        return lines.reversed().lazy.compactMap(Self.step).first ?? 0
    }

    private static func step(ofLine line: ArraySlice<UInt8>) -> Int? {
        guard let value = try? WrittenJSON(Array(line)).value,
            case .number(let step) = value["step"]
        else { return nil }
        return Int(step)
    }

    private func run(named name: String) -> Run? {
        let path = directory + "/" + name
        guard let log = FileSystem.attributes(path + "/" + MetricsLog.fileName),
            log[.type] as? FileAttributeType == .typeRegular,
            let date = log[.modificationDate] as? Date, let size = log[.size] as? Int
        else { return nil }
        let hasLock = FileSystem.attributes(path + "/" + OutputClaim.lockName) != nil
        let age = Date().timeIntervalSince(date)
        return Run(
            name: name, updated: Int(date.timeIntervalSince1970),
            isRunning: hasLock && age < Double(Self.patience), logByteCount: size)
    }
}
