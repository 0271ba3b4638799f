import Corpora
import Files
public import TokenShards
public import Tokenization
public import Training
public import Work

/// Runs every stage of a pipeline that is not up to date, in order.
///
/// A stage is keyed by what goes into it, not by time: a corpus that was touched is read again, but
/// if the same vocabulary and the same ids come out of it, nothing is trained again.
public struct PipelineRunner {
    /// Results of a run.
    public struct Summary: Sendable {
        /// The vocabulary.
        public var vocabulary: Vocabulary
        /// The data sets that were learned from, with their weights: one for each source.
        public var data: Mixture
        /// Summary of training, whose evaluation is that of the last step.
        public var training: TrainingSummary
        /// Evaluation of the best checkpoint, which draws the texts; nil where none was evaluated.
        public var best: TrainingState.Best?
        /// Generated texts, each with its prompt.
        public var samples: [String]
        /// Summary of instruction tuning, where there is any.
        public var tuning: TrainingSummary?
        /// Its questions, each with the answer.
        public var answers: [String] = []
        /// Every file that the stages made, by stage and, where there are several, by source.
        public var outputs: [(stage: Stage, source: String?, files: [String])]
    }

    let configuration: PipelineConfiguration
    let existing: ExistingResults
    let work: WorkContext<PipelineEvent>
    /// Directory of the model's run.
    let runDirectory: String
    /// Name of the model among several that one ledger keeps; nil where there is one.
    let modelName: String?
    /// The processes that train together, of which this is the first.
    let processes: SharedTraining

    /// A runner of `configuration`.
    ///
    /// - Parameters:
    ///   - configuration: what is run.
    ///   - existing: what becomes of earlier results that others would replace.
    ///   - processes: those that train together, of which this is the first.
    ///   - work: threads, the signal to stop, and where events go.
    public init(
        _ configuration: PipelineConfiguration, existing: ExistingResults = .refuse,
        processes: SharedTraining = SharedTraining(), work: WorkContext<PipelineEvent>
    ) {
        self.init(
            configuration, runDirectory: configuration.runDirectory, modelName: nil,
            existing: existing, processes: processes, work: work)
    }

    /// A runner of one of several models, whose run lies in a directory of its own.
    init(
        _ configuration: PipelineConfiguration, runDirectory: String, modelName: String?,
        existing: ExistingResults, processes: SharedTraining, work: WorkContext<PipelineEvent>
    ) {
        self.configuration = configuration
        self.processes = processes
        self.existing = existing
        self.runDirectory = runDirectory
        self.modelName = modelName
        self.work = work
    }

    /// Runs the stages.
    ///
    /// - Throws: ``PipelineError/interrupted`` when stopped by request, after a checkpoint, and
    ///   ``PipelineError/wouldReplace(_:)``.
    public func run() async throws -> Summary {
        let (vocabulary, data, prepared) = try await prepareData(forModelsIn: [runDirectory]) {
            try recipeChanges(of: $0)
        }
        var record = prepared
        defer { withExtendedLifetime(record.claim) {} }
        let (model, trainingInputs) = try await train(vocabulary, data, &record)
        let samples = try await drawSamples(model, trainingInputs, &record)
        var summary = Summary(
            vocabulary: vocabulary, data: data,
            training: try TrainingSummary(
                runDirectory: configuration.runDirectory, dataSetCount: data.sources.count),
            samples: samples, outputs: [])
        summary.best = CheckpointStore(runDirectory: configuration.runDirectory).bestEvaluation
        if !configuration.instructionTuning.inputs.isEmpty {
            try await tune(configuration.instructionTuning, model, &record)
            let directory = configuration.tuningDirectory
            summary.tuning = try TrainingSummary(runDirectory: directory)
            summary.answers = try GenerateStage.read(TuneStage.answerFile(of: directory))
        }
        summary.outputs = record.outputs
        return summary
    }

