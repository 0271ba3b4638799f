import Storage
public import TokenShards
public import Tokenization
public import Training
import Transformer

/// Runs every stage of a pipeline that is not up to date, in order.
///
/// A stage is keyed by what goes into it, not by time: a corpus that was touched is read again, but
/// if the same vocabulary and the same ids come out of it, nothing is trained again.
public struct PipelineRunner {
    /// What a run made.
    public struct Summary: Sendable {
        /// The vocabulary.
        public var vocabulary: Vocabulary
        /// What the shards hold.
        public var manifest: ShardManifest
        /// What training came to.
        public var training: TrainingSummary
        /// Generated texts, each with its prompt.
        public var samples: [String]
        /// Every file that the stages made, by stage.
        public var outputs: [(stage: Stage, files: [String])]
    }

    private let configuration: PipelineConfiguration
    private let threadCount: Int
    private let stop: StopSignal
    private let report: (PipelineEvent) -> Void

    /// A runner of `configuration` that reports to `report`.
    public init(
        _ configuration: PipelineConfiguration, threadCount: Int, stop: StopSignal,
        report: @escaping (PipelineEvent) -> Void
    ) {
        self.configuration = configuration
        self.threadCount = threadCount
        self.stop = stop
        self.report = report
    }

    /// Runs the stages.
    ///
    /// - Throws: ``PipelineError/interrupted`` when stopped by request, after a checkpoint.
    public func run() async throws -> Summary {
        try configuration.validateForRun()
        let corpus = try CorpusIdentity(configuration.corpus)
        try makeDirectory(configuration.runDirectory)
        var record = Record(ledger: StageLedger(directory: configuration.runDirectory))

        // How much memory there is makes no difference.
        var vocabularyKey = configuration.vocabulary
        vocabularyKey.memory = nil
        let vocabularyInputs = [corpus.fingerprint, try key(vocabularyKey)]
        try await runStage(.vocabulary, inputs: vocabularyInputs, &record) {
            try await VocabularyStage.run(
                corpus: configuration.corpus, vocabulary: configuration.vocabulary,
                directory: configuration.vocabularyDirectory, threadCount: threadCount,
                stop: stop, report: report
            ).files
        }
        let vocabulary = try Vocabulary(directory: configuration.vocabularyDirectory)

        let shardInputs = [
            corpus.fingerprint, try key(configuration.shards),
            String(vocabulary.fingerprint, radix: 16),
        ]
        try await runStage(.shards, inputs: shardInputs, &record) {
            try await EncodingStage.run(
                corpus: configuration.corpus, vocabulary: vocabulary, shards: configuration.shards,
                directory: configuration.shardDirectory, threadCount: threadCount, stop: stop,
                report: report
            ).files(in: configuration.shardDirectory)
        }
        let set = try ShardSet(directory: configuration.shardDirectory, vocabulary: vocabulary)

        let trainingInputs = [
            set.fingerprint, set.manifest.vocabulary.fingerprint, try key(configuration.model),
            try key(configuration.training),
        ]
        try await runStage(.training, inputs: trainingInputs, &record) {
            try await train(vocabulary: vocabulary, set: set)
        }
        let store = CheckpointStore(runDirectory: configuration.runDirectory)
        guard let model = store.best ?? store.latest else {
            throw TrainingError.noCheckpoint(directory: configuration.runDirectory)
        }

        let sampleFile = configuration.runDirectory + "/samples.json"
        let sampleInputs =
            trainingInputs + [try key(configuration.generation), try key(configuration.samples)]
        try await runStage(.samples, inputs: sampleInputs, &record) {
            let samples = try SampleStage.run(
                modelDirectory: model, prompts: configuration.samples,
                generation: configuration.generation)
            try FileReplacement.writeJSON(samples, to: sampleFile)
            return [sampleFile]
        }
        return Summary(
            vocabulary: vocabulary, manifest: set.manifest,
            training: try TrainingSummary(runDirectory: configuration.runDirectory),
            samples: try SampleStage.read(sampleFile), outputs: record.outputs)
    }

    /// What a run has found or made so far.
    private struct Record {
        var ledger: StageLedger
        var outputs: [(stage: Stage, files: [String])] = []
    }

    /// Runs `work`, which returns the files that it made, unless `stage` is up to date.
    private func runStage(
        _ stage: Stage, inputs: [String], _ record: inout Record,
        _ work: () async throws -> [String]
    ) async throws {
        let fingerprint = try StageLedger.fingerprint(inputs)
        if let files = record.ledger.outputs(of: stage, inputs: fingerprint) {
            report(.upToDate(stage))
            record.outputs.append((stage, files))
            return
        }
        if stop.isRequested { throw PipelineError.interrupted }
        try record.ledger.forget(stage)
        report(.started(stage))
        let files = try await work()
        try record.ledger.record(stage, inputs: fingerprint, outputs: files)
        report(.finished(stage, outputs: files))
        record.outputs.append((stage, files))
    }

    private func train(vocabulary: Vocabulary, set: ShardSet) async throws -> [String] {
        let summary = try await TrainingStage.run(
            configuration, shardDirectory: configuration.shardDirectory, vocabulary: vocabulary,
            surroundings: Trainer.Surroundings(
                runDirectory: configuration.runDirectory, threadCount: threadCount,
                existing: try existingRun(set: set, vocabulary: vocabulary)),
            stop: stop, report: report)
        guard summary.isComplete else { throw PipelineError.interrupted }
        let store = CheckpointStore(runDirectory: configuration.runDirectory)
        var files = try store.files()
        files.append(configuration.runDirectory + "/" + TrainingSummary.fileName)
        files.append(configuration.runDirectory + "/" + MetricsLog.fileName)
        files += try EventFile.files(in: configuration.runDirectory)
        return files
    }

    /// A run that was stopped on the way to what is wanted now goes on; any other begins again.
    private func existingRun(
        set: ShardSet, vocabulary: Vocabulary
    ) throws -> Trainer.ExistingRun {
        let store = CheckpointStore(runDirectory: configuration.runDirectory)
        guard let latest = store.latest else { return .overwrite }
        var wanted = configuration.model
        wanted.vocabularySize = vocabulary.count
        if let state = try? store.latestState(), state.configuration == configuration.training,
            state.dataFingerprint == set.fingerprint, state.step <= configuration.training.steps,
            let model = try? GPT(directory: latest), model.configuration == wanted
        {
            return .resume
        }
        report(
            .notice(
                """
                the checkpoints in \(store.directory) are of another configuration and are replaced; \
                give the pipeline another name to keep both
                """))
        return .overwrite
    }

    private func key<Value: Encodable>(_ value: Value) throws -> String {
        try StageLedger.fingerprint(value)
    }
}
