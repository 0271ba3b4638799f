import Files
import Models
import Processes
public import TokenShards
public import Tokenization
public import Training
public import Work

/// Trains a model from shards.
public enum TrainStage {
    /// Trains in the run's directory until the configuration's steps are done or it is to stop.
    ///
    /// - Parameters:
    ///   - configuration: its sections "model", "training", and, for samples during training,
    ///     "generation" and "samples".
    ///   - data: the data sets, made with `vocabulary`, and their weights.
    ///   - vocabulary: the vocabulary of the ids.
    ///   - surroundings: where and how the run goes on; samples are drawn as the configuration
    ///     says.
    ///   - keepsEarlier: whether a run that is there is moved aside first, once this one is known
    ///     to fit together; the surroundings then overwrite.
    ///   - work: threads, the signal to stop, and where events go.
    /// - Returns: the run's summary, complete or not.
    public static func run(
        _ configuration: PipelineConfiguration, data: Mixture, vocabulary: Vocabulary,
        surroundings: Trainer.Surroundings, keepsEarlier: Bool = false,
        work: WorkContext<PipelineEvent>
    ) async throws -> TrainingSummary {
        var surroundings = surroundings
        if keepsEarlier {
            try checkStart(configuration.training, isOutside: surroundings.runDirectory)
        }
        // One of several processes writes.
        let writes = surroundings.group.rank == 0
        if writes {
            surroundings.claim = try claim(
                surroundings, inputs: data.sources.map(\.set.directory),
                start: configuration.training.initFrom)
        }
        for source in data.sources {
            if let notice = source.set.foreignNotice { work.report(.notice(notice)) }
        }
        try work.checkShards(of: data.sources.map(\.set), isTold: true)
        let vocabulary = vocabulary.beginningTexts(as: data)
        let ends = Set([vocabulary.endOfTexts(in: data)].compactMap(\.self))
        surroundings.drawSamples = { model, progress in
            try GenerateStage.draw(
                model: model, vocabulary: vocabulary, endTokens: ends,
                prompts: configuration.samples,
                generation: configuration.generation, threadCount: work.threadCount,
                progress: progress)
        }
        // The files are read before anything is trained, and encoded once the model is known.
        let tasks = try TaskFile.tasks(
            in: configuration.training.tasks ?? [], TaskOptions(), stop: work.stop)
        var exam: TaskExam?
        surroundings.scoreTasks = { model, progress in
            guard let exam else { return [] }
            let team = ThreadTeam(threadCount: work.threadCount)
            let answers = try exam.answers(of: model, team: team, progress: progress)
            return exam.scores(of: answers, team: team)
        }
        let trainer = try Trainer(
            model: configuration.model.shape, configuration: configuration.training, data: data,
            vocabulary: vocabulary, surroundings: surroundings,
            work: work.wrapping(PipelineEvent.training))
        if !tasks.isEmpty {
            exam = try TaskExam(
                tasks, for: trainer.modelConfiguration, vocabulary: vocabulary)
        }
        for notice in notices(configuration, trainer, vocabulary) { work.report(.notice(notice)) }
        if keepsEarlier, writes { try keepEarlier(surroundings, work) }
        if surroundings.existing == .overwrite, configuration.instructionTuning.inputs.isEmpty,
            let notice = tunedNotice(surroundings.runDirectory)
        {
            work.report(.notice(notice))
        }
        if writes { try RunData(data).write(to: surroundings.runDirectory) }
        return try await trainer.run()
    }

    /// Claims the run's directory, unless the caller has, before anything is read.
    ///
    /// - Parameters:
    ///   - surroundings: those of the run.
    ///   - inputs: what the run reads, which its directory may not meet.
    ///   - start: the model that it begins from, which one that goes on does not read again.
    static func claim(
        _ surroundings: Trainer.Surroundings, inputs: [String], start: String?
    ) throws -> OutputClaim {
        let directory = surroundings.runDirectory
        var inputs = inputs
        switch surroundings.existing {
        case .resume, .resumeFrom: break
        case .refuse, .overwrite, .setAside:
            inputs += [start].compactMap(\.self).map(CheckpointStore.resolved)
        }
        try FilePlace.check(output: directory, inputs: inputs)
        return try surroundings.claim ?? CheckpointStore(runDirectory: directory).claim()
    }

    /// Throws if the run in a directory, which is to be moved aside, is the one that the new one
    /// begins from.
    static func checkStart(
        _ training: TrainingConfiguration, isOutside directory: String
    ) throws(PipelineError) {
        guard let start = training.initFrom,
            CheckpointStore.resolved(start).hasPrefix(directory + "/")
        else { return }
        throw .badValue(
            key: "training.init_from",
            reason: "it lies in the run that is to be moved aside: give this one another name")
    }

    /// Moves the run that is there aside, if there is one, and says so.
    static func keepEarlier(
        _ surroundings: Trainer.Surroundings, _ work: WorkContext<PipelineEvent>
    ) throws {
        let directory = surroundings.runDirectory
        let store = CheckpointStore(runDirectory: directory)
        guard store.latest != nil else { return }
        let mover = AsideMover(
            steps: store.newestWhole?.state.step, claim: surroundings.claim)
        guard let place = try mover.moveRun(directory) else { return }
        work.report(.notice("the run that was in \(directory) is kept in \(place)"))
    }

    /// Notice that a model stays that was tuned from the run that is replaced; nil without one.
    private static func tunedNotice(_ runDirectory: String) -> String? {
        let tuned = runDirectory + "/chat"
        guard CheckpointStore(runDirectory: tuned).latest != nil else { return nil }
        return "the model in \(tuned) stays, which was tuned from the one that is replaced: tune "
            + "anew to have one of the new model"
    }

    /// Notices of keys that have no effect on the run of `trainer`.
    private static func notices(
        _ configuration: PipelineConfiguration, _ trainer: Trainer, _ vocabulary: Vocabulary
    ) -> [String] {
        let shape = trainer.modelConfiguration
        var notices: [String] = []
        let training = configuration.training
        if let start = training.initFrom {
            var asked = configuration.model.shape
            asked.fit(vocabulary)
            asked.vocabularySize = shape.vocabularySize
            if ModelConfiguration(asked) != ModelConfiguration(shape) {
                notices.append(
                    "the model has the shape of \(start), not that of the section \"model\"")
            }
        }
        if let notice = trainer.evaluationNotice { notices.append(notice) }
        if training.sampleEvery > 0, configuration.samples.isEmpty {
            notices.append("training.sample_every draws nothing, for \"samples\" names no prompt")
        }
        if training.warmupSteps > 0, training.warmupSteps >= training.steps {
            notices.append(
                "all \(training.steps) steps are warm-up (training.warmup_steps = "
                    + "\(training.warmupSteps)), and the learning rate stays below its highest")
        }
        return notices
    }
}
