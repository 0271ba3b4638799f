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
        // Files whose bytes the ledger does not know may have changed as well.
        if try !store.faultsOfUsed().isEmpty { try record.ledger.forget(.train, source: modelName) }
        let inputs =
            [
                data.fingerprint, data.sources[0].set.manifest.vocabulary.fingerprint,
                try key(configuration.model), try key(configuration.training),
            ] + (try configuration.training.initFrom.map(modelKey).map { [$0] } ?? [])
        try await runStage(.train, of: modelName, inputs: inputs, &record) {
            let summary = try await TrainStage.run(
                configuration, data: data, vocabulary: vocabulary,
                surroundings: Trainer.Surroundings(
                    runDirectory: directory, existing: try existingRun(data, vocabulary)),
                work: work)
            guard summary.isComplete else { throw PipelineError.interrupted }
            return try files(ofRun: directory)
        }
        if let note = store.mendPointersIfFree() { work.report(.notice(note)) }
        guard let model = store.best ?? store.latest else {
            throw TrainingError.noCheckpoint(directory: directory)
        }
        return (model, inputs)
    }

    /// Draws the samples of the model in `modelDirectory`, which was made from `inputs`, unless
    /// that is done.
    func drawSamples(
        _ modelDirectory: String, _ inputs: [String], _ record: inout Record
    ) async throws -> [String] {
        let file = configuration.runDirectory + "/samples.json"
        let inputs = inputs + [try key(configuration.generation), try key(configuration.samples)]
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
                decidesExisting: true, work: work)
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

    /// A run that was stopped on the way to what is wanted now goes on; any other begins again.
    private func existingRun(
        _ data: Mixture, _ vocabulary: Vocabulary
    ) throws -> Trainer.ExistingRun {
        let store = CheckpointStore(runDirectory: runDirectory)
        let newest: SoundCheckpoint?
        do { newest = try store.newestSound() } catch TrainingError.noSoundCheckpoint {
            work.report(
                .notice(
                    """
                    no checkpoint in \(store.directory) is sound: they are set aside, and the \
                    model is trained again
                    """))
            return .setAside
        }
        guard let newest else { return .overwrite }
        var wanted = configuration.model.shape
        wanted.fit(vocabulary)
        if newest.isContinued(by: configuration.training, data: data.fingerprint) {
            // The shape is the other model's where the run begins from one.
            if configuration.training.initFrom != nil { return .resume }
            if let shape = try? ModelConfiguration(directory: newest.path),
                shape == ModelConfiguration(wanted)
            {
                return .resume
            }
        }
        work.report(
            .notice(
                """
                the checkpoints in \(store.directory) are of another configuration and are \
                replaced; give the pipeline another name to keep both
                """))
        return .overwrite
    }
}
