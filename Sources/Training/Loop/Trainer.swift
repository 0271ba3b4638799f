import Foundation
public import TokenShards
public import Tokenization
public import Transformer
public import Work

/// Trains a model from shards.
///
/// The same model, data and configuration give the same checkpoints, byte for byte, for any number
/// of threads, and whether or not the run was stopped and resumed on the way.
public struct Trainer {
    /// Policy for a run directory that has checkpoints.
    public enum ExistingRun: Sendable {
        /// Refuse to touch it.
        case refuse
        /// Continue from its newest checkpoint.
        case resume
        /// Remove it and begin again.
        case overwrite
    }

    /// Surroundings of a run: all besides the model, the data and the recipe.
    public struct Surroundings {
        /// Directory of checkpoints and metrics.
        public var runDirectory: String
        /// Threads to use; the result does not depend on it.
        public var threadCount: Int
        /// Policy for checkpoints that are there.
        public var existing: ExistingRun
        /// Bytes of memory that training may need; nil for what the machine has to give.
        public var memoryLimit: Int?
        /// Whether the time of each part of a step is measured.
        public var isProfiled: Bool
        /// Draws the samples of `sample_every`; nil for none.
        public var drawSamples: SampleDrawer?

        /// Draws samples from a model, and tells on the way the tokens that it has drawn and the
        /// most that they can be.
        public typealias SampleDrawer = (
            _ model: GPT, _ progress: (_ completed: Int, _ total: Int) -> Void
        ) throws -> [String]

