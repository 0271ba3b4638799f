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
    ///   - decidesExisting: whether a run that was stopped on the way to what is wanted now goes on
    ///     and any other begins again, whatever the surroundings say.
    ///   - work: threads, the signal to stop, and where events go.
    /// - Returns: the run's summary, complete or not.
    public static func run(
        _ configuration: PipelineConfiguration, modelDirectory: String,
        surroundings: Trainer.Surroundings, decidesExisting: Bool = false,
        work: WorkContext<PipelineEvent>
    ) async throws -> TrainingSummary {
        let section = configuration.instructionTuning
        try section.validate()
        let runDirectory = surroundings.runDirectory
        let store = CheckpointStore(runDirectory: runDirectory)
        if !decidesExisting { try store.check(surroundings.existing) }
        if let note = CheckpointStore.store(ofCheckpoint: modelDirectory)?.mendPointersIfFree() {
            work.report(.notice(note))
        }
        let startDirectory = try CheckpointStore.soundModelDirectory(at: modelDirectory)
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
        let template = try ChatTemplate(
            Vocabulary(directory: startDirectory).adding(specialTokens: ChatTemplate.specialTokens))
        try ConversationEncoding(template: template, contextLength: shape.positionCount).run(
            section, directory: shardDirectory(of: runDirectory), work: work)
        let set = try ShardSet(
            directory: shardDirectory(of: runDirectory), vocabulary: template.vocabulary)

        let training = recipe(section, modelDirectory: modelDirectory, set: set, shape: shape)
        var surroundings = surroundings
        if decidesExisting {
            do {
                let newest = try store.newestSound()
                surroundings.existing =
                    newest?.isContinued(by: training, data: set.fingerprint) == true
                    ? .resume : .overwrite
            } catch TrainingError.noSoundCheckpoint {
                work.report(
                    .notice("no checkpoint in \(store.directory) is sound: all are set aside"))
                surroundings.existing = .setAside
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

    /// The recipe with what conversations need.
    private static func recipe(
        _ section: InstructionTuningConfiguration, modelDirectory: String, set: ShardSet,
        shape: any ModelShape
    ) -> TrainingConfiguration {
        var training = section.training
        training.initFrom = modelDirectory
        if let epochs = section.epochs {
            let rows = set.rows(in: .train, packing: .bestFit, length: shape.positionCount)
            let steps = epochs * Double(rows.count) / Double(training.windowsPerStep)
            // A number of steps that no run reaches is refused with the rest of the recipe.
            training.steps = max(1, Int(min(steps.rounded(.up), 1e18)))
        }
        return training
    }

    /// Answers of the model to each question, asked alone.
    private static func answers(
        to questions: [String], of model: any LanguageModel, template: ChatTemplate,
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
