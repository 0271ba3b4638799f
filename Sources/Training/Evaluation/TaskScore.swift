/// What a model reaches in a task: its figures, and what who guesses would have.
public struct TaskScore: Sendable, Equatable {
    /// A figure of a task.
    public struct Metric: Sendable, Equatable {
        /// Its name, as in lm-evaluation-harness: `acc`, `acc_norm`, `perplexity`; or `centered`,
        /// the accuracy above chance as a share of what there is above chance.
        public var name: String
        /// Its value.
        public var value: Double
        /// Its standard error; nil where there is none, as for one question.
        public var standardError: Double?

        /// A figure.
        public init(name: String, value: Double, standardError: Double? = nil) {
            self.name = name
            self.value = value
            self.standardError = standardError
        }
    }

    /// The task's name.
    public var name: String
    /// Questions that were asked.
    public var itemCount: Int
    /// The accuracy of who guesses; nil where that has no meaning.
    public var chance: Double?
    /// The figures.
    public var metrics: [Metric]

    /// The figures of a task.
    public init(name: String, itemCount: Int, chance: Double?, metrics: [Metric]) {
        self.name = name
        self.itemCount = itemCount
        self.chance = chance
        self.metrics = metrics
    }

    /// Every figure with its name in `metrics.jsonl`: `task/NAME/acc`, with `_stderr` behind that
    /// for its standard error, and `task/NAME/chance`.
    var namedFigures: [(name: String, value: Double)] {
        let prefix = Self.prefix + name + "/"
        return metrics.flatMap { metric in
            [(prefix + metric.name, metric.value)]
                + (metric.standardError.map { [(prefix + metric.name + Self.errorEnding, $0)] }
                    ?? [])
        } + (chance.map { [(prefix + Self.chanceName, $0)] } ?? [])
    }

    /// Parts of the names.
    package static let (prefix, errorEnding, chanceName) = ("task/", "_stderr", "chance")

    /// The value of the figure called `name`.
    public subscript(name: String) -> Double? { metrics.first { $0.name == name }?.value }
}
