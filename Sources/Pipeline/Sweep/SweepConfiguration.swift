import Work

/// Description of a sweep: which settings vary, and how far the search goes.
public struct SweepConfiguration: Sendable {
    /// The settings that vary.
    public var axes: [SweepAxis]
    /// How many combinations are drawn at random; nil to try all.
    public var randomCount: Int?
    /// Chooses the combinations that are drawn.
    public var seed: UInt64 = 1_337
    /// Minutes that each trial trains; nil for the steps that its configuration says.
    public var minutes: Double?
    /// Minutes of training after which no further trial is begun, those of trials that are done
    /// included; nil for no end.
    public var budget: Double?
    /// Whether combinations that make no sense are left out, rather than refused.
    public var skipsInvalid = false

    /// A sweep of every combination.
    public init(axes: [SweepAxis]) { self.axes = axes }

    /// The most trials of a sweep.
    static let mostTrials = 1_000

    /// A number of trials that are drawn.
    public static let randomCounts = 1...mostTrials

    /// Throws unless the settings fit together.
    ///
    /// - Parameter pipeline: what the trials share.
    func validate(for pipeline: PipelineConfiguration) throws(PipelineError) {
        var keys: Set<String> = []
        for axis in axes {
            guard keys.insert(axis.key).inserted else {
                throw .badValue(key: axis.key, reason: "it varies twice; name all values at once")
            }
            if axis.count == nil, randomCount == nil {
                throw .badValue(
                    key: axis.key,
                    reason: "values of a range are drawn at random: say how many trials, or name "
                        + "the values")
            }
            if axis.key == "training.steps", minutes != nil {
                throw .badValue(
                    key: axis.key, reason: "minutes of a trial decide its steps; leave out either")
            }
            if axis.key == "model.n_positions", pipeline.readsPairs {
                throw .badValue(
                    key: axis.key,
                    reason: "shards of pairs are made for windows of one length, and all trials "
                        + "learn from the same shards")
            }
        }
        guard !axes.isEmpty else {
            throw .badValue(key: "training", reason: "nothing varies: name a key and its values")
        }
        guard randomCount != nil || combinationCount <= Self.mostTrials else {
            throw .badValue(
                key: axes[0].key,
                reason: "these are \(combinationCount) combinations, and at most "
                    + "\(Self.mostTrials) are tried: name fewer values, or draw some of them at "
                    + "random")
        }
    }

    /// How many combinations there are; `Int.max` with a range, or where there are more.
    private var combinationCount: Int {
        axes.reduce(1) { product, axis in
            guard let count = axis.count else { return .max }
            let (result, isTooLarge) = product.multipliedReportingOverflow(by: count)
            return isTooLarge ? .max : result
        }
    }

    /// The combinations that are tried, each with a value for each axis: all in order, the last
    /// axis fastest, or some at random. The same seed gives the same ones, and a larger number of
    /// them the same and more. O(combinations).
    func combinations() -> [[String]] {
        guard let randomCount else { return grid() }
        if combinationCount <= randomCount { return grid() }
        var generator = RandomGenerator(seed: seed)
        var (drawn, seen): ([[String]], Set<[String]>) = ([], [])
        // A narrow range of whole numbers may have fewer values than are asked for.
        var failures = 0
        while drawn.count < randomCount, failures < Self.mostFailures {
            let combination = axes.map { $0.draw(&generator) }
            if seen.insert(combination).inserted {
                drawn.append(combination)
                failures = 0
            } else {
                failures += 1
            }
        }
        return drawn
    }

    /// Draws in a row of what was drawn before, after which there is nothing else.
    private static let mostFailures = 10_000

    private func grid() -> [[String]] {
        axes.reduce([[]]) { combinations, axis in
            guard case .list(let list) = axis.values else { return combinations }
            return combinations.flatMap { combination in list.map { combination + [$0] } }
        }
    }
}
