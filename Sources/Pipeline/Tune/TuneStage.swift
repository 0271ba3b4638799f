import Corpora
import Files
import Models
import TokenShards
import Tokenization
public import Training
public import Work

/// Teaches a trained model to answer, from conversations.
public enum TuneStage {
    /// Directory of the conversations' shards in that of a run.
    static func shardDirectory(of runDirectory: String) -> String { runDirectory + "/shards" }

    /// File of the answers of a run.
    static func answerFile(of runDirectory: String) -> String { runDirectory + "/answers.json" }

    /// Encodes the conversations and trains on their answers until the steps are done or it is to
    /// stop.
    ///
    /// The vocabulary gets the template's special tokens where it lacks them, and the model rows
    /// for them. A window holds whole conversations, each read apart from the others; the loss is
    /// that of the assistant's tokens, the end of each answer included.
    ///
    /// - Parameters:
    ///   - configuration: its sections "instruction_tuning" and, for answers, "generation".
    ///   - modelDirectory: the model to begin from, with its vocabulary.
    ///   - surroundings: where and how the run goes on; the shards lie in its directory.
    ///   - keepsEarlier: whether a run that is there is moved aside first; the surroundings then
    ///     overwrite.
    ///   - work: threads, the signal to stop, and where events go.
    /// - Returns: the run's summary, complete or not.
    public static func run(
        _ configuration: PipelineConfiguration, modelDirectory: String,
        surroundings: Trainer.Surroundings, keepsEarlier: Bool = false,
        work: WorkContext<PipelineEvent>
    ) async throws -> TrainingSummary {
        try await run(
            configuration, modelDirectory: modelDirectory, surroundings: surroundings, results: nil,
            keepsEarlier: keepsEarlier, work: work)
    }

    /// As the above, or as a part of a pipeline's run.
    ///
    /// - Parameter results: what becomes of a model that was tuned before: one that was stopped on
    ///   the way to what is wanted now goes on, whatever the surroundings say; nil for them to say
    ///   it.
    static func run(
        _ configuration: PipelineConfiguration, modelDirectory: String,
        surroundings: Trainer.Surroundings, results: EarlierTuning?,
        keepsEarlier: Bool = false, work: WorkContext<PipelineEvent>
    ) async throws -> TrainingSummary {
        let section = configuration.instructionTuning
        try section.validate()
        let runDirectory = surroundings.runDirectory
        let store = CheckpointStore(runDirectory: runDirectory)
        if results == nil { try store.check(surroundings.existing) }
        var surroundings = surroundings
        let conversations = CorpusConfiguration(inputs: section.inputs, format: .jsonl)
        try conversations.findInputs().check(output: runDirectory)
        surroundings.claim = try TrainStage.claim(surroundings, inputs: [], start: modelDirectory)
        if let note = CheckpointStore.store(ofModel: modelDirectory)?.mendPointersIfFree() {
            work.report(.otherCheckpoint(note))
        }
        let startDirectory = try CheckpointStore.soundModelDirectory(at: modelDirectory)
        if results == nil { try checkStart(modelDirectory, of: store, surroundings.existing) }
        let shape = try ModelConfiguration(directory: startDirectory).shape
        guard !type(of: shape).readsPairs else {
            throw TrainingError.badStart(
                path: modelDirectory,
                reason: """
                    it is a model of pairs, which no conversation can tune; train it on pairs of \
                    questions and answers, as lines of {"instruction", "input", "output"} in \
                    corpus.inputs
                    """)
        }
        let files = try ModelDirectory(path: startDirectory)
        let template = try ConversationTemplate(
            tuning: startDirectory, Vocabulary(directory: startDirectory),
            endTokens: files.endTokens)
        let encoding = ConversationEncoding(
            template: template, contextLength: shape.positionCount)
        if keepsEarlier, store.latest != nil {
            try tryOut(section, encoding, modelDirectory: modelDirectory, shape, surroundings, work)
            try TrainStage.keepEarlier(surroundings, work)
        }
        let shards = shardDirectory(of: runDirectory)
        let earlier = try results?.newest(in: store, work: work)
        try encoding.run(section, directory: shards, work: work) { made in
            guard let earlier, made.fingerprint != earlier.state.dataFingerprint else { return }
            var wanted = section.training
            wanted.initFrom = modelDirectory
            if section.epochs != nil { wanted.steps = earlier.state.configuration.steps }
            let changes = try Self.changes(earlier, to: wanted, data: made.fingerprint)
            try results?.giveWay(runDirectory, earlier, changes, leaving: workspaces(in: shards))
        }
        var set = try ShardSet(directory: shards, vocabulary: template.vocabulary)

        let training = try recipe(section, modelDirectory: modelDirectory, set: set, shape: shape)
        if let results {
            // The one that there was may be kept elsewhere by now.
            surroundings.existing = store.latest == nil ? .overwrite : .setAside
            if let newest = store.latest == nil ? nil : earlier {
                let changes = try Self.changes(newest, to: training, data: set.fingerprint)
                if changes.isEmpty || goesOn(newest, to: training, with: changes) {
                    surroundings.existing = .resume
                } else {
                    surroundings.existing = .overwrite
                    try results.giveWay(runDirectory, newest, changes)
                    // Shards that were moved aside are made once more.
                    if store.latest == nil {
                        try encoding.run(section, directory: shards, work: work)
                        set = try ShardSet(directory: shards, vocabulary: template.vocabulary)
                    }
                }
            }
        }
        surroundings.drawSamples = { model, progress in
            try answers(
                to: section.questions, of: model, template: template,
                generation: configuration.generation,
                threadCount: work.threadCount, progress: progress)
        }
        let trainer = try Trainer(
            model: shape, configuration: training, set: set, vocabulary: template.vocabulary,
            template: template, surroundings: surroundings,
            work: work.wrapping(PipelineEvent.training))
        if let notice = trainer.evaluationNotice { work.report(.notice(notice)) }
        try RunData(Mixture(set)).write(to: runDirectory)
        let summary = try await trainer.run()
        if summary.isComplete, let best = store.best ?? store.latest {
            try FileReplacement.writeJSON(
                answers(
                    to: section.questions, of: ModelDirectory(path: best).model(),
                    template: template,
                    generation: configuration.generation, threadCount: work.threadCount
                ) { work.report(.progress(GenerateStage.progress($0, $1))) },
                to: answerFile(of: runDirectory))
        }
        return summary
    }

