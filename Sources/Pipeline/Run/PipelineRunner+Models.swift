import Corpora
import Files
import Models
import TokenShards
import Tokenization
import Training
import Work

/// The stages that make and use models.
extension PipelineRunner {
    /// Trains the model, unless that is done.
    ///
    /// - Returns: the directory of the best checkpoint, and what went into it.
    func train(
        _ vocabulary: Vocabulary, _ data: Mixture, _ record: inout Record
    ) async throws -> (model: String, inputs: [String]) {
        let directory = runDirectory
        let store = CheckpointStore(runDirectory: directory)
        // The models of a comparison lie in its directory, each in one of its own.
        let claim = directory == configuration.runDirectory ? record.claim : nil
        // Files whose bytes the ledger does not know may have changed as well.
        if try !store.faultsOfUsed().isEmpty { try record.ledger.begin(.train, source: modelName) }
        let inputs =
            [
                data.fingerprint, data.sources[0].set.manifest.vocabulary.fingerprint,
                try key(configuration.model), try key(configuration.training),
            ] + (try configuration.training.initFrom.map(modelKey).map { [$0] } ?? [])
        let before = record
        try await runStage(
            .train, of: modelName, inputs: inputs, settings: weightSettings, &record
        ) {
            var surroundings = Trainer.Surroundings(
                runDirectory: directory, existing: try existingRun(data, vocabulary, before.ledger))
            surroundings.claim = claim
            surroundings.group = processes.group
            surroundings.programVersion = processes.programVersion
            try processes.announce(configuration, RunData(data), surroundings)
            let summary = try await TrainStage.run(
                configuration, data: data, vocabulary: vocabulary, surroundings: surroundings,
                work: work)
            guard summary.isComplete else { throw PipelineError.interrupted }
            return try files(ofRun: directory)
        }
        if let note = store.mendPointersIfFree(holding: claim) {
            work.report(.otherCheckpoint(note))
        }
        guard let model = store.best ?? store.latest else {
            throw TrainingError.noCheckpoint(directory: directory)
        }
        return (model, inputs)
    }

    /// Draws the samples of the model in `modelDirectory`, which was made from `inputs`, unless
    /// that is done. Another checkpoint may have become the best of the same run.
    func drawSamples(
        _ modelDirectory: String, _ inputs: [String], _ record: inout Record
    ) async throws -> [String] {
        let file = configuration.runDirectory + "/samples.json"
        let inputs =
            inputs + [
                try key(configuration.generation), try key(configuration.samples),
                try modelKey(modelDirectory),
            ]
        try await runStage(.generate, inputs: inputs, &record) {
            let samples = try GenerateStage.run(
                modelDirectory: modelDirectory, prompts: configuration.samples,
                generation: configuration.generation, work: work)
            try FileReplacement.writeJSON(samples, to: file)
            return [file]
        }
        return try GenerateStage.read(file)
    }

    /// Teaches the model in `modelDirectory`, or the one that the section names, to answer.
    func tune(
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
        try await runStage(.tune, inputs: inputs, &record) {
            let summary = try await TuneStage.run(
                configuration, modelDirectory: start,
                surroundings: Trainer.Surroundings(
                    runDirectory: directory, existing: .overwrite),
                results: .init(existing, move: moveAside), work: work)
            guard summary.isComplete else { throw PipelineError.interrupted }
            let shards = TuneStage.shardDirectory(of: directory)
            return try files(ofRun: directory)
                + ShardManifest(directory: shards).files(in: shards)
                + [TuneStage.answerFile(of: directory)]
        }
    }

    private func files(ofRun directory: String) throws -> [String] {
        try CheckpointStore(runDirectory: directory).files()
            + [directory + "/" + TrainingSummary.fileName, directory + "/" + MetricsLog.fileName]
            + EventFile.files(in: directory)
    }

    /// Key that tells a model that training begins from, from another one under the same name.
    private func modelKey(_ directory: String) throws -> String {
        let path = CheckpointStore.resolved(directory) + "/model.safetensors"
        guard let fingerprint = StageLedger.fingerprint(ofFile: path) else {
            throw TrainingError.badStart(path: directory, reason: "it has no model.safetensors")
        }
        return "\(directory) \(fingerprint)"
    }