        /// The surroundings of a run.
        public init(
            runDirectory: String, threadCount: Int = ThreadTeam.processorCount,
            existing: ExistingRun,
            memoryLimit: Int? = nil, isProfiled: Bool = false,
            drawSamples: SampleDrawer? = nil
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
    let source: BatchSource
    /// One for each data set; nil where it has no validation split.
    let evaluators: [(name: String, evaluator: Evaluator?)]
    let vocabulary: Vocabulary
    let template: ChatTemplate?
    let store: CheckpointStore
    let surroundings: Surroundings
    let memory: MemoryPlan
    var state: TrainingState
    /// Changes of the recipe against that of the checkpoint that the run goes on from.
    let changes: [RecipeChange]
    /// The newest checkpoint that the run goes on from or has written itself; nil without one.
    var newestCheckpoint: String?

    /// The shape of the model.
    package var modelConfiguration: GPTConfiguration { model.configuration }

    /// Notice for a person that a run evaluates nothing; nil for one that does.
    package var evaluationNotice: String? {
        guard !hasValidation else { return nil }
        return
            "there is no validation split: nothing is evaluated, and no checkpoint becomes the best"
            + (configuration.earlyStopPatience > 0 ? " or ends the run early" : "")
    }

    /// Prepares a run: opens or makes the model, and checks that everything fits together. Nothing
    /// is written or removed yet.
    ///
    /// - Parameters:
    ///   - modelConfiguration: the model's shape; its vocabulary size is taken from `vocabulary`. A
    ///     run that begins from another model, as the recipe's `initFrom` says, has that one's
    ///     shape.
    ///   - configuration: the recipe.
    ///   - data: the data; a validation split may be empty, and if all are, nothing is evaluated.
    ///   - vocabulary: the data's vocabulary, written into each checkpoint.
    ///   - template: the template of the data's conversations, of which the answers alone are
    ///     learned, a window holding whole ones, and which is written into each checkpoint; nil for
    ///     text, of which everything is.
    ///   - surroundings: where and how the run goes on.
    public init(
        model modelConfiguration: GPTConfiguration, configuration: TrainingConfiguration,
        data: Mixture, vocabulary: Vocabulary, template: ChatTemplate? = nil,
        surroundings: Surroundings
    ) throws {
        let dataVocabulary = data.sources[0].set.manifest.vocabulary.fingerprint
        try configuration.validate()
        store = CheckpointStore(runDirectory: surroundings.runDirectory)
        let latest = try store.checkpoint(surroundings.existing)
        let start = configuration.initFrom.map { StartingPoint(directory: $0) }
        var shape = modelConfiguration
        shape.vocabularySize = vocabulary.count
        if let start {
            // The model that a stopped run began from may be gone when it goes on.
            shape =
                try latest.map { try GPTConfiguration(directory: $0) }
                ?? start.shape(vocabulary: vocabulary)
        }
        try shape.validate()
        self.configuration = configuration
        // Conversations begin as their template says; other text that the model reads, as before.
        self.vocabulary = template == nil ? vocabulary.beginningTexts(as: data) : vocabulary
        self.template = template
        self.surroundings = surroundings
        let team = ThreadTeam(threadCount: surroundings.threadCount)
        memory = MemoryPlan(
            shape: shape, configuration: configuration, threadCount: team.threadCount)
        let available = surroundings.memoryLimit ?? AvailableMemory.byteCount
        guard memory.total <= available else {
            throw TrainingError.tooLittleMemory(needed: memory, available: available)
        }

        newestCheckpoint = latest
        if let latest {
            state = try CheckpointStore.state(of: latest)
            guard state.vocabularyFingerprint == dataVocabulary,
                state.dataFingerprint == data.fingerprint
            else {
                throw TrainingError.badCheckpoint(
                    path: latest,
                    reason: """
                        it was trained from other shards; give those, or learn from these in \
                        another directory and begin from it (init_from)
                        """)
            }
            model = try GPT(directory: latest)
            guard model.configuration == shape else {
                let changes = try RecipeChange.between(model.configuration, shape)
                throw TrainingError.badCheckpoint(
                    path: latest,
                    reason: """
                        its model has another shape than the configuration: \
                        \(changes.map(\.description).joined(separator: "; ")). Set them as they \
                        were, or choose another directory
                        """)
            }
            optimizer = try Optimizer(
                configuration, layout: model.layout, team: team,
                path: latest + "/" + CheckpointStore.optimizerFileName)
            changes = try RecipeChange.between(state.configuration, configuration)
            state.configuration = configuration
        } else {
            changes = []
            model =
                try start?.model(shape, seed: configuration.seed)
                ?? GPT(shape, seed: configuration.seed)
            optimizer = Optimizer(configuration, layout: model.layout, team: team)
            state = TrainingState(
                step: 0, position: 0, tokenCount: 0,
                vocabularyFingerprint: dataVocabulary,
                dataFingerprint: data.fingerprint, configuration: configuration)
        }

        let context = shape.positionCount
        source = BatchSource(
            loader: try data.loader(
                packing: template == nil ? configuration.packing : .bestFit, length: context,
                stride: template == nil ? configuration.stride : nil,
                marksDocuments: configuration.masksDocuments,
                batchSize: configuration.windowsPerStep, seed: configuration.seed),
            template: template)
        runner = BatchRunner(
            model: model, batchSize: configuration.windowsPerStep, contextLength: context,
            team: team, slotCount: configuration.slotCount,
            kernels: .best(configuration.precision))
        if surroundings.isProfiled {
            runner.profile = StepProfile(threadCount: team.threadCount)
        }
        var evaluators: [(name: String, evaluator: Evaluator?)] = []
        for source in data.sources {
            guard !source.set.shards(of: .validation).isEmpty else {
                evaluators.append((source.name, nil))
                continue
            }
            evaluators.append(
                (
                    source.name,
                    try Evaluator(
                        runner: runner, set: source.set, split: .validation,
                        batchSize: configuration.batchSize, contextLength: context,
                        stride: configuration.evaluationStride ?? context,
                        masksDocuments: configuration.masksDocuments, template: template)
                ))
        }
        self.evaluators = evaluators
    }

    /// Prepares a run over one data set.
    public init(
        model: GPTConfiguration, configuration: TrainingConfiguration, set: ShardSet,
        vocabulary: Vocabulary, template: ChatTemplate? = nil, surroundings: Surroundings
    ) throws {
        try self.init(
            model: model, configuration: configuration, data: Mixture(set), vocabulary: vocabulary,
            template: template, surroundings: surroundings)
    }
}
