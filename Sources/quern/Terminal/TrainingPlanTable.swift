import Models
import Training

/// The plan of a training run as rows of a table, which fit 60 columns.
enum TrainingPlanTable {
    static func rows(_ plan: TrainingPlan) -> [[String]] {
        let done = plan.completedSteps
        var rows = [
            ["parameters", Figures.count(plan.parameterCount)],
            [
                "steps",
                Figures.count(plan.stepCount)
                    + (done > 0 ? ", continuing after step \(Figures.count(done))" : ""),
            ],
            ["tokens a step", Figures.count(plan.tokensPerStep)],
            ["windows an epoch", Figures.count(plan.windowCount)],
        ]
        if plan.unscoredShare > 0 {
            rows.append([
                "not learned from",
                Figures.percent(plan.unscoredShare) + ": padding, or read again",
            ])
        }
        let memory = plan.memory
        let ranks = plan.ranks
        if let ranks {
            rows += [
                ["ranks", "\(ranks.count) by \(ranks.transport.prefix(30))"],
                sent(ranks),
                [
                    "  measured",
                    "\(Figures.bytes(ranks.bytesPerSecond))/s, "
                        + "\(Figures.significant(ranks.latency * 1_000, 2)) ms",
                ],
                ["  arithmetic", Figures.percent(ranks.efficiency) + " of a step's time expected"],
            ]
        }
        rows.append([ranks == nil ? "memory" : "memory of rank 0", size(memory.total)])
        rows += [
            ("parameters", memory.parameters), ("gradients", memory.gradients),
            ("optimizer", memory.optimizer), ("activations", memory.activations),
            ("batches", memory.batches), ("program", memory.program),
        ].map { ["  " + $0.0, size($0.1)] }
        rows.append(["matrix peak", "\(Figures.short(plan.matrixPeak))FLOP/s"])
        if let products = products(plan) { rows.append(["products", products]) }
        return rows
    }

    /// What the busiest rank sends, and how often.
    static func sent(_ ranks: RankPlan) -> [String] {
        guard ranks.stepsPerExchange > 1 else {
            return ["  sent a step", size(ranks.bytesPerExchange)]
        }
        return [
            "  sent",
            "\(size(ranks.bytesPerExchange)) every "
                + "\(Figures.fixed(ranks.stepsPerExchange, 1)) steps on average, "
                + "\(size(ranks.bytesPerStep)) a step",
        ]
    }

    /// In what matrix products multiply, where that is worth a word.
    private static func products(_ plan: TrainingPlan) -> String? {
        if plan.precision != plan.wantedPrecision {
            return "in float32: the level in use has no bfloat16"
        }
        return plan.precision == .mixed ? "in bfloat16" : nil
    }

    private static func size(_ bytes: Int) -> String { Figures.bytes(Double(bytes)) }
}
