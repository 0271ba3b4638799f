import Files
import Training

/// Figures of a run along its steps, as its `metrics.jsonl` has them, in bounded memory.
///
/// What is no line of a run, such as a last line that was cut short, is passed over and counted.
struct RunMetrics: Sendable, Equatable {
    /// An evaluation.
    struct Evaluation: Sendable, Equatable {
        /// The step after which it was made.
        var step: Int
        /// Nats a token.
        var loss: Double
        /// Bits a byte of text; nil where none are known.
        var bitsPerByte: Double?
        /// Losses of the sources, by name, where there are several.
        var sources: [String: Double] = [:]
    }

    /// Texts that were drawn in training.
    struct Samples: Sendable, Equatable {
        /// The step after which they were drawn.
        var step: Int
        /// The texts, one for each prompt.
        var texts: [String]
    }

    /// A step that was not taken.
    struct Skipped: Sendable, Equatable {
        /// The step.
        var step: Int
        /// Why.
        var reason: String
    }

    /// A score of a task.
    struct Score: Sendable, Equatable {
        /// The step after which it was taken.
        var step: Int
        /// The score.
        var value: Double
    }

    /// Losses of the batches that were learned from.
    private(set) var loss = BoundedSeries()
    /// The same, smoothed.
    private(set) var smoothLoss = BoundedSeries()
    /// Learning rates.
    private(set) var learningRate = BoundedSeries()
    /// Norms of the gradients before they were clipped.
    private(set) var gradientNorm = BoundedSeries()
    /// Tokens a second.
    private(set) var speed = BoundedSeries()
    /// Shares of the matrix peak.
    private(set) var peakShare = BoundedSeries()
    /// Tokens by then, for every step.
    private(set) var tokens = BoundedSeries()
    /// Seconds of training by then, for every step.
    private(set) var seconds = BoundedSeries()
    /// Evaluations.
    private(set) var evaluations: [Evaluation] = []
    /// Texts that were drawn.
    private(set) var samples: [Samples] = []
    /// Steps that were not taken, the first of them.
    private(set) var skipped: [Skipped] = []
    /// Number of steps that were not taken.
    private(set) var skippedCount = 0
    /// Scores of tasks, by the key of their figure without "task/".
    private(set) var tasks: [String: [Score]] = [:]
    /// The last step.
    private(set) var step = 0
    /// Tokens learned from.
    private(set) var tokenCount = 0
    /// Seconds of training, evaluation and checkpoints not counted.
    private(set) var trainingSeconds = 0.0
    /// Lines that were passed over, the last one apart where it has no end.
    private(set) var unreadableLines = 0
    /// The step whose evaluations were no better than that of, which ended the run; nil otherwise.
    private(set) var stoppedEarlyFor: Int?

    private var smoothing = Smoothing()

    /// The most evaluations, samples and scores that are kept of each.
    static let keptCount = 4_096
    private static let keptSampleCount = 64
    private static let taskLimit = 1_024
    private static let keptSkippedCount = 200

    /// No figures.
    init() {}

    /// The figures of the run in `directory`; none where it has no metrics. O(bytes of them).
    init(runDirectory directory: String) throws {
        let path = directory + "/" + MetricsLog.fileName
        guard !FileSystem.isMissing(path) else { return }
        var lines = BoundedLines(file: try OpenFile(path: path))
        while let line = try lines.next() {
            guard let entry = line.bytes.flatMap(MetricsLine.init) else {
                if !line.isOpen { unreadableLines += 1 }
                continue
            }
            add(entry)
        }
    }

    /// Whether there is nothing to show: not even steps that were not taken.
    var isEmpty: Bool { step == 0 && evaluations.isEmpty && tasks.isEmpty }

    private mutating func add(_ entry: MetricsLine) {
        if let text = entry.texts {
            samples.append(Samples(step: entry.step, texts: text))
            if samples.count > Self.keptSampleCount { samples = Self.halved(samples) }
        }
        for (name, value) in entry.tasks where tasks[name] != nil || tasks.count < Self.taskLimit {
            var scores = tasks[name] ?? []
            scores.append(Score(step: entry.step, value: value))
            tasks[name] = scores.count > Self.keptCount ? Self.halved(scores) : scores
        }
        stoppedEarlyFor = entry.stoppedEarlyFor ?? stoppedEarlyFor
        if let loss = entry.validationLoss {
            evaluations.append(
                Evaluation(
                    step: entry.step, loss: loss, bitsPerByte: entry.bitsPerByte,
                    sources: entry.sources))
            if evaluations.count > Self.keptCount { evaluations = Self.halved(evaluations) }
        } else if let count = entry.tokenCount, entry.step > step {
            step = entry.step
            tokenCount = count
            trainingSeconds += entry.seconds ?? 0
            let x = Double(step)
            tokens.add(x, Double(count))
            seconds.add(x, trainingSeconds)
            if let value = entry.loss {
                loss.add(x, value)
                smoothLoss.add(x, smoothing.add(value))
            }
            if let value = entry.learningRate { learningRate.add(x, value) }
            if let value = entry.gradientNorm { gradientNorm.add(x, value) }
            if let value = entry.tokensPerSecond { speed.add(x, value) }
            if let value = entry.peakShare { peakShare.add(x, value) }
            if let reason = entry.skipped {
                skippedCount += 1
                if skipped.count < Self.keptSkippedCount {
                    skipped.append(Skipped(step: step, reason: reason))
                }
            }
        }
    }

    /// Every second element, and the last.
    private static func halved<Element>(_ list: [Element]) -> [Element] {
        list.enumerated().filter { $0.offset % 2 == 0 || $0.offset == list.count - 1 }
            .map(\.element)
    }
}
