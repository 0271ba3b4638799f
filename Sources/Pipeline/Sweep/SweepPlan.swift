/// The trials of a sweep, all of which are known to make sense before the first is trained.
public struct SweepPlan: Sendable {
    /// What the trials share: the corpus, the vocabulary and the shards.
    public let pipeline: PipelineConfiguration
    /// The trials, in the order in which they are trained.
    public let trials: [SweepTrial]
    /// Combinations that are left out because they make no sense.
    public let invalid: [InvalidTrial]
    let sweep: SweepConfiguration

    /// The directory of the sweep, in which each trial has its own.
    public var directory: String { pipeline.runDirectory + Self.suffix }

    /// What stands behind the name of the pipeline in that of the directory of its sweep.
    static let suffix = "-sweep"

    /// The directory of a trial's run.
    func directory(of trial: SweepTrial) -> String { directory + "/" + trial.name }

    /// Reads the pipeline, and once more for each trial with the trial's settings over it.
    ///
    /// - Parameters:
    ///   - path: the pipeline's description; nil for the defaults.
    ///   - settings: what is put over it for all trials, such as "training.steps=100".
    ///   - sweep: what varies.
    ///   - threadCount: threads of the runs.
    /// - Throws: ``PipelineError/invalidTrials(_:of:)`` where some combinations make no sense and
    ///   are not to be left out, or where none does; other errors of ``PipelineError`` for a
    ///   description or a sweep that makes none by itself.
    public init(
        path: String?, settings: [String] = [], _ sweep: SweepConfiguration, threadCount: Int
    ) throws {
        let pipeline = try PipelineConfiguration(
            path: path, settings: settings, forRunWith: threadCount)
        try sweep.validate(for: pipeline)
        var (trials, invalid): ([SweepTrial], [InvalidTrial]) = ([], [])
        let combinations = sweep.combinations()
        for combination in combinations {
            let own = zip(sweep.axes, combination).map {
                SweepTrial.Setting(key: $0.key, value: $1)
            }
            let name = SweepTrial.name(of: own)
            do {
                let configuration = try PipelineConfiguration(
                    path: path, settings: settings + own.map(\.description),
                    forRunWith: threadCount)
                guard configuration.readsPairs == pipeline.readsPairs else {
                    throw PipelineError.badValue(
                        key: "model.architecture",
                        reason: "one kind learns from pairs and the other from texts, and all "
                            + "trials learn from the same shards")
                }
                trials.append(SweepTrial(name: name, settings: own, configuration: configuration))
            } catch {
                invalid.append(InvalidTrial(name: name, reason: "\(error)"))
            }
        }
        guard invalid.isEmpty || sweep.skipsInvalid && !trials.isEmpty else {
            throw PipelineError.invalidTrials(invalid, of: combinations.count)
        }
        self.pipeline = pipeline
        self.trials = trials
        self.invalid = invalid
        self.sweep = sweep
    }
}
