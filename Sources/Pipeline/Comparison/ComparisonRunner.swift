import Files
import Foundation
import Models
import TokenShards
import Tokenization
import Training
public import Work

/// Runs a comparison: makes the shards that its models share, trains each that is not up to date,
/// and scores them alike.
///
/// What has not changed since the last time is not made again, and a run that was stopped goes on
/// where it was: each model is a run of its own in `runs/NAME/MODEL`.
public struct ComparisonRunner {
    let configuration: ComparisonConfiguration
    let existing: ExistingResults
    let processes: SharedTraining
    let work: WorkContext<PipelineEvent>

    /// A runner of `configuration`.
    ///
    /// - Parameters:
    ///   - configuration: what is run.
    ///   - existing: what becomes of earlier results that others would replace.
    ///   - processes: those that train together, of which this is the first.
    ///   - work: threads, the signal to stop, and where events go.
    public init(
        _ configuration: ComparisonConfiguration, existing: ExistingResults = .refuse,
        processes: SharedTraining = SharedTraining(), work: WorkContext<PipelineEvent>
    ) {
        self.processes = processes
        self.configuration = configuration
        self.existing = existing
        self.work = work
    }

    /// Runs what is not up to date.
    ///
    /// - Throws: ``PipelineError/interrupted`` when stopped by request, after a checkpoint, and
    ///   ``PipelineError/wouldReplace(_:)``.
    public func run() async throws -> Comparison {
        try configuration.validate()
        let base = PipelineRunner(configuration.pipeline, existing: existing, work: work)
        let networks = configuration.models.filter { $0.network != nil }
        let (vocabulary, data, opened) = try await base.prepareData(
            forModelsIn: networks.map { configuration.directory(of: $0) }
        ) { _ in [] }
        var record = opened
        defer { withExtendedLifetime(record.claim) {} }
        let plan = ComparisonPlan(configuration, vocabulary: vocabulary)
        try work.checkShards(of: data.sources.map(\.set), isTold: false)
        var comparison = Comparison(rule: configuration.rule, models: [])
        for entry in configuration.models {
            let scores =
                switch entry.kind {
                case .network(let network):
                    try await score(
                        entry, try plan.sized(network, entry), vocabulary, data, &record)
                case .counted(let order):
                    try await score(entry, order: order, vocabulary, data, &record)
                }
            comparison.models.append(scores)
        }
        try comparison.write(toDirectory: configuration.runDirectory)
        return comparison
    }

    /// Trains and scores a network whose shape is found, as far as that is not done.
    private func score(
        _ entry: ComparisonConfiguration.Entry, _ network: PipelineConfiguration,
        _ vocabulary: Vocabulary, _ data: Mixture, _ record: inout PipelineRunner.Record
    ) async throws -> ModelScores {
        let directory = configuration.directory(of: entry)
        try FileSystem.makeDirectory(directory)
        var network = network
        network.training.steps = try await steps(of: network, entry, vocabulary, data)
        let runner = PipelineRunner(
            network, runDirectory: directory, modelName: entry.name, existing: existing,
            processes: processes, work: work)
        let (modelDirectory, inputs) = try await runner.train(vocabulary, data, &record)
        let file = directory + "/" + ModelScores.fileName
        let keys = inputs + [entry.name, "\(configuration.windowLimit)"]
        try await runner.runStage(.evaluate, of: entry.name, inputs: keys, &record) {
            let model = try ModelDirectory(path: modelDirectory).model()
            let scores = try ScoreTaker(configuration, vocabulary, data, work).scores(
                of: model, entry, network, summary: TrainingSummary(runDirectory: directory))
            try FileReplacement.writeJSON(scores, to: file)
            return [file]
        }
        return try ModelScores(path: file)
    }

    /// Counts and scores n-grams, unless that is done.
    private func score(
        _ entry: ComparisonConfiguration.Entry, order: Int, _ vocabulary: Vocabulary,
        _ data: Mixture, _ record: inout PipelineRunner.Record
    ) async throws -> ModelScores {
        let directory = configuration.directory(of: entry)
        try FileSystem.makeDirectory(directory)
        let file = directory + "/" + ModelScores.fileName
        let runner = PipelineRunner(configuration.pipeline, existing: existing, work: work)
        let training = configuration.pipeline.training
        let keys = [
            data.fingerprint, entry.name, "\(order) \(configuration.windowLimit)",
            "\(training.masksDocuments) \(training.evaluationStride ?? 0)",
            "\(configuration.windowLength)",
        ]
        try await runner.runStage(.evaluate, of: entry.name, inputs: keys, &record) {
            let scores = try ScoreTaker(configuration, vocabulary, data, work).scores(
                ofNGrams: order, entry)
            try FileReplacement.writeJSON(scores, to: file)
            return [file]
        }
        return try ModelScores(path: file)
    }

    /// Steps of a network by the rule.
    private func steps(
        of network: PipelineConfiguration, _ entry: ComparisonConfiguration.Entry,
        _ vocabulary: Vocabulary, _ data: Mixture
    ) async throws -> Int {
        switch configuration.rule {
        case .parameters: return network.training.steps
        case .operations:
            return ComparisonPlan(configuration, vocabulary: vocabulary).steps(of: network)
        case .minutes:
            let speed = try await MeasuredSpeed(
                of: network, directory: configuration.directory(of: entry), vocabulary, data, work)
            return stepCount(configuration.minutes * 60 / speed.secondsPerStep)
        }
    }
}

/// Speed of a network's training, measured once and kept beside its run, so that a run that is
/// begun again is the same.
struct MeasuredSpeed: Codable {
    /// Fingerprint of what was measured.
    var inputs: String
    /// Seconds of a step.
    var secondsPerStep: Double

    static let fileName = "speed.json"

    private enum CodingKeys: String, CodingKey {
        case inputs
        case secondsPerStep = "seconds_per_step"
    }

    /// The speed that was measured before, or is measured now.
    init(
        of network: PipelineConfiguration, directory: String, _ vocabulary: Vocabulary,
        _ data: Mixture, _ work: WorkContext<PipelineEvent>
    ) async throws {
        let path = directory + "/" + Self.fileName
        // The steps asked for make no difference.
        var training = network.training
        training.steps = min(1 << 30, TrainingConfiguration.mostWindows / training.windowsPerStep)
        inputs = try StageLedger.fingerprint([
            data.fingerprint, try StageLedger.fingerprint(network.model),
            try StageLedger.fingerprint(training), "\(work.threadCount)",
        ])
        if let old = FileSystem.contentsIfReadable(path),
            let speed = try? JSONDecoder().decode(MeasuredSpeed.self, from: old),
            speed.inputs == inputs, speed.secondsPerStep > 0
        {
            self = speed
            return
        }
        let trainer = try Trainer(
            model: network.model.shape, configuration: training, data: data, vocabulary: vocabulary,
            surroundings: Trainer.Surroundings(runDirectory: directory, existing: .overwrite),
            work: work.wrapping(PipelineEvent.training))
        secondsPerStep = try await trainer.measureStep { done, count in
            try work.show("measuring speed", completed: done, of: count, unit: .tokens)
        }
        try FileReplacement.writeJSON(self, to: path)
    }
}
