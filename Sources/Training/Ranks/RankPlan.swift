import Models
import Processes

/// Processes of a run and what their talk will cost, measured before its first step.
public struct RankPlan: Sendable, Equatable {
    /// Processes.
    public var count: Int
    /// By what they talk: "TCP", or the name of an MPI library.
    public var transport: String
    /// Bytes that the busiest process sends in a step.
    public var bytesPerStep: Int
    /// Bytes that a process sends in a second, measured by handing out the parameters.
    public var bytesPerSecond: Double
    /// Time of the shortest exchange among all, in seconds; the median of several.
    public var latency: Double
    /// Seconds of a step for its arithmetic alone, if the matrix units are used as is usual.
    public var computeSeconds: Double

    /// Seconds of a step for its messages.
    public var exchangeSeconds: Double {
        Double(bytesPerStep) / max(bytesPerSecond, 1) + Self.shortExchanges * latency
    }

    /// The share of the steps' time that is arithmetic: 1 if messages cost nothing.
    public var efficiency: Double { computeSeconds / (computeSeconds + exchangeSeconds) }

    /// Short exchanges of a step.
    private static let shortExchanges = 3.0
    /// The share of the matrix peak that training usually reaches.
    static let usualPeakShare = 0.5
    /// The efficiency below which there is advice.
    private static let wantedEfficiency = 0.8

    /// Advice for a run that will wait for messages more than it should; nil for any other.
    var advice: String? {
        guard efficiency < Self.wantedEfficiency else { return nil }
        let factor =
            (exchangeSeconds * Self.wantedEfficiency / (1 - Self.wantedEfficiency))
            / computeSeconds
        return """
            \(Int((efficiency * 100).rounded())) % of the time of a step is expected to be \
            arithmetic, and the rest messages between \(count) ranks: raise training.batch_size, \
            or training.gradient_accumulation_steps, to \(Int(factor.rounded(.up))) times as much, \
            start fewer ranks, or connect them faster
            """
    }
}

extension RankedRun {
    /// Measures what messages cost, with parameters that all processes have already.
    ///
    /// - Parameters:
    ///   - operations: arithmetic of a step, of all processes together.
    ///   - peak: operations a second that the matrix units of one process can do.
    func measure(
        _ parameters: FloatBuffer, operations: Double, peak: Double
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
        let sent = own.map { 4 * (division.floatCount - $0 + $0 * (count - 1)) }.max() ?? 0
        // All show the same figures, those of the slowest.
        let figures = try group.share(
            [times.sorted()[times.count / 2] / .seconds(1), seconds, peak],
            counts: Array(repeating: 3, count: count))
        func values(_ index: Int) -> [Double] { (0..<count).map { figures[3 * $0 + index] } }
        let (latency, slowest) = (values(0).max() ?? 0, values(1).max() ?? 0)
        let usual = RankPlan.usualPeakShare * Double(count) * max(values(2).min() ?? 0, 1)
        return RankPlan(
            count: count, transport: group.transport, bytesPerStep: sent,
            bytesPerSecond: Double(spreadBytes) / max(slowest, 1e-9), latency: latency,
            computeSeconds: operations / usual)
    }
}
