import Training
import Work

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The figures of a task from the scores of its texts.
struct TaskFigures {
    let task: EvaluationTask
    let team: ThreadTeam

    /// Draws of the harness for the standard error of a perplexity, in pieces with seeds 0, 1, ….
    private static let (drawCount, pieceCount) = (100_000, 100)
    /// Questions from which on that error is computed from the deviation of the likelihoods, which
    /// is then as good.
    private static let mostDrawnItems = 10_000

    /// The figures.
    ///
    /// - Parameter scores: of each question, those of its texts.
    func score(_ scores: [[TextScore]]) -> TaskScore {
        let names = task.metrics ?? usualMetrics
        var metrics: [TaskScore.Metric] = []
        for name in names {
            switch name {
            case "perplexity":
                metrics.append(perplexity(scores.map { $0[0].logLikelihood }))
            default:
                metrics.append(
                    Self.mean(
                        zip(task.items, scores).map { isRight($0, $1, metric: name) ? 1 : 0 },
                        name: name))
            }
        }
        if task.rule == .core, let chance = task.chance, let accuracy = metrics.first?.value {
            metrics.append(
                .init(name: "centered", value: (accuracy - chance) / (1 - chance)))
        }
        return TaskScore(
            name: task.name, itemCount: task.items.count, chance: task.chance, metrics: metrics)
    }

    private var usualMetrics: [String] {
        if task.rule == .core { return ["acc"] }
        return switch task.kind {
        case .choice: ["acc", "acc_norm"]
        case .schema: ["acc"]
        case .continuation: ["perplexity", "acc"]
        }
    }

    private func isRight(_ item: TaskItem, _ scores: [TextScore], metric: String) -> Bool {
        guard task.kind != .continuation else { return scores[0].isGreedy }
        let values: [Double]
        if task.rule == .core {
            // The least mean loss; where nothing is scored, that is no number and the first stays.
            values = scores.map { $0.logLikelihood / Double($0.tokenCount) }
        } else if metric == "acc_norm" {
            values = zip(scores, item.lengths).map { $0.logLikelihood / Double($1) }
        } else {
            values = scores.map(\.logLikelihood)
        }
        var best = 0
        for index in values.indices where values[index] > values[best] { best = index }
        return best == item.answer
    }

    /// The mean and its standard error, s/√n.
    private static func mean(_ values: [Double], name: String) -> TaskScore.Metric {
        .init(
            name: name, value: values.reduce(0, +) / Double(values.count),
            standardError: deviation(values).map { $0 / Double(values.count).squareRoot() })
    }

    /// The standard deviation of a sample; nil for a single value.
    private static func deviation(_ values: [Double]) -> Double? {
        guard values.count > 1 else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1)).squareRoot()
    }

    /// The perplexity of continuations, and its standard error by the bootstrap, with the harness's
    /// draws.
    private func perplexity(_ values: [Double]) -> TaskScore.Metric {
        let value = exp(-values.reduce(0, +) / Double(values.count))
        var metric = TaskScore.Metric(name: "perplexity", value: value)
        guard let deviation = Self.deviation(values) else { return metric }
        guard values.count <= Self.mostDrawnItems else {
            metric.standardError = value * deviation / Double(values.count).squareRoot()
            return metric
        }
        let count = Self.drawCount / Self.pieceCount
        let pieces = Results(count: Self.pieceCount)
        team.run(Self.pieceCount) { piece in
            var random = MersenneTwister(seed: UInt64(piece))
            pieces.set(
                piece,
                (0..<count).map { _ in
                    var sum = 0.0
                    for _ in values.indices {
                        // The floor of a product, as Python's `choices` draws.
                        sum += values[Int(random.real() * Double(values.count))]
                    }
                    return exp(-sum / Double(values.count))
                })
        }
        metric.standardError = Self.deviation(pieces.all)
        return metric
    }

    /// What threads have found, each piece in its place.
    private final class Results: Sendable {
        private let values: Monitor<[[Double]]>

        init(count: Int) { values = Monitor(Array(repeating: [], count: count)) }

        func set(_ index: Int, _ result: [Double]) { values.withLock { $0[index] = result } }

        var all: [Double] { values.withLock { $0.flatMap(\.self) } }
    }
}