    /// Throws what encoding the conversations and beginning to train on them would, and leaves
    /// nothing behind: for a run that cannot begin, nothing is moved. O(text).
    private static func tryOut(
        _ section: InstructionTuningConfiguration, _ encoding: ConversationEncoding,
        modelDirectory: String, _ shape: any ModelShape, _ surroundings: Trainer.Surroundings,
        _ work: WorkContext<PipelineEvent>
    ) throws {
        let quiet = WorkContext<PipelineEvent>(threadCount: work.threadCount, stop: work.stop)
        let output = shardDirectory(of: surroundings.runDirectory)
        let staging = try StagingDirectory(
            OutputClaim(output, .replaced, making: .directory(.dataSet, within: .run)))
        try encoding.run(section, directory: staging.path, work: quiet)
        let vocabulary = encoding.template.vocabulary
        let set = try ShardSet(directory: staging.path, vocabulary: vocabulary)
        let training = try recipe(section, modelDirectory: modelDirectory, set: set, shape: shape)
        _ = try Trainer(
            model: shape, configuration: training, set: set, vocabulary: vocabulary,
            template: encoding.template, surroundings: surroundings,
            work: quiet.wrapping(PipelineEvent.training))
    }

    /// The section of the recipe's keys in `pipeline.json`, with a point behind it.
    static let section = "instruction_tuning."

    /// What differs between the recipe of a checkpoint and `training`. Conversations always were
    /// packed whole, whatever an older checkpoint says.
    static func changes(
        _ checkpoint: SoundCheckpoint, to training: TrainingConfiguration, data: String?
    ) throws -> [RecipeChange] {
        try checkpoint.changes(to: training, section: section, data: data)
            .filter { $0.key != section + "packing" }
    }

    /// Whether tuning may go on in spite of `changes`: there are more steps now.
    static func goesOn(
        _ checkpoint: SoundCheckpoint, to training: TrainingConfiguration,
        with changes: [RecipeChange]
    ) -> Bool {
        changes.map(\.key) == [section + "steps"]
            && checkpoint.state.configuration.steps < training.steps
    }

    /// Throws if a run in `store` would go on that began from another model than `modelDirectory`
    /// has now, as one does whose base was trained anew.
    private static func checkStart(
        _ modelDirectory: String, of store: CheckpointStore, _ existing: Trainer.ExistingRun
    ) throws {
        switch existing {
        case .resume, .resumeFrom: break
        case .refuse, .overwrite, .setAside: return
        }
        guard let newest = store.newestWhole, try newest.began(fromOtherThan: modelDirectory)
        else { return }
        throw TrainingError.badStart(
            path: modelDirectory,
            reason: """
                the model in \(store.directory) was tuned from another one than lies there now, \
                so it cannot go on: tune anew, or name the model that it began from
                """)
    }

    private static func workspaces(in directory: String) -> [String] {
        EncodingWorkspace.names(in: directory).map { "shards/" + $0 }
    }

    /// The recipe with what conversations need.
    private static func recipe(
        _ section: InstructionTuningConfiguration, modelDirectory: String, set: ShardSet,
        shape: any ModelShape
    ) throws(PipelineError) -> TrainingConfiguration {
        var training = section.training
        training.initFrom = modelDirectory
        if let epochs = section.epochs {
            let rows = set.rows(in: .train, packing: .bestFit, length: shape.positionCount)
            let steps = epochs * Double(rows.count) / Double(training.windowsPerStep)
            let range = TrainingConfiguration.range(of: TrainingConfiguration.CodingKeys.steps)
            guard let count = Int(exactly: max(1, steps.rounded(.up))), range.contains(count) else {
                throw .badValue(
                    key: "instruction_tuning.epochs",
                    reason: "it is \(epochs), which takes \(steps) steps; \(range.wish) of them")
            }
            training.steps = count
        }
        return training
    }

    /// Answers of the model to each question, asked alone.
    private static func answers(
        to questions: [String], of model: any LanguageModel, template: ConversationTemplate,
        generation: GenerationConfiguration, threadCount: Int, progress: (Int, Int) -> Void
    ) throws -> [String] {
        let most = questions.count * generation.maximumTokenCount
        return try questions.enumerated().map { number, question in
            var session = try ChatSession(
                model: model, template: template, configuration: generation,
                threadCount: threadCount)
            var text = ""
            var count = number * generation.maximumTokenCount
            progress(count, most)
            try session.ask(question) {
                text += $0
                count += 1
                if count < most { progress(count, most) }
                return true
            }
            return "\(question)\n\(text)"
        }
    }
}
