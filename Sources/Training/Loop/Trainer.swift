import Foundation
import Storage
public import TokenShards
public import Tokenization
public import Transformer

/// Trains a model from shards.
///
/// The same model, data and configuration give the same checkpoints, byte for byte, for any number
/// of threads, and whether or not the run was stopped and resumed on the way.
public struct Trainer {
    /// What to do with a run directory that has checkpoints.
    public enum ExistingRun: Sendable {
        /// Refuse to touch it.
        case refuse
        /// Continue from its newest checkpoint.
        case resume
        /// Remove it and begin again.
        case overwrite
    }

    /// What a run needs to know beside the model, the data and the recipe.
    public struct Surroundings {
        /// Where checkpoints and metrics go.
        public var runDirectory: String
        /// Threads to use; the result does not depend on it.
        public var threadCount: Int
        /// What to do about checkpoints that are there.
        public var existing: ExistingRun
        /// Bytes of memory that training may need; nil for what the machine has to give.
        public var memoryLimit: Int?
        /// Whether the time of each part of a step is measured.
        public var isProfiled: Bool
        /// Draws the samples of `sample_every`; nil for none.
        public var drawSamples: ((GPT) throws -> [String])?

        /// The surroundings of a run.
        public init(
            runDirectory: String, threadCount: Int, existing: ExistingRun,
            memoryLimit: Int? = nil, isProfiled: Bool = false,
            drawSamples: ((GPT) throws -> [String])? = nil
        ) {
            self.runDirectory = runDirectory
            self.threadCount = threadCount
            self.existing = existing
            self.memoryLimit = memoryLimit
            self.isProfiled = isProfiled
            self.drawSamples = drawSamples
        }
    }

    let configuration: TrainingConfiguration
    let model: GPT
    let optimizer: Optimizer
    let runner: BatchRunner
    let loader: BatchLoader
    let evaluator: Evaluator?
    let vocabulary: Vocabulary
    let store: CheckpointStore
    let surroundings: Surroundings
    let memory: MemoryPlan
    var state: TrainingState

    /// Prepares a run: opens or makes the model, and checks that everything fits together.
    ///
    /// - Parameters:
    ///   - modelConfiguration: the model's shape; its vocabulary size is taken from `vocabulary`.
    ///   - configuration: the recipe.
    ///   - set: the data; its validation split may be empty, and then nothing is evaluated.
    ///   - vocabulary: the data's vocabulary, written into each checkpoint.
    ///   - surroundings: where and how the run goes on.
    public init(
        model modelConfiguration: GPTConfiguration, configuration: TrainingConfiguration,
        set: ShardSet, vocabulary: Vocabulary, surroundings: Surroundings
    ) throws {
        try configuration.validate()
        var shape = modelConfiguration
        shape.vocabularySize = vocabulary.count
        try shape.validate()
        self.configuration = configuration
        self.vocabulary = vocabulary
        self.surroundings = surroundings
        store = CheckpointStore(runDirectory: surroundings.runDirectory)
        let team = ThreadTeam(threadCount: surroundings.threadCount)
        memory = MemoryPlan(
            shape: shape, configuration: configuration, threadCount: team.threadCount)
        let available = surroundings.memoryLimit ?? AvailableMemory.byteCount
        guard memory.total <= available else {
            throw TrainingError.tooLittleMemory(needed: memory, available: available)
        }

        if let latest = try Self.checkpoint(in: store, existing: surroundings.existing) {
            state = try CheckpointStore.state(of: latest)
            guard state.vocabularyFingerprint == set.manifest.vocabulary.fingerprint,
                state.dataFingerprint == set.fingerprint
            else {
                throw TrainingError.badCheckpoint(
                    path: latest, reason: "it was trained from other shards")
            }
            model = try GPT(directory: latest)
            guard model.configuration == shape else {
                throw TrainingError.badCheckpoint(
                    path: latest, reason: "its model has another shape than the configuration")
            }
            optimizer = try Optimizer(
                configuration, layout: model.layout, team: team,
                path: latest + "/" + CheckpointStore.optimizerFileName)
            state.configuration = configuration
        } else {
            if surroundings.existing == .overwrite { try store.removeAll() }
            model = try GPT(shape, seed: configuration.seed)
            optimizer = Optimizer(configuration, layout: model.layout, team: team)
            state = TrainingState(
                step: 0, position: 0, tokenCount: 0,
                vocabularyFingerprint: set.manifest.vocabulary.fingerprint,
                dataFingerprint: set.fingerprint, configuration: configuration)
        }

        let context = shape.positionCount
        let windows = set.windows(
            in: .train, length: context, stride: configuration.stride ?? context,
            marksDocuments: configuration.masksDocuments)
        loader = try BatchLoader(
            windows: windows, batchSize: configuration.batchSize, seed: configuration.seed)
        runner = BatchRunner(
            model: model, batchSize: configuration.batchSize, contextLength: context, team: team,
            sequencesPerSlot: configuration.sequencesPerSlot)
        if surroundings.isProfiled {
            runner.profile = StepProfile(threadCount: team.threadCount)
        }
        evaluator =
            set.shards(of: .validation).isEmpty
            ? nil
            : try Evaluator(
                runner: runner, set: set, split: .validation,
                batchSize: configuration.batchSize, contextLength: context,
                stride: configuration.evaluationStride ?? context,
                masksDocuments: configuration.masksDocuments)
        try makeDirectory(surroundings.runDirectory)
    }

    /// The checkpoint to continue from; nil to begin.
    private static func checkpoint(
        in store: CheckpointStore, existing: ExistingRun
    ) throws -> String? {
        switch (existing, store.latest) {
        case (.overwrite, _), (.refuse, nil): return nil
        case (.resume, let latest?): return latest
        case (.refuse, _?): throw TrainingError.runExists(directory: store.runDirectory)
        case (.resume, nil): throw TrainingError.noCheckpoint(directory: store.runDirectory)
        }
    }
}
