import Work

/// The share of one process in work that several do without talking to one another: of all parts,
/// those whose number leaves its rank when divided by the number of ranks.
public struct WorkShare: Sendable, Equatable {
    /// The number of this process, from 0.
    public let rank: Int
    /// The number of processes.
    public let world: Int

    /// All of the work.
    public static let whole = WorkShare(rank: 0, world: 1)

    /// The share of process `rank` of `world`.
    ///
    /// - Precondition: the rank is below the number of ranks.
    public init(rank: Int, world: Int) {
        precondition(rank >= 0 && rank < world, "rank \(rank) of \(world)")
        self.rank = rank
        self.world = world
    }

    /// The numbers of the parts that belong to it, of `count` in all.
    public func parts(of count: Int) -> some Sequence<Int> {
        stride(from: rank, to: count, by: world)
    }
}

extension WorkShare {
    /// Environment variables by which a launcher says which process this is.
    private struct Launcher {
        var rank: String
        var world: String?
        /// The least rank, where it is not 0.
        var least: String?
        /// The distance between ranks, where it may be more than 1.
        var step: String?
    }

    /// In the order in which they are asked: what is nearest to the user's wish first.
    private static let launchers = [
        Launcher(
            rank: "SLURM_ARRAY_TASK_ID", world: "SLURM_ARRAY_TASK_COUNT",
            least: "SLURM_ARRAY_TASK_MIN", step: "SLURM_ARRAY_TASK_STEP"),
        Launcher(rank: "OMPI_COMM_WORLD_RANK", world: "OMPI_COMM_WORLD_SIZE"),
        Launcher(rank: "PMI_RANK", world: "PMI_SIZE"),
        Launcher(rank: "SLURM_PROCID", world: "SLURM_NTASKS"),
        Launcher(rank: "JOB_COMPLETION_INDEX", world: nil),
        Launcher(rank: "RANK", world: "WORLD_SIZE"),
    ]

    /// The share that was asked for, or else that of the launcher's environment, and where the rank
    /// was found; all of the work when neither says anything.
    ///
    /// - Parameters:
    ///   - rank: the rank that was asked for, which needs `world` beside it.
    ///   - world: the number of ranks; alone, it goes with the rank of the environment, as a
    ///     Kubernetes Indexed Job needs it, which does not say how many there are.
    ///   - environment: the variables of the process.
    /// - Throws: ``PipelineError/badRank(reason:)``, ``PipelineError/rankWithoutWorld``,
    ///   ``PipelineError/worldWithoutRank``.
    public static func find(
        rank: Int? = nil, world: Int? = nil, environment: [String: String]
    ) throws -> (share: WorkShare, origin: String?) {
        if let rank {
            guard let world else { throw PipelineError.rankWithoutWorld }
            return (try checked(rank, world), nil)
        }
        if world == 1 { return (.whole, nil) }
        for launcher in launchers {
            guard let text = environment[launcher.rank] else { continue }
            let found = try number(text, launcher.rank)
            guard
                let total = try world
                    ?? environment[launcher.world ?? ""].map({
                        try number($0, launcher.world ?? "")
                    })
            else { continue }
            let least = try environment[launcher.least ?? ""].map {
                try number($0, launcher.least ?? "")
            }
            let step = try environment[launcher.step ?? ""].map {
                try number($0, launcher.step ?? "")
            }
            return (
                try checked((found - (least ?? 0)) / max(step ?? 1, 1), total), launcher.rank
            )
        }
        guard world == nil else { throw PipelineError.worldWithoutRank }
        return (.whole, nil)
    }

    private static func number(_ text: String, _ name: String) throws -> Int {
        let range = ValueRange.whole(0...1 << 30)
        guard let number = Int(text), range.contains(number) else {
            throw PipelineError.badRank(reason: "\(name) is \"\(text)\"; \(range.wish)")
        }
        return number
    }

    private static func checked(_ rank: Int, _ world: Int) throws -> WorkShare {
        guard world > 0, (0..<world).contains(rank) else {
            throw PipelineError.badRank(
                reason: "rank \(rank) of \(world): ranks are counted from 0 and below their number")
        }
        return WorkShare(rank: rank, world: world)
    }
}
