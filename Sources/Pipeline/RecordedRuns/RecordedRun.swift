import Files
import Models
public import Training

/// A run as its directory records it: the settings that it was made with, its losses step by step,
/// and its final figures. Also one that is under way, or was stopped.
///
/// Beside a ``Comparison``, whose models are trained for it under one rule, this compares runs that
/// are there, whatever they were made for.
public struct RecordedRun: Sendable {
    /// Its name: the directory, without the one of all runs.
    public let name: String
    /// Its directory.
    public let directory: String
    /// Settings that it was made with, by key, as JSON: those of its recipe and its model, and as
    /// far as they are recorded those of its corpus, vocabulary and shards.
    public private(set) var settings: [String: String] = [:]
    /// Losses step by step.
    public let curves: RecordedCurves
    /// Final figures, or the last ones so far.
    public private(set) var figures = RunFigures()

    /// The run in `directory`.
    ///
    /// - Throws: ``PipelineError/noRun(path:)`` where there is neither a checkpoint nor a step.
    public init(directory: String, name: String) throws {
        try self.init(
            directory: directory, name: name,
            curves: try RecordedCurves(runDirectory: directory))
    }

    /// The run in `directory`, whose losses are read elsewhere or not at all.
    package init(directory: String, name: String, curves: RecordedCurves) throws {
        self.name = name
        self.directory = directory
        self.curves = curves
        let store = CheckpointStore(runDirectory: directory)
        let state = try store.latestState()
        let scores = try Self.scores(in: directory)
        guard state != nil || scores != nil || !curves.training.isEmpty else {
            throw PipelineError.noRun(path: directory)
        }
        figures = RunFigures(curves: curves, state: state, scores: scores)
        if !FileSystem.isMissing(directory + "/" + TrainingSummary.fileName) {
            figures.take(try TrainingSummary(runDirectory: directory))
        }
        settings = StageLedger(directory: directory).settings
        if let state {
            settings.merge(
                try RecipeChange.values(of: state.configuration).named("training.")
            ) { $1 }
            settings["vocabulary"] = state.vocabularyFingerprint
            settings["data"] = state.dataFingerprint
        }
        if let checkpoint = store.latest {
            let model = try ModelConfiguration(directory: checkpoint)
            settings.merge(try RecipeChange.values(of: model).named("model.")) { $1 }
            if figures.parameterCount == nil {
                figures.parameterCount = model.shape.layout.parameterCount
            }
        } else if let scores {
            settings["model.architecture"] = "\"\(scores.architecture)\""
        }
    }

    private static func scores(in directory: String) throws -> ModelScores? {
        let path = directory + "/" + ModelScores.fileName
        return FileSystem.isMissing(path) ? nil : try ModelScores(path: path)
    }
}

extension RecordedRun {
    /// The runs that `name` stands for: a run's directory or name, a checkpoint of it, a
    /// comparison, which stands for each of its models, or a sweep, which stands for its best
    /// trials, 26 at most.
    ///
    /// - Throws: ``PipelineError/noRun(path:)``.
    public static func runs(named name: String) throws -> [RecordedRun] {
        try places(named: name).map { try RecordedRun(directory: $0.directory, name: $0.name) }
    }

    /// The directories that ``runs(named:)`` reads, and the names of the runs in them.
    package static func places(
        named name: String
    ) throws -> [(directory: String, name: String)] {
        if let directory = ModelPlace.run(named: name) ?? ModelPlace.runDirectory(of: name) {
            return [(directory, shown(directory))]
        }
        var path = name
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let found = CandidatePaths(of: path, below: ModelPlace.runsDirectory).first { path in
            // A run that has no checkpoint yet has its steps.
            guard !isRun(path) else { return [path] }
            let names = (try? FileSystem.namesInDirectory(path)) ?? []
            let models = names.sorted().filter { isRun(path + "/" + $0) }
            let ranked = SweepResult.names(in: path).filter(models.contains)
            guard !ranked.isEmpty else {
                return models.isEmpty ? nil : models.map { path + "/" + $0 }
            }
            let others = models.filter { !ranked.contains($0) }
            return (ranked + others).prefix(mostTrials).map { path + "/" + $0 }
        }
        guard let found else { throw PipelineError.noRun(path: name) }
        return found.map { ($0, shown($0)) }
    }

    /// The most trials that a sweep stands for: letters name runs that are compared.
    private static let mostTrials = 26

    /// The directory of runs that are named without it.
    private static let runs = ModelPlace.runsDirectory + "/"

    private static func shown(_ directory: String) -> String {
        directory.hasPrefix(runs) ? String(directory.dropFirst(runs.count)) : directory
    }

    private static func isRun(_ directory: String) -> Bool {
        CheckpointStore(runDirectory: directory).latest != nil
            || [MetricsLog.fileName, ModelScores.fileName].contains {
                !FileSystem.isMissing(directory + "/" + $0)
            }
    }
}

/// A setting in which runs differ.
public struct SettingDifference: Sendable, Equatable {
    /// Its key in `pipeline.json`, in its section; `data` and `vocabulary` are their fingerprints.
    public var key: String
    /// Its value in each run, as JSON; nil where the run says none.
    public var values: [String?]
}

extension Collection where Element == RecordedRun {
    /// The settings in which these runs differ, by key. A key of a section that a run has not
    /// recorded at all is no difference. O(settings · log settings).
    public var settingDifferences: [SettingDifference] {
        let keys = reduce(into: Set<String>()) { $0.formUnion($1.settings.keys) }
        return keys.sorted().compactMap { key in
            let section = key.prefix { $0 != "." }
            let values = map { $0.settings[key] }
            let recorded = zip(self, values).filter { run, value in
                value != nil || run.settings.keys.contains { $0.hasPrefix(section + ".") }
            }
            guard Set(recorded.map { $0.1 ?? "" }).count > 1 else { return nil }
            return SettingDifference(key: key, values: values)
        }
    }
}
