public import Models
import Processes
import TokenShards
public import Work

/// What a step of several ranks is expected to take, before there are any: what they send each
/// other, computed, beside the arithmetic of one of them, measured on this machine or assumed.
///
/// The messages are those of a step as it is taken: gradients summed by blocks, as soon as they are
/// done, and parameters handed out after the arithmetic, by a network that all ranks have alike and
/// that carries what they send at the same time.
public struct RankForecast: Sendable, Equatable {
    /// What is assumed of ranks and network.
    public struct Assumption: Sendable, Equatable {
        /// Ranks.
        public var count: Int
        /// Bytes that each rank can send in a second while it receives as many.
        public var bytesPerSecond: Double
        /// Seconds of the shortest exchange among all.
        public var latency: Double
        /// Floating-point operations that a rank trains with in a second; nil to measure how many
        /// this machine does.
        public var operationsPerSecond: Double?

        /// An assumption of these numbers.
        public init(
            count: Int, bytesPerSecond: Double, latency: Double, operationsPerSecond: Double? = nil
        ) {
            self.count = count
            self.bytesPerSecond = bytesPerSecond
            self.latency = latency
            self.operationsPerSecond = operationsPerSecond
        }
    }

    /// The ranks and what they send.
    public var ranks: RankPlan
    /// Trainable numbers.
    public var parameterCount: Int
    /// Tokens that a step of all ranks learns from.
    public var tokensPerStep: Int
    /// Whether the arithmetic was measured here.
    public var isMeasured: Bool

    /// Tokens that all ranks learn from in a second.
    public var tokensPerSecond: Double {
        Double(tokensPerStep) / max(ranks.computeSeconds + ranks.exchangeSeconds, 1e-12)
    }

    /// How many times as fast as one rank alone they are.
    public var speedup: Double { Double(ranks.count) * ranks.efficiency }

    /// The forecast for a model and a recipe. Where nothing is said of a rank's speed, O(steps) of
    /// its part of a step are taken, on any tokens.
    ///
    /// - Parameters:
    ///   - shape: the model's, with its vocabulary size; texts that are pairs are not measured.
    ///   - configuration: the recipe.
    ///   - assumed: ranks and network.
    ///   - team: the threads of a rank.
    ///   - seconds: time of the measurement.
    ///   - progress: called with the steps done and the steps in all; ends the work by an error.
    /// - Throws: ``TrainingError`` for ranks that cannot share the slots of a step, for a recipe
    ///   that makes no sense, and where there is too little memory to measure.
    public init(
        _ shape: any ModelShape, _ configuration: TrainingConfiguration, _ assumed: Assumption,
        team: ThreadTeam, seconds: Double,
        progress: (_ completed: Int, _ total: Int) throws -> Void
    ) throws {
        try shape.validate()
        try configuration.validate()
        let shares = try Trainer.shares(of: assumed.count, configuration)
        let layout = shape.layout
        parameterCount = layout.parameterCount
        tokensPerStep = configuration.windowsPerStep * shape.positionCount
        isMeasured = assumed.operationsPerSecond == nil
        let division = ParameterDivision(layout, configuration.optimizer, count: assumed.count)
        let exchanged =
            configuration.localSteps == nil
            ? division.stepped
            : OuterStep.division(ofFloats: layout.floatCount, count: assumed.count)
        let computeSeconds =
            if let rate = assumed.operationsPerSecond {
                Double(tokensPerStep) * shape.trainingOperationsPerToken
                    / (rate * Double(assumed.count))
            } else {
                try Self.measure(
                    shape, configuration, shares[0], count: assumed.count, team: team,
                    seconds: seconds, progress: progress)
            }
        ranks = RankPlan(
            count: assumed.count, transport: "on paper",
            bytesPerExchange: exchanged.sentByteCount(ofFloats: layout.floatCount, configuration),
            stepsPerExchange: configuration.stepsPerExchange,
            bytesPerSecond: assumed.bytesPerSecond, latency: assumed.latency,
            computeSeconds: computeSeconds,
            hiddenSeconds: division.hiddenSeconds(
                BatchRunner.plan(
                    batchSize: shares[0].sequences.count, contextLength: shape.positionCount,
                    slotCount: shares[0].slots.count, threadCount: team.threadCount,
                    .best(configuration.precision)),
                shape, computeSeconds: computeSeconds, bytesPerSecond: assumed.bytesPerSecond,
                configuration))
    }

