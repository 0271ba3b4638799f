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
        /// Learning rate of the step; nil in validation, and where the log lacks it.
        public var learningRate: Double?
    }

    /// Losses of the batches that were learned from.
    public private(set) var training: [Point] = []
    /// Losses of the validation split.
    public private(set) var validation: [Point] = []
    /// Figures of tasks, by their names.
    public private(set) var tasks: [TaskCurve] = []
    /// Lines that were passed over, the last one apart where it has no end.
    public private(set) var unreadableLines = 0

    /// A figure of a task in the course of a run.
    public struct TaskCurve: Sendable, Equatable {
        /// The task and the figure: `kjv-cloze/acc`.
        public var name: String
        /// Its values after steps.
        public var points: [(step: Int, value: Double)] { zip(steps, values).map { ($0, $1) } }
        /// The value of who guesses; nil where that has no meaning.
        public var chance: Double?

        fileprivate(set) var steps: [Int] = []
        fileprivate(set) var values: [Double] = []
    }

    /// The most figures of tasks.
    private static let taskCurveLimit = 1_024

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
            if !entry.tasks.isEmpty {
                addTasks(entry)
            } else if let loss = entry.validationLoss {
                var point = now
                (point.step, point.loss, point.learningRate) = (entry.step, loss, nil)
                point.bitsPerByte = entry.bitsPerByte
                validation.add(point)
            } else if let tokenCount = entry.tokenCount, entry.step > now.step {
                now.step = entry.step
                now.tokenCount = tokenCount
                now.seconds += entry.seconds ?? 0
                now.loss = entry.loss ?? .nan
                now.learningRate = entry.learningRate
                training.add(now)
            }
        }
        tasks.sort { $0.name < $1.name }
        self.training = training.points
        self.validation = validation.points
    }
}

extension RecordedCurves {
    /// Adds the figures of tasks in a line, each behind those of its name.
    private mutating func addTasks(_ entry: MetricsLine) {
        var chances: [Substring: Double] = [:]
        for (name, value) in entry.tasks where name.hasSuffix("/" + TaskScore.chanceName) {
            chances[name.dropLast(TaskScore.chanceName.count + 1)] = value
        }
        for (name, value) in entry.tasks {
            guard !name.hasSuffix("/" + TaskScore.chanceName),
                !name.hasSuffix(TaskScore.errorEnding), let slash = name.lastIndex(of: "/")
            else { continue }
            var index = tasks.firstIndex { $0.name == name }
            if index == nil, tasks.count < Self.taskCurveLimit {
                index = tasks.count
                let isAccuracy = name[slash...].hasPrefix("/acc")
                tasks.append(
                    TaskCurve(name: name, chance: isAccuracy ? chances[name[..<slash]] : nil))
            }
            guard let index, tasks[index].steps.count < Self.pointLimit else { continue }
            tasks[index].steps.append(entry.step)
            tasks[index].values.append(value)
        }
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
