import Foundation
import Storage

/// `metrics.jsonl`: a JSON object a line for each step and each evaluation.
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
                // The last line of a killed run may be cut short: it is of a later step in any case.
                guard let entry = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
                    entry.step <= completedSteps
                else { continue }
                kept.append(String(line))
                seconds += entry.seconds ?? 0
            }
        }
        try FileReplacement.write(kept.map { $0 + "\n" }.joined(), to: path)
        handle = try StorageError.naming("open", path) {
            let opened = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try opened.seekToEnd()
            return opened
        }
        self.path = path
        earlierSeconds = seconds
    }

    deinit { try? handle.close() }

    func append(_ report: StepReport) throws {
        try append([
            ("step", "\(report.step)"), ("loss", "\(report.loss)"),
            ("learning_rate", "\(report.learningRate)"),
            ("gradient_norm", "\(report.gradientNorm)"), ("tokens", "\(report.tokenCount)"),
            ("seconds", "\(report.seconds)"), ("tokens_per_second", "\(report.tokensPerSecond)"),
            ("matrix_peak_share", "\(report.matrixPeakShare)"),
        ])
    }

    func append(_ result: EvaluationResult, step: Int) throws {
        try append([
            ("step", "\(step)"), ("validation_loss", "\(result.loss)"),
            ("perplexity", "\(result.perplexity)"), ("bits_per_byte", "\(result.bitsPerByte)"),
        ])
    }

    /// Keys and numbers, as JSON writes both.
    private func append(_ fields: [(String, String)]) throws {
        let line = "{" + fields.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}\n"
        try StorageError.naming("write", path) {
            try handle.write(contentsOf: Data(line.utf8))
        }
    }
}