    /// Seconds of the arithmetic that the first of `count` ranks does in a step: medians of its
    /// gradients, and of the part of the optimizer's step that is one rank's.
    private static func measure(
        _ shape: any ModelShape, _ configuration: TrainingConfiguration, _ share: SlotShare,
        count: Int, team: ThreadTeam, seconds: Double,
        progress: (_ completed: Int, _ total: Int) throws -> Void
    ) throws -> Double {
        try MemoryPlan(
            shape: shape, configuration: configuration, threadCount: team.threadCount,
            dataByteCount: 0, slots: share, optimizer: nil
        ).check(limit: nil)
        let model = try shape.makeModel(seed: configuration.seed)
        let runner = BatchRunner(
            model: model, batchSize: share.sequences.count, contextLength: shape.positionCount,
            team: team, slotCount: share.slots.count, kernels: .best(configuration.precision))
        let optimizer = Optimizer(configuration, layout: model.layout, team: team)
        var generator = RandomGenerator(seed: configuration.seed)
        let ids = (0...share.sequences.count * shape.positionCount).map { _ in
            TokenID(Int.random(in: 0..<shape.vocabularySize, using: &generator))
        }
        let (inputs, targets) = (Array(ids.dropLast()), Array(ids.dropFirst()))
        var times: (gradients: [Double], optimizer: [Double]) = ([], [])
        var stepCount = fewestSteps
        let clock = ContinuousClock()
        while times.gradients.count < stepCount {
            let start = clock.now
            _ = runner.computeGradients(
                inputs: inputs.span, targets: targets.span, scale: 1 / Float(targets.count))
            let middle = clock.now
            let norm = optimizer.norm(of: runner.gradients)
            // The parameters stay as they are.
            optimizer.step(model: model, gradients: runner.gradients, norm: norm, factor: 0)
            let end = clock.now
            times.gradients.append((middle - start) / .seconds(1))
            times.optimizer.append((end - middle) / .seconds(1))
            if times.gradients.count == 1 {
                let wish = seconds / max((end - start) / .seconds(1), 1e-9)
                stepCount = max(fewestSteps, min(mostSteps, Int(wish)))
            }
            try progress(times.gradients.count, stepCount)
        }
        func median(_ values: [Double]) -> Double {
            // The first step finds cold memory and a sleeping team.
            let sorted = values.dropFirst().sorted()
            return sorted[sorted.count / 2]
        }
        let optimizerSeconds = median(times.optimizer)
        return median(times.gradients)
            + (configuration.localSteps == nil
                ? optimizerSeconds / Double(count) : optimizerSeconds)
    }

    /// The fewest and the most steps that are measured.
    private static let (fewestSteps, mostSteps) = (4, 40)
}

extension RankForecast: Encodable {
    private enum Key: String, CodingKey {
        case ranks, speedup, advice
        case parameterCount = "parameters"
        case tokensPerStep = "tokens_per_step"
        case tokensPerSecond = "tokens_per_second"
        case computeSeconds = "arithmetic_seconds"
        case exchangeSeconds = "message_seconds"
        case isMeasured = "is_measured"
    }

    /// Writes the figures; seconds where it is a time.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(ranks, forKey: .ranks)
        try members.encode(parameterCount, forKey: .parameterCount)
        try members.encode(tokensPerStep, forKey: .tokensPerStep)
        try members.encode(tokensPerSecond, forKey: .tokensPerSecond)
        try members.encode(ranks.computeSeconds, forKey: .computeSeconds)
        try members.encode(ranks.exchangeSeconds, forKey: .exchangeSeconds)
        try members.encode(speedup, forKey: .speedup)
        try members.encode(isMeasured, forKey: .isMeasured)
        try members.encodeIfPresent(ranks.advice, forKey: .advice)
    }
}
