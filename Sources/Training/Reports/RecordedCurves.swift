import Bytes
import Files

/// Losses of a run, step by step, as its `metrics.jsonl` has them.
///
/// Of a run of many steps a point is the mean of several, so that the memory does not grow with the
/// run. What is no line of a run, such as a last line that was cut short, is passed over.
public struct RecordedCurves: Sendable, Equatable {
    /// A point of a curve.
    public struct Point: Sendable, Equatable {
        /// The last step of the point.
        public var step: Int
        /// Tokens learned from by then.
        public var tokenCount: Int
        /// Seconds of training by then, evaluation and checkpoints not counted.
        public var seconds: Double
        /// Nats a token: the mean of the point's steps.
        public var loss: Double
        /// Bits a byte; nil in training.
        public var bitsPerByte: Double?
    }

    /// Losses of the batches that were learned from.
    public private(set) var training: [Point] = []
    /// Losses of the validation split.
    public private(set) var validation: [Point] = []
    /// Lines that were passed over, the last one apart where it has no end.
    public private(set) var unreadableLines = 0

    /// The most points of a curve.
    static let pointLimit = 4_096

    /// Curves without a point.
    public init() {}

    /// The curves of the run in `directory`; empty ones where it has no metrics. O(bytes of them).
    public init(runDirectory directory: String) throws {
        let path = directory + "/" + MetricsLog.fileName
        guard !FileSystem.isMissing(path) else { return }
        var lines = BoundedLines(file: try OpenFile(path: path))
        var (training, validation) = (BoundedCurve(), BoundedCurve())
        // Of an evaluation the log has the step alone.
        var now = Point(step: 0, tokenCount: 0, seconds: 0, loss: 0)
        while let line = try lines.next() {
            guard let entry = line.bytes.flatMap(MetricsLine.init) else {
                if !line.isOpen { unreadableLines += 1 }
                continue
            }
            if let loss = entry.validationLoss {
                var point = now
                (point.step, point.loss) = (entry.step, loss)
                point.bitsPerByte = entry.bitsPerByte
                validation.add(point)
            } else if let tokenCount = entry.tokenCount, entry.step > now.step {
                now.step = entry.step
                now.tokenCount = tokenCount
                now.seconds += entry.seconds ?? 0
                now.loss = entry.loss ?? .nan
                training.add(now)
            }
        }
        self.training = training.points
        self.validation = validation.points
    }
}

/// A line of `metrics.jsonl`, as far as curves need it.
private struct MetricsLine {
    var step = 0
    var tokenCount: Int?
    var seconds: Double?
    var loss: Double?
    var validationLoss: Double?
    var bitsPerByte: Double?

    /// Reads a line; nil unless it is an object with a step.
    init?(_ bytes: ArraySlice<UInt8>) {
        var found = Self()
        var hasStep = false
        do throws(JSONError) {
            try JSONPullReader<JSONError>.with(bytes.span) { reader throws(JSONError) in
                try reader.readObject { reader, key throws(JSONError) in
                    switch key {
                    case "step":
                        found.step = try Self.number(&reader).flatMap { Int(exactly: $0) } ?? -1
                        hasStep = found.step >= 0
                    case "tokens":
                        found.tokenCount = try Self.number(&reader).flatMap { Int(exactly: $0) }
                    case "seconds": found.seconds = try Self.number(&reader)
                    case "loss": found.loss = try Self.number(&reader)
                    case "validation_loss": found.validationLoss = try Self.number(&reader)
                    case "bits_per_byte": found.bitsPerByte = try Self.number(&reader)
                    default: try reader.skipValue()
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

    /// A number; nil for anything else, such as the null of one that is not finite.
    private static func number(
        _ reader: inout JSONPullReader<JSONError>
    ) throws(JSONError) -> Double? {
        guard case .number(let text) = try reader.readValue() else { return nil }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
}

/// A curve of few points that is made of any number: two neighbours become one, their mean,
/// whenever there are too many.
private struct BoundedCurve {
    /// Points that are whole, each of ``width`` that were added.
    private var whole: [RecordedCurves.Point] = []
    private var width = 1
    /// What was added since, and the sum and number of its losses.
    private var open: RecordedCurves.Point?
    private var (sum, count, added) = (0.0, 0, 0)

    /// Adds a point behind the others; without a finite loss it only takes its place.
    mutating func add(_ point: RecordedCurves.Point) {
        if point.loss.isFinite {
            sum += point.loss
            count += 1
        }
        open = point
        added += 1
        guard added == width else { return }
        close()
        guard whole.count >= RecordedCurves.pointLimit else { return }
        whole = stride(from: 0, to: whole.count, by: 2).map { Self.mean(whole[$0], whole[$0 + 1]) }
        width *= 2
    }

    /// All points, the last of them made of what there is.
    var points: [RecordedCurves.Point] {
        var all = self
        all.close()
        return all.whole.filter(\.loss.isFinite)
    }

    private mutating func close() {
        guard var point = open else { return }
        point.loss = count > 0 ? sum / Double(count) : .nan
        whole.append(point)
        (open, sum, count, added) = (nil, 0, 0, 0)
    }

    private static func mean(
        _ a: RecordedCurves.Point, _ b: RecordedCurves.Point
    ) -> RecordedCurves.Point {
        var point = b
        guard a.loss.isFinite else { return point }
        point.loss = b.loss.isFinite ? (a.loss + b.loss) / 2 : a.loss
        return point
    }
}
