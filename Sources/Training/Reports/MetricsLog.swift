import Files
import Foundation

/// `metrics.jsonl`: a JSON object a line for each step, evaluation and sample.
///
/// Lines are appended as they happen. A resumed run first drops the lines of steps that were done
/// after its checkpoint, since it will do them again.
public struct MetricsLog: ~Copyable {
    /// The name of the file.
    public static let fileName = "metrics.jsonl"

    private let handle: FileHandle
    private let path: String
    /// Seconds of training that the kept lines stand for.
    let earlierSeconds: Double

    private struct Line: Decodable {
        let step: Int
        let seconds: Double?
    }

    /// Opens the log of `directory`, keeping what belongs to the first `completedSteps` steps.
    init(directory: String, completedSteps: Int) throws {
        let path = directory + "/" + Self.fileName
        var kept: [String] = []
        var seconds = 0.0
        if completedSteps > 0, let data = FileManager.default.contents(atPath: path) {
            for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
                // The last line of a killed run may be cut short: it is of a later step in any
                // case.
                guard let entry = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
                    entry.step <= completedSteps
                else { continue }
                kept.append(String(line))
                seconds += entry.seconds ?? 0
            }
        }
        try FileReplacement.write(kept.map { $0 + "\n" }.joined(), to: path)
        handle = try FileError.naming("open", path) {
            let opened = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try opened.seekToEnd()
            return opened
        }
        self.path = path
        earlierSeconds = seconds
    }

    deinit { try? handle.close() }

    /// Writes a line about `event`, if it has figures that are worth keeping.
    func append(_ event: TrainingEvent) throws {
        switch event {
        case .step(let report):
            try append(Self.fields(of: report))
        case .skipped(let report, let finding, let origins):
            try append(
                Self.fields(of: report) + [
                    ("skipped", try Self.json("\(finding)")), ("windows", try Self.json(origins)),
                ])
        case .evaluated(let step, let result, let sources):
            var fields = [("step", "\(step)")] + Self.fields(of: result)
            if !sources.isEmpty {
                let figures = try sources.map {
                    (try Self.json($0.name), Self.object(Self.fields(of: $0.result)))
                }
                fields.append(
                    ("sources", "{" + figures.map { "\($0): \($1)" }.joined(separator: ", ") + "}"))
            }
            try append(fields)
        case .sampled(let step, let texts):
            try append([("step", "\(step)"), ("samples", try Self.json(texts))])
        case .stoppedEarly(let step, let bestStep):
            try append([("step", "\(step)"), ("stopped_early_for", "\(bestStep)")])
        case .began, .evaluating, .sampling, .checkpoint, .profiled: break
        }
    }

    private static func fields(of report: StepReport) -> [(String, String)] {
        [
            ("step", "\(report.step)"), ("loss", number(report.loss)),
            ("learning_rate", number(report.learningRate)),
            ("gradient_norm", number(report.gradientNorm)), ("tokens", "\(report.tokenCount)"),
            ("seconds", number(report.seconds)),
            ("tokens_per_second", number(report.tokensPerSecond)),
            ("matrix_peak_share", number(report.matrixPeakShare)),
        ]
    }

    private static func fields(of result: EvaluationResult) -> [(String, String)] {
        [
            ("validation_loss", number(result.loss)), ("perplexity", number(result.perplexity)),
            ("bits_per_byte", number(result.bitsPerByte)),
        ]
    }

    /// JSON has no word for what is not finite.
    private static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// An object of keys, which need no escapes, and values as JSON writes them.
    private static func object(_ fields: [(String, String)]) -> String {
        "{" + fields.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
    }

    /// Keys, and values as JSON writes them.
    private func append(_ fields: [(String, String)]) throws {
        let line = Self.object(fields) + "\n"
        try FileError.naming("write", path) {
            try handle.write(contentsOf: Data(line.utf8))
        }
    }
}
