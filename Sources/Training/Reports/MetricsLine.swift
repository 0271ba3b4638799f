import Bytes

/// A line of a run's `metrics.jsonl`: a step, an evaluation, texts, or scores of tasks.
package struct MetricsLine {
    /// What no figure of a run exceeds.
    package static let largest = 1e30

    /// The step after which it was written.
    package private(set) var step = 0
    /// Tokens learned from by then.
    package private(set) var tokenCount: Int?
    /// Seconds of the step.
    package private(set) var seconds: Double?
    /// Nats a token of the batch.
    package private(set) var loss: Double?
    /// Learning rate of the step.
    package private(set) var learningRate: Double?
    /// Norm of the gradients before they were clipped.
    package private(set) var gradientNorm: Double?
    /// Tokens a second.
    package private(set) var tokensPerSecond: Double?
    /// Share of the matrix peak.
    package private(set) var peakShare: Double?
    /// Nats a token of the validation split.
    package private(set) var validationLoss: Double?
    /// Bits a byte of its text.
    package private(set) var bitsPerByte: Double?
    /// Losses of the sources, by name.
    package private(set) var sources: [String: Double] = [:]
    /// Why the step was not taken.
    package private(set) var skipped: String?
    /// Texts that were drawn.
    package private(set) var texts: [String]?
    /// Names of tasks' figures, without what they begin with, and the figures.
    package private(set) var tasks: [(name: String, value: Double)] = []
    /// The step than which none was better, where that ended the run.
    package private(set) var stoppedEarlyFor: Int?

    /// Reads a line; nil unless it is an object with a step.
    package init?(_ bytes: ArraySlice<UInt8>) {
        var found = Self()
        var hasStep = false
        do throws(JSONError) {
            try JSONPullReader<JSONError>.with(bytes.span) { reader throws(JSONError) in
                try reader.readObject { reader, key throws(JSONError) in
                    if key == "step" {
                        found.step = try Self.whole(&reader) ?? -1
                        hasStep = found.step >= 0
                    } else {
                        try found.read(key, &reader)
                    }
                }
                try reader.finish()
            }
        } catch {
            return nil
        }
        guard hasStep else { return nil }
        self = found
    }

    private init() {}

    private mutating func read(
        _ key: String, _ reader: inout JSONPullReader<JSONError>
    ) throws(JSONError) {
        switch key {
        case "tokens": tokenCount = try Self.whole(&reader)
        case "seconds": seconds = try Self.number(&reader)
        case "loss": loss = try Self.number(&reader)
        case "learning_rate": learningRate = try Self.number(&reader)
        case "gradient_norm": gradientNorm = try Self.number(&reader)
        case "tokens_per_second": tokensPerSecond = try Self.number(&reader)
        case "matrix_peak_share": peakShare = try Self.number(&reader)
        case "validation_loss": validationLoss = try Self.number(&reader)
        case "bits_per_byte": bitsPerByte = try Self.number(&reader)
        case "stopped_early_for": stoppedEarlyFor = try Self.whole(&reader)
        case "skipped": skipped = try reader.readValue().string
        case "samples": texts = try reader.readValue().array?.compactMap(\.string)
        case "sources":
            for member in try reader.readValue().members {
                guard case .number(let text)? = member.value["validation_loss"] else { continue }
                guard let loss = Double(text), abs(loss) <= Self.largest else { continue }
                sources[member.key] = loss
            }
        case _ where key.hasPrefix(TaskScore.prefix):
            if let value = try Self.number(&reader) {
                tasks.append((String(key.dropFirst(TaskScore.prefix.count)), value))
            }
        default: try reader.skipValue()
        }
    }

    /// A number; nil for anything else, such as the null of one that is not finite, and for what is
    /// no figure of a run.
    private static func number(
        _ reader: inout JSONPullReader<JSONError>
    ) throws(JSONError) -> Double? {
        guard case .number(let text) = try reader.readValue() else { return nil }
        return Double(text).flatMap { abs($0) <= Self.largest ? $0 : nil }
    }

    /// A count.
    private static func whole(
        _ reader: inout JSONPullReader<JSONError>
    ) throws(JSONError) -> Int? {
        try number(&reader).flatMap { Int(exactly: $0) }.flatMap {
            (0...1 << 50).contains($0) ? $0 : nil
        }
    }
}