    /// A run that was stopped on the way to what is wanted now goes on, and so does one that has
    /// fewer steps than are wanted; any other is replaced, where that is allowed, or kept.
    private func existingRun(
        _ data: Mixture, _ vocabulary: Vocabulary, _ ledger: StageLedger
    ) throws -> Trainer.ExistingRun {
        let store = CheckpointStore(runDirectory: runDirectory)
        let newest: SoundCheckpoint?
        do { newest = try store.newestSound() } catch TrainingError.noSoundCheckpoint {
            work.report(
                .otherCheckpoint(
                    """
                    no checkpoint in \(store.directory) is sound: they are set aside, and the \
                    model is trained again
                    """))
            return .setAside
        }
        guard let newest else { return .overwrite }
        var changes = try recipeChanges(of: newest, vocabulary, data: data.fingerprint)
        if changes.isEmpty { return .resume }
        if let weights = ledger.settings(of: .train, source: modelName) {
            changes += RecipeChange.between(weights, weightSettings)
        }
        try giveWay(
            Replacement(
                path: runDirectory, kind: .model(steps: newest.state.step), changes: changes)
        ) {
            try TrainStage.checkStart(configuration.training, isOutside: runDirectory)
            try moveRunAside(AsideMover(steps: newest.state.step))
        }
        return .overwrite
    }

    // MARK: Settings that differ

    /// Settings of the model and its training in which the run that is wanted differs from the one
    /// that wrote a checkpoint; none where it goes on from it.
    func recipeChanges(of checkpoint: SoundCheckpoint) throws -> [RecipeChange] {
        try recipeChanges(of: checkpoint, Vocabulary(directory: checkpoint.path), data: nil)
    }

    private func recipeChanges(
        of checkpoint: SoundCheckpoint, _ vocabulary: Vocabulary, data: String?
    ) throws -> [RecipeChange] {
        let training = configuration.training
        var changes = try checkpoint.changes(to: training, section: "training.", data: data)
        // The shape is the other model's where the run begins from one.
        if training.initFrom == nil {
            var wanted = configuration.model.shape
            wanted.fit(vocabulary)
            changes += try RecipeChange.between(
                ModelConfiguration(directory: checkpoint.path), ModelConfiguration(wanted),
                section: "model.")
        }
        return goesOn(checkpoint, with: changes) ? [] : changes
    }

    /// Whether training may go on in spite of `changes`: there are more steps now, and no other
    /// models that it is compared with.
    private func goesOn(_ checkpoint: SoundCheckpoint, with changes: [RecipeChange]) -> Bool {
        modelName == nil && changes.map(\.key) == ["training.steps"]
            && checkpoint.state.configuration.steps < configuration.training.steps
    }

    /// Decides about a tuned model, where it is known before any work that it cannot stay: settings
    /// of the tuning have changed, or the model that it began from will be trained further.
    func settleTuning(_ record: Record) throws {
        let section = configuration.instructionTuning
        let directory = configuration.tuningDirectory
        guard !section.inputs.isEmpty, let run = TrainedRun(directory: directory) else { return }
        let changes = try run.settled { try tuningChanges(of: $0, record) }
        guard !changes.isEmpty else { return }
        let steps = run.newest.state.step
        try giveWay(
            Replacement(path: directory, kind: .model(steps: steps), changes: changes)
        ) {
            // A conversation that cannot be read is no reason to move anything.
            var reader = try ConversationReader(
                inputs: section.inputs, onError: section.onError, stop: work.stop)
            while try reader.next() != nil { try work.checkStop() }
            try moveAside(directory, AsideMover(steps: steps))
        }
    }

    private func tuningChanges(
        of tuned: SoundCheckpoint, _ record: Record
    ) throws -> [RecipeChange] {
        let section = configuration.instructionTuning
        var wanted = section.training
        let before = tuned.state.configuration
        // Where it begins, and how many steps the epochs are, is known later.
        if wanted.initFrom == nil { wanted.initFrom = before.initFrom }
        if section.epochs != nil { wanted.steps = before.steps }
        var changes = try TuneStage.changes(tuned, to: wanted, data: nil)
        if TuneStage.goesOn(tuned, to: wanted, with: changes) { changes = [] }
        if section.training.initFrom == nil, let start = record.trained.first?.newest.state,
            start.configuration.steps < configuration.training.steps
        {
            changes.append(
                RecipeChange(
                    key: "training.steps", before: "\(start.configuration.steps)",
                    after: "\(configuration.training.steps)"))
        }
        return changes
    }
}
