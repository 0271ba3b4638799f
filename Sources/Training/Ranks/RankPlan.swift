import Models
import Processes

/// Processes of a run and what their talk will cost: measured before its first step, or computed
/// before there are any.
public struct RankPlan: Sendable, Equatable {
    /// Processes.
    public var count: Int
    /// By what they talk: "TCP", or the name of an MPI library.
    public var transport: String
    /// Bytes that the busiest process sends when gradients are summed and parameters handed out.
    public var bytesPerExchange: Int
    /// Steps from one such exchange to the next, on the average of the run.
    public var stepsPerExchange = 1.0
    /// Bytes that a process sends in a second, measured by handing out the parameters.
    public var bytesPerSecond: Double
    /// Time of the shortest exchange among all, in seconds; the median of several.
    public var latency: Double
    /// Seconds of a step for its arithmetic alone, if the matrix units are used as is usual.
    public var computeSeconds: Double
    /// Seconds of an exchange that are expected to pass during the arithmetic.
    public var hiddenSeconds = 0.0

    /// Bytes that the busiest process sends in a step, on the average.
    public var bytesPerStep: Int { Int(Double(bytesPerExchange) / stepsPerExchange) }

    /// Seconds of a step for messages that arithmetic waits for, on the average.
    public var exchangeSeconds: Double {
        let seconds = Double(bytesPerExchange) / max(bytesPerSecond, 1) - hiddenSeconds
        return (seconds + Self.shortExchanges * latency) / stepsPerExchange
    }

    /// The share of the steps' time that is arithmetic: 1 if messages cost nothing.
    public var efficiency: Double { computeSeconds / (computeSeconds + exchangeSeconds) }

    /// Short exchanges of a step.
    private static let shortExchanges = 3.0
    /// The share of the matrix peak that training usually reaches.
    static let usualPeakShare = 0.5
    /// How many times as long as messages arithmetic takes, where there is no advice.
    private static let wantedRatio = 4.0
    /// Steps between two exchanges with which those who published it began.
    private static let usualLocalSteps = 50

    /// Advice for a run that will wait for messages more than it should; nil for any other.
    public var advice: String? {
        guard computeSeconds < Self.wantedRatio * exchangeSeconds else { return nil }
        let factor = Int(
            (exchangeSeconds * Self.wantedRatio / max(computeSeconds, 1e-12)).rounded(.up))
        let steps = max(factor * Int(stepsPerExchange), Self.usualLocalSteps)
        return """
            \(Int((efficiency * 100).rounded())) % of the time of a step is expected to be \
            arithmetic, and the rest messages between \(count) ranks: raise training.batch_size, \
            or training.gradient_accumulation_steps, to \(factor) times as much, set \
            training.local_steps to \(steps), which learns in another way, start fewer ranks, or \
            connect them faster
            """
    }
}

extension Division {
    /// Bytes that the busiest process of a group sends to sum a buffer of so many floats into its
    /// ranges and to hand them out again, in a step of that recipe or a round of its steps.
    /// O(ranges).
    func sentByteCount(ofFloats floatCount: Int, _ configuration: TrainingConfiguration) -> Int {
        let summed = (configuration.wire ?? .float32).byteCount
        // New parameters are not rounded.
        let shared = configuration.localSteps == nil ? 4 : summed
        return ranges.indices.map { rank in
            let own = count(of: rank)
            return summed * (floatCount - own) + shared * own * (ranges.count - 1)
        }.max() ?? 0
    }
}

extension TrainingConfiguration {
    /// Steps from one exchange of several ranks to the next, on the average of the run.
    var stepsPerExchange: Double {
        guard let rounds = LocalRounds(self) else { return 1 }
        return Double(steps) / Double(rounds.exchangeCount(steps: steps))
    }
}

extension ParameterDivision {
    /// The time that is saved where each stage's gradients are sent as soon as they are done.
    ///
    /// - Parameters:
    ///   - plan: the batches of one process.
    ///   - shape: the model's.
    ///   - seconds: time of the arithmetic of a step.
    ///   - bytesPerSecond: what a process sends in a second.
    func hiddenSeconds(
        _ plan: BatchPlan, _ shape: any ModelShape, computeSeconds seconds: Double,
        bytesPerSecond: Double, _ configuration: TrainingConfiguration
    ) -> Double {
        guard stages.count > 1, configuration.localSteps == nil else { return 0 }
        let least = stepped.ranges.indices.map { stepped.count(of: $0) }.min() ?? 0
        let numbers = configuration.wire ?? .float32
        let sending = Double(numbers.byteCount * (floatCount - least)) / max(bytesPerSecond, 1)
        // Two products of three are of the backward pass.
        let backward =
            seconds * 2 / 3 * plan.lastShare(joinsSlots: type(of: shape).joinsSlots)
        // The first stage is that of the embedding, which is quick and comes last.
        let learned = Double(floatCount - stages[0].count)
        var (done, end) = (0.0, 0.0)
        for (number, stage) in stages.enumerated().reversed() {
            if number > 0 { done += Double(stage.count) }
            end =
                max(end, backward * done / learned)
                + sending * Double(stage.count) / Double(floatCount)
        }
        return max(0, backward + sending - end)
    }
}

extension RankedRun {
    /// Measures what messages cost, with parameters that all processes have already.
    ///
    /// - Parameters:
    ///   - operations: arithmetic of a step, of all processes together.
    ///   - peak: operations a second that the matrix units of one process can do.
    ///   - configuration: the recipe.
    ///   - runner: what computes the gradients of this process.
    ///   - outer: the outer step of processes that take steps alone; nil for any others.
    func measure(
        _ parameters: FloatBuffer, operations: Double, peak: Double,
        _ configuration: TrainingConfiguration, runner: BatchRunner, outer: OuterStep?
    ) throws(ProcessError) -> RankPlan? {
        guard isShared else { return nil }
        let count = group.count
        let clock = ContinuousClock()
        var times: [Duration] = []
        for _ in 0..<15 {
            let start = clock.now
            try group.barrier()
            times.append(clock.now - start)
        }
        let start = clock.now
        try spread(parameters)
        let seconds = (clock.now - start) / .seconds(1)
        let own = (0..<count).map { division.stepped.count(of: $0) }
        let spreadBytes = 4 * (count - 1) * (own.max() ?? 0)
        // All show the same figures, those of the slowest.
        let figures = try group.share(
            [times.sorted()[times.count / 2] / .seconds(1), seconds, peak],
            counts: Array(repeating: 3, count: count))
        func values(_ index: Int) -> [Double] { (0..<count).map { figures[3 * $0 + index] } }
        let (latency, slowest) = (values(0).max() ?? 0, values(1).max() ?? 0)
        let usual = RankPlan.usualPeakShare * Double(count) * max(values(2).min() ?? 0, 1)
        let bytesPerSecond = Double(spreadBytes) / max(slowest, 1e-9)
        return RankPlan(
            count: count, transport: group.transport,
            bytesPerExchange: (outer?.division ?? division.stepped).sentByteCount(
                ofFloats: division.floatCount, configuration),
            stepsPerExchange: configuration.stepsPerExchange,
            bytesPerSecond: bytesPerSecond, latency: latency,
            computeSeconds: operations / usual,
            hiddenSeconds: division.hiddenSeconds(
                runner.plan, runner.model.configuration, computeSeconds: operations / usual,
                bytesPerSecond: bytesPerSecond, configuration))
    }
}
