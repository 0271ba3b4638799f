import Corpora
import Refinement
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
        /// What instruction tuning came to, where there is any.
        public var tuning: TrainingSummary?
        /// Its questions, each with the answer.
        public var answers: [String] = []
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
        try configuration.validateForRun(threadCount: threadCount)
        var corpus = try CorpusIdentity(configuration.corpus)
        try makeDirectory(configuration.runDirectory)
        var record = Record(ledger: StageLedger(directory: configuration.runDirectory))
        var reading = configuration.corpus
        if let refinement = configuration.refinement {
            reading = try await refine(corpus, refinement, &record)
            corpus = try CorpusIdentity(refined: reading)
        }

        // How much memory there is makes no difference.
        var vocabularyKey = configuration.vocabulary
        vocabularyKey.memory = nil
        let vocabularyInputs = [corpus.fingerprint, try key(vocabularyKey)]
        try await runStage(.vocabulary, inputs: vocabularyInputs, &record) {
            try await VocabularyStage.run(
                corpus: reading, vocabulary: configuration.vocabulary,
                directory: configuration.vocabularyDirectory, threadCount: threadCount,
                stop: stop, report: report
            ).files
        }
        let vocabulary = try Vocabulary(directory: configuration.vocabularyDirectory)

        let shardInputs = [
            corpus.fingerprint, try key(configuration.shards),
            String(vocabulary.fingerprint, radix: 16),
        ]
        var shardCorpus = reading
        shardCorpus.quarantinePath = CorpusConfiguration.quarantinePath(
            beside: configuration.shardDirectory)
        try await runStage(.shards, inputs: shardInputs, &record) {
            try await encode(shardCorpus, vocabulary)
        }
        let set = try ShardSet(directory: configuration.shardDirectory, vocabulary: vocabulary)

        let trainingInputs =
            [
                set.fingerprint, set.manifest.vocabulary.fingerprint, try key(configuration.model),
                try key(configuration.training),
            ] + (try configuration.training.initFrom.map(modelKey).map { [$0] } ?? [])
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
        var summary = Summary(
            vocabulary: vocabulary, manifest: set.manifest,
            training: try TrainingSummary(runDirectory: configuration.runDirectory),
            samples: try SampleStage.read(sampleFile), outputs: [])
        if !configuration.instructionTuning.inputs.isEmpty {
            try await tune(configuration.instructionTuning, model, &record)
            let directory = configuration.tuningDirectory
            summary.tuning = try TrainingSummary(runDirectory: directory)
            summary.answers = try SampleStage.read(InstructionTuningStage.answerFile(of: directory))
        }
        summary.outputs = record.outputs
        return summary
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

    /// Refines the corpus, unless that is done, and says how the result is read.
    private func refine(
        _ identity: CorpusIdentity, _ refinement: RefinementConfiguration, _ record: inout Record
    ) async throws -> CorpusConfiguration {
        let directory = configuration.refinedDirectory
        let inputs = [identity.fingerprint, try key(refinement.essence)]
        var corpus = configuration.corpus
        corpus.quarantinePath = CorpusConfiguration.quarantinePath(beside: directory)
        try await runStage(.refinement, inputs: inputs, &record) {
            try await RefiningStage.run(
                corpus: corpus, refinement: refinement,
                destination: .directory(directory), threadCount: threadCount, stop: stop,
                report: report
            ).files(in: directory)
        }
        return configuration.corpus.refined(in: directory)
    }

    private func encode(
        _ corpus: CorpusConfiguration, _ vocabulary: Vocabulary
    ) async throws -> [String] {
        try await EncodingStage.run(
            corpus: corpus, vocabulary: vocabulary, shards: configuration.shards,
            directory: configuration.shardDirectory,
            surroundings: .init(threadCount: threadCount, existing: .replace, stop: stop),
            report: report
        ).files(in: configuration.shardDirectory)
    }

    private func train(vocabulary: Vocabulary, set: ShardSet) async throws -> [String] {
        let summary = try await TrainingStage.run(
            configuration, shardDirectory: configuration.shardDirectory, vocabulary: vocabulary,
            surroundings: Trainer.Surroundings(
                runDirectory: configuration.runDirectory, threadCount: threadCount,
                existing: try existingRun(set: set, vocabulary: vocabulary)),
            stop: stop, report: report)
        guard summary.isComplete else { throw PipelineError.interrupted }
        return try files(ofRun: configuration.runDirectory)
    }

    private func files(ofRun directory: String) throws -> [String] {
        try CheckpointStore(runDirectory: directory).files()
            + [directory + "/" + TrainingSummary.fileName, directory + "/" + MetricsLog.fileName]
            + EventFile.files(in: directory)
    }

    /// Teaches the model in `modelDirectory`, or the one that the section names, to answer.
    private func tune(
        _ section: InstructionTuningConfiguration, _ modelDirectory: String,
        _ record: inout Record
    ) async throws {
        let start = section.training.initFrom ?? modelDirectory
        let directory = configuration.tuningDirectory
        let inputs = [
            try CorpusIdentity(
                CorpusConfiguration(inputs: section.inputs, format: .jsonl)
            ).fingerprint,
            try key(section), try key(configuration.generation), try modelKey(start),
        ]
        try await runStage(.instructionTuning, inputs: inputs, &record) {
            let summary = try await InstructionTuningStage.run(
                configuration, modelDirectory: start,
                surroundings: Trainer.Surroundings(
                    runDirectory: directory, threadCount: threadCount, existing: .overwrite),
                decidesExisting: true, stop: stop, report: report)
            guard summary.isComplete else { throw PipelineError.interrupted }
            let shards = InstructionTuningStage.shardDirectory(of: directory)
            return try files(ofRun: directory)
                + ShardManifest(directory: shards).files(in: shards)
                + [InstructionTuningStage.answerFile(of: directory)]
        }
    }

    /// What tells a model that training begins from, from another one under the same name.
    private func modelKey(_ directory: String) throws -> String {
        let path = directory + "/model.safetensors"
        guard let fingerprint = StageLedger.fingerprint(ofFile: path) else {
            throw TrainingError.badStart(path: directory, reason: "it has no model.safetensors")
        }
        return "\(directory) \(fingerprint)"
    }

    /// A run that was stopped on the way to what is wanted now goes on; any other begins again.
    private func existingRun(
        set: ShardSet, vocabulary: Vocabulary
    ) throws -> Trainer.ExistingRun {
        let store = CheckpointStore(runDirectory: configuration.runDirectory)
        guard let latest = store.latest else { return .overwrite }
        var wanted = configuration.model
        wanted.vocabularySize = vocabulary.count
        if store.isContinued(by: configuration.training, data: set.fingerprint) {
            // Where it begins from another model, the shape is that one's.
            if configuration.training.initFrom != nil { return .resume }
            if let shape = try? GPTConfiguration(directory: latest), shape == wanted {
                return .resume
            }
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