    /// Runs the stages that come before a model: to the vocabulary and the shards.
    ///
    /// - Parameters:
    ///   - directories: those of the runs that learn from the shards.
    ///   - recipeChanges: settings of a trained run that differ, of the model and its training.
    func prepareData(
        forModelsIn directories: [String],
        recipeChanges: (SoundCheckpoint) throws -> [RecipeChange]
    ) async throws -> (vocabulary: Vocabulary, data: Mixture, record: Record) {
        try configuration.validateForRun(threadCount: work.threadCount)
        // All inputs are looked up before the first of them is worked on.
        var corpora = try configuration.pipelineSources.map { try Corpus(source: $0) }
        try checkOutputs()
        var record = Record(
            ledger: StageLedger(directory: runDirectory),
            claim: try CheckpointStore(runDirectory: runDirectory).claim(),
            trained: directories.compactMap { TrainedRun(directory: $0) },
            together: [
                runDirectory, configuration.vocabularyDirectory, configuration.tuningDirectory,
            ] + configuration.pipelineSources.flatMap { [$0.refinedDirectory, $0.shardDirectory] })
        try settleEdited(record)
        try settleModels(corpora, &record, recipeChanges: recipeChanges)
        try settleTuning(record)
        try settleVocabulary(record)
        for number in corpora.indices { try await refine(&corpora[number], &record) }
        let vocabulary = try await learnVocabulary(corpora, &record)
        for corpus in corpora { try await encode(corpus, vocabulary, &record) }
        return (vocabulary, try configuration.dataSets(vocabulary: vocabulary), record)
    }

    /// Throws if a directory that the run makes is one of the inputs, lies in one or holds one.
    private func checkOutputs() throws {
        let sources = configuration.pipelineSources
        let outputs =
            [configuration.vocabularyDirectory, runDirectory]
            + sources.flatMap {
                ($0.refinement == nil ? [] : [$0.refinedDirectory]) + [$0.shardDirectory]
            }
        var corpora = sources.map(\.corpus)
        if !configuration.instructionTuning.inputs.isEmpty {
            corpora.append(
                CorpusConfiguration(inputs: configuration.instructionTuning.inputs, format: .jsonl))
        }
        for corpus in corpora {
            let inputs = try corpus.findInputs()
            for output in outputs { try inputs.check(output: output) }
        }
    }

    /// Ledger and outputs of a run so far.
    struct Record {
        var ledger: StageLedger
        /// Claim of the run's directory, which keeps a second run of the same away.
        let claim: OutputClaim
        /// Runs whose models need the vocabulary and the shards that were there at the beginning.
        var trained: [TrainedRun]
        /// Mover of what is kept of them.
        let mover: AsideMover
        var outputs: [(stage: Stage, source: String?, files: [String])] = []

        init(
            ledger: StageLedger, claim: OutputClaim, trained: [TrainedRun], together: [String]
        ) {
            self.ledger = ledger
            self.claim = claim
            self.trained = trained
            mover = AsideMover(
                steps: trained.count == 1 ? trained[0].newest.state.step : nil, claim: claim,
                together: together)
        }
    }

    /// Runs `body`, which returns the files that it made, unless the stage is up to date.
    ///
    /// - Parameters:
    ///   - source: the one that it works on; nil for all, or where there is one only.
    ///   - inputs: fingerprints of all that goes in.
    ///   - settings: the part of the inputs that is named to a person where it has changed.
    /// - Returns: the files that the stage has made, now or before.
    @discardableResult
    func runStage(
        _ stage: Stage, of source: String? = nil, inputs: [String],
        settings: [String: String]? = nil, _ record: inout Record,
        _ body: () async throws -> [String]
    ) async throws -> [String] {
        let fingerprint = try StageLedger.fingerprint(inputs)
        if let files = record.ledger.outputs(of: stage, source: source, inputs: fingerprint) {
            if let settings {
                try record.ledger.keep(settings: settings, of: stage, source: source)
            }
            work.report(.upToDate(stage, source: source))
            record.outputs.append((stage, source, files))
            return files
        }
        try work.checkStop()
        let before = record.ledger
        try record.ledger.begin(stage, source: source)
        work.report(.started(stage, source: source))
        let files: [String]
        do { files = try await body() } catch PipelineError.wouldReplace(let replacement) {
            // What is there is as up to date as before.
            record.ledger = before
            try record.ledger.save()
            throw PipelineError.wouldReplace(replacement)
        }
        try record.ledger.record(
            stage, source: source, inputs: fingerprint, outputs: files, settings: settings)
        work.report(.finished(stage, source: source, outputs: files))
        record.outputs.append((stage, source, files))
        return files
    }

    /// The part of a stage's inputs that a value is.
    func key<Value: Encodable>(_ value: Value) throws -> String {
        try StageLedger.fingerprint(value)
    }
}
