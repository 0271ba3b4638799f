import Files
import Foundation

/// `metrics.jsonl`: a JSON object a line for each step, evaluation and sample, with the members of
/// the ``TrainingEvent``.
///
/// Lines are appended as they happen. A resumed run first drops the lines of steps that were done
/// after its checkpoint, since it will do them again, and carriage returns that an editor has put
/// at their ends.
package struct MetricsLog: ~Copyable {
    /// The name of the file.
    package static let fileName = "metrics.jsonl"

    private let handle: FileHandle
    private let path: String
    private let encoder = JSONEncoder()
    /// Seconds of training that the kept lines stand for.
    let earlierSeconds: Double
    /// Whether there is a line for each step that was done before.
    let isWhole: Bool
    /// What of the earlier lines is lost, a sentence each.
    let notes: [String]

    private struct Line: Decodable {
        let step: Int
        let seconds: Double?
    }

    /// Opens the log of `directory`, keeping what belongs to the first `completedSteps` steps.
    init(directory: String, completedSteps: Int) throws {
        let path = directory + "/" + Self.fileName
        var kept: [UInt8] = []
        var seconds = 0.0
        var (stepCount, damagedCount) = (0, 0)
        if completedSteps > 0, FileManager.default.fileExists(atPath: path) {
            let file = try MappedFile(path: path)
            let data = file.withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe Data($0) } }
            for line in data.split(separator: UInt8(ascii: "\n")) {
                guard let entry = try? JSONDecoder().decode(Line.self, from: line) else {
                    // The last line of a killed run may be cut short: it is of a later step in any
                    // case. What came from elsewhere is no line of a run.
                    if line.endIndex < data.endIndex { damagedCount += 1 }
                    continue
                }
                guard entry.step <= completedSteps else { continue }
                if entry.seconds != nil { stepCount += 1 }
                kept += line
                if kept.last == UInt8(ascii: "\r") { kept.removeLast() }
                kept.append(UInt8(ascii: "\n"))
                seconds += entry.seconds ?? 0
            }
        }
        try unsafe FileReplacement.write(kept.span.bytes, to: path)
        handle = try FileError.naming("open", path) {
            let opened = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try opened.seekToEnd()
            return opened
        }
        self.path = path
        earlierSeconds = seconds
        isWhole = stepCount >= completedSteps
        var notes: [String] = []
        if damagedCount > 0 {
            notes.append(
                damagedCount == 1
                    ? "a line of \(path) is damaged and is left out"
                    : "\(damagedCount) lines of \(path) are damaged and are left out")
        }
        if !isWhole {
            notes.append(
                "\(path) lacks the figures of \(completedSteps - stepCount) of the "
                    + "\(completedSteps) steps that were done: how long they took is not known")
        }
        self.notes = notes
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    deinit { try? handle.close() }

    /// Writes a line about `event`, if it has figures that are worth keeping.
    func append(_ event: TrainingEvent) throws {
        switch event {
        case .step, .skipped, .evaluated, .scoredTasks, .sampled, .stoppedEarly:
            let line = try encoder.encode(event) + Data("\n".utf8)
            try FileError.naming("write", path) { try handle.write(contentsOf: line) }
        case .began, .evaluating, .scoringTasks, .sampling, .checkpoint, .profiled: break
        }
    }

    /// Makes every line durable: a checkpoint that is to last longer than its figures would leave a
    /// hole in the curve of the run that goes on from it.
    func sync() throws {
        try FileError.naming("sync", path) { try handle.synchronize() }
    }
}

/// Log of a run's events: `metrics.jsonl`, and a file for TensorBoard. A process that writes no
/// files keeps none.
struct RunLog: ~Copyable {
    private let files: Files?

    private struct Files: ~Copyable {
        let metrics: MetricsLog
        let events: EventFile
    }

    /// Seconds of training before this start.
    let earlierSeconds: Double
    /// Whether there is a line for each step that was done before.
    let isWhole: Bool
    /// What of the earlier lines is lost, a sentence each.
    let notes: [String]
    /// Hands an event on without keeping it.
    let report: (TrainingEvent) -> Void

    /// Opens the logs of `directory`, keeping what belongs to the first `completedSteps` steps.
    ///
    /// - Parameter report: takes every event.
    init(
        directory: String, completedSteps: Int, report: @escaping (TrainingEvent) -> Void
    ) throws {
        let metrics = try MetricsLog(directory: directory, completedSteps: completedSteps)
        let events = try EventFile(directory: directory, completedSteps: completedSteps)
        earlierSeconds = metrics.earlierSeconds
        isWhole = metrics.isWhole
        notes = metrics.notes
        files = Files(metrics: metrics, events: events)
        self.report = report
    }

    /// A log that keeps nothing.
    init(report: @escaping (TrainingEvent) -> Void) {
        files = nil
        (earlierSeconds, isWhole, notes) = (0, true, [])
        self.report = report
    }

    /// Makes what was kept durable.
    func sync() throws {
        switch files {
        case .some(let files): try files.metrics.sync()
        case .none: break
        }
    }

    /// Keeps `event`, and hands it on.
    func append(_ event: TrainingEvent) throws {
        switch files {
        case .some(let files):
            try files.metrics.append(event)
            try files.events.append(event)
        case .none: break
        }
        report(event)
    }
}
