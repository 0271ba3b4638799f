import Bytes
public import Files
import Foundation
public import Models
public import Processes
public import TokenShards
public import Tokenization
public import Work

/// Trains a model from shards.
///
/// The same model, data and configuration give the same checkpoints, byte for byte, for any number
/// of threads and of processes, and whether or not the run was stopped and resumed on the way.
///
/// A class, because the model, the optimizer and the place in the data advance together: a copy
/// would share the first two.
///
/// ```swift
/// let trainer = try Trainer(
///     model: shape, configuration: recipe, set: set, vocabulary: vocabulary,
///     surroundings: Trainer.Surroundings(runDirectory: "runs/mine", existing: .refuse))
/// let summary = try await trainer.run { event in
///     if case .step(let report) = event { print(report.step, report.loss) }
/// }
/// ```
public final class Trainer {
    /// Policy for a run directory that has checkpoints.
    public enum ExistingRun: Sendable, Equatable {
        /// Refuse to touch it.
        case refuse
        /// Continue from its newest sound checkpoint.
        case resume
        /// Continue from the checkpoint of a step, and set newer ones aside.
        case resumeFrom(step: Int)
        /// Remove its checkpoints and begin again.
        case overwrite
        /// Set its checkpoints aside and begin again.
        case setAside
    }

    /// Surroundings of a run: all besides the model, the data and the recipe.
    public struct Surroundings {
        /// Directory of checkpoints and metrics.
        public var runDirectory: String
        /// Policy for checkpoints that are there.
        public var existing: ExistingRun
        /// Bytes of memory that training may need; nil for what the machine has to give.
        public var memoryLimit: Int?
        /// Whether the time of each part of a step is measured.
        public var isProfiled: Bool
        /// Draws the samples of `sample_every`; nil for none.
        public var drawSamples: SampleDrawer?
        /// Scores the tasks of the recipe; nil for none.
        public var scoreTasks: TaskScorer?
        /// Claim of the directory that the caller holds; nil for the run to take one.
        public var claim: OutputClaim?
        /// The processes that train together, of which each has these surroundings; rank 0 alone
        /// writes.
        public var group: any ProcessGroup = SingleProcess()
        /// Version of the program, which must be the same in all of them.
        public var programVersion = ""
        /// The least gradients that processes send together.
        var leastStageCount = ParameterDivision.leastStageCount

        /// Draws samples from a model, and tells on the way the tokens that it has drawn and the
        /// most that they can be.
        public typealias SampleDrawer = (
            _ model: any LanguageModel, _ progress: (_ completed: Int, _ total: Int) -> Void
        ) throws -> [String]

        /// Scores a model in tasks, telling on the way how much is done of all; what that throws
        /// ends it.
        public typealias TaskScorer = (
            _ model: any LanguageModel, _ progress: (_ completed: Int, _ total: Int) throws -> Void
        ) throws -> [TaskScore]

        /// The surroundings of a run.
        public init(
            runDirectory: String, existing: ExistingRun, memoryLimit: Int? = nil,
            isProfiled: Bool = false, drawSamples: SampleDrawer? = nil
        ) {
            self.runDirectory = runDirectory
            self.existing = existing
            self.memoryLimit = memoryLimit
            self.isProfiled = isProfiled
            self.drawSamples = drawSamples
        }
    }

    let configuration: TrainingConfiguration
    let model: any LanguageModel
    let optimizer: Optimizer
    let runner: BatchRunner
    let source: BatchSource
    /// The data sets, whose shards are mapped.
    let sets: [ShardSet]
    let validation: ValidationSets
    let vocabulary: Vocabulary
    /// Token that ends a text of the model.
    let endToken: TokenID?
    /// The part of each document that is learned; nil for all of it.
    let part: ScoredPart?
    let store: CheckpointStore
    let surroundings: Surroundings
    let work: WorkContext<TrainingEvent>
    let memory: MemoryPlan
    /// What this process does together with others.
    let ranks: RankedRun
    /// The slots of each process.
    let shares: [SlotShare]
    /// What ends a round of steps that each process takes alone; nil where all take each together.
    let outer: OuterStep?
    var state: TrainingState
    /// Changes of the recipe against that of the checkpoint that the run goes on from.
    let changes: [RecipeChange]
    /// Place from which the run goes on, and what it leaves behind.
    let continuation: Continuation
    /// Whether the run goes on with other data than the checkpoint's.
    let hasOtherData: Bool
    /// The checkpoints that there were when the run was prepared.
    let earlierCheckpoints: [CheckpointStore.Entry]
    /// Step of the checkpoint that the run goes on from or has written last; 0 without one.
    var checkpointStep: Int
    /// Whether a checkpoint is to be written as soon as the model is sound.
    var isCheckpointDue = false

    /// The shape of the model.
    package var modelConfiguration: any ModelShape { model.configuration }

    /// Notice for a person that a run evaluates nothing, or that it will spend most of its time on
    /// that; nil for another one.
    package var evaluationNotice: String? {
        guard !validation.isEmpty else {
            return "there is no validation split: nothing is evaluated, and no checkpoint becomes "
                + "the best"
                + (configuration.earlyStopPatience > 0 ? " or ends the run early" : "")
        }
        // A pass forward is a third of a step's arithmetic.
        let every = min(configuration.evaluateEvery, configuration.steps)
        let (scored, learned) = (validation.placeCount, every * tokensPerStep)
        guard scored > Self.fewPlaces, scored / 3 > learned else { return nil }
        return "evaluating takes longer than training: \(scored) tokens are scored every \(every) "
            + "steps, which learn from \(learned); evaluate less often "
            + "(training.evaluate_every), or hold out less (corpus.validation_fraction)"
    }

    /// Places that are scored in a moment.
    private static let fewPlaces = 200_000

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
    ///     text, of which everything is learned.
    ///   - surroundings: where and how the run goes on.
    ///   - work: threads, on whose number the result does not depend, the signal to stop, and where
    ///     events go.
    /// - Throws: ``TrainingError`` when they do not fit together or there is too little memory, and
    ///   the errors of data and models.
    public init(
        model modelConfiguration: any ModelShape, configuration: TrainingConfiguration,
        data: Mixture, vocabulary: Vocabulary, template: ConversationTemplate? = nil,
        surroundings: Surroundings, work: WorkContext<TrainingEvent> = WorkContext()
    ) throws {
        try configuration.validate()
        store = CheckpointStore(runDirectory: surroundings.runDirectory)
        earlierCheckpoints = store.entries
        continuation = try store.continuation(surroundings.existing)
        let checkpoint = continuation.checkpoint
        let start = configuration.initFrom.map { StartingPoint(path: $0) }
        let shape = try Self.shape(
            modelConfiguration, vocabulary, start: start, checkpoint: checkpoint)
        try configuration.validate(for: shape)
        self.configuration = configuration
        part = try Self.part(of: shape, data, vocabulary, template: template, configuration)
        try configuration.validate(learning: part)
        // Conversations and pairs begin as their template says; other text that the model reads, as
        // before.
        self.vocabulary = part == nil ? vocabulary.beginningTexts(as: data) : vocabulary
        endToken = part == nil ? vocabulary.endOfTexts(in: data) : vocabulary.endOfText
        self.surroundings = surroundings
        self.work = work
        let team = ThreadTeam(threadCount: work.threadCount)
        // What the work before this one has freed counts as available.
        AvailableMemory.giveBack()
        sets = data.sources.map(\.set)
        let isOwn = sets.allSatisfy { $0.layout == .quern }
        let group = surroundings.group
        shares = try Self.shares(of: group.count, configuration)
        ranks = RankedRun(
            group, shape.layout, configuration, leastStageCount: surroundings.leastStageCount)
        let slots = shares[group.rank]
        let share =
            group.count > 1 && configuration.localSteps == nil
            ? OptimizerShare(group: group, division: ranks.division) : nil
        memory = MemoryPlan(
            shape: shape, configuration: configuration, threadCount: team.threadCount,
            dataByteCount: isOwn ? sets.reduce(0) { $0 + $1.byteCount() } : nil,
            slots: slots, optimizer: share, of: group.count)
        try memory.check(limit: surroundings.memoryLimit)

        let progress =
            if let checkpoint {
                try RunProgress(
                    resuming: checkpoint, shape: shape, configuration: configuration, data: data,
                    team: team, share: share, place: (group.rank, group.count))
            } else {
                try RunProgress(
                    beginning: shape, from: start, configuration: configuration, data: data,
                    team: team, share: share)
            }
        (model, optimizer) = (progress.model, progress.optimizer)
        var resumed = progress.state
        if continuation.isBestLost, !progress.hasOtherData { resumed.best = continuation.best }
        outer = OuterStep(configuration, shape.layout, group)
        if let checkpoint, resumed.innerStates != nil {
            try outer?.read(fromCheckpoint: checkpoint, step: resumed.step)
        }
        outer?.begin(with: model.parameters)
        (state, changes) = (resumed, progress.changes)
        hasOtherData = progress.hasOtherData
        checkpointStep = state.step
        source = try BatchSource(
            data, configuration, contextLength: shape.positionCount, part: part)
        runner = BatchRunner(
            model: model, batchSize: slots.sequences.count,
            contextLength: shape.positionCount, team: team, slotCount: slots.slots.count,
            carriesState: configuration.carriesState, kernels: .best(configuration.precision))
        // The states of rows belong to the text that stood before, and other data has other text.
        if let checkpoint, !hasOtherData {
            try CarriedState(of: runner, in: group, shares)?
                .read(fromCheckpoint: checkpoint, step: state.step)
        }
        if outer?.rounds.isTogether(state.step) ?? true { ranks.overlap(with: runner) }
        if surroundings.isProfiled {
            runner.profile = StepProfile(threadCount: team.threadCount)
        }
        validation = try ValidationSets(
            data, configuration, vocabulary: vocabulary, scorer: GroupScorer(runner, group, shares),
            part: part)
        try agree(on: data)
    }

    /// The slots of each of `count` processes.
    static func shares(
        of count: Int, _ configuration: TrainingConfiguration
    ) throws(TrainingError) -> [SlotShare] {
        let slotCount = configuration.slotCount
        let shares = (0..<count).compactMap {
            SlotShare(
                rank: $0, of: count, slotCount: slotCount,
                sequenceCount: configuration.windowsPerStep)
        }
        guard shares.count == count else {
            throw .badRankCount(
                count: count, slots: slotCount, possible: SlotShare.counts(forSlots: slotCount))
        }
        return shares
    }

    /// Throws, in every process alike, unless all are about to do the same.
    private func agree(on data: Mixture) throws {
        guard ranks.isShared else { return }
        var agreement = RankAgreement()
        agreement.add("the program's version", surroundings.programVersion)
        agreement.add(
            "the kernels' level", "\(KernelLevel.best(configuration.precision))")
        agreement.add("the vocabulary", hexadecimal(vocabulary.fingerprint))
        agreement.add("the shards' manifest", data.fingerprint)
        try agreement.add("training.", configuration)
        try agreement.add("model.", ModelConfiguration(model.configuration))
        agreement.add("the step of the checkpoint", "\(state.step)")
        agreement.add("the parameters", model.parameters.fingerprint)
        try agreement.check(in: ranks.group)
    }

    /// Prepares a run over one data set.
    public convenience init(
        model: any ModelShape, configuration: TrainingConfiguration, set: ShardSet,
        vocabulary: Vocabulary, template: ConversationTemplate? = nil, surroundings: Surroundings,
        work: WorkContext<TrainingEvent> = WorkContext()
    ) throws {
        try self.init(
            model: model, configuration: configuration, data: Mixture(set), vocabulary: vocabulary,
            template: template, surroundings: surroundings, work: work)
    }

    /// Part of each document that a model of that shape learns.
    ///
    /// - Throws: ``TrainingError/notPairs(directory:)`` for a model of pairs and other data,
    ///   ``TrainingError/badConfiguration(key:rule:)`` for a way of cutting pairs.
    private static func part(
        of shape: any ModelShape, _ data: Mixture, _ vocabulary: Vocabulary,
        template: ConversationTemplate?, _ configuration: TrainingConfiguration
    ) throws -> ScoredPart? {
        guard type(of: shape).readsPairs else { return template.map { .answers($0) } }
        let rule = "is for texts that windows cut, and pairs stay whole: leave it out"
        // Concatenation may be a default that nobody asked for.
        guard configuration.packing != .document else {
            throw TrainingError.badConfiguration(key: "packing", rule: rule)
        }
        guard configuration.stride == nil else {
            throw TrainingError.badConfiguration(key: "stride", rule: rule)
        }
        guard configuration.evaluationStride == nil else {
            throw TrainingError.badConfiguration(key: "evaluation_stride", rule: rule)
        }
        let pairs = try PairTemplate(vocabulary)
        for source in data.sources { try source.set.requirePairs(pairs, in: .train) }
        return .targets(pairs)
    }

    /// Shape of the model: that of the one that the run begins from, where it does, and otherwise
    /// the asked one with an embedding for each token.
    private static func shape(
        _ asked: any ModelShape, _ vocabulary: Vocabulary, start: StartingPoint?,
        checkpoint: String?
    ) throws -> any ModelShape {
        var shape = asked
        shape.fit(vocabulary)
        if let start {
            // The model that a stopped run began from may be gone when it goes on.
            shape =
                try checkpoint.map { try ModelConfiguration(directory: $0).shape }
                ?? start.shape(vocabulary: vocabulary)
        }
        try shape.validate()
        return shape
    }
}

extension ShardSet {
    /// Throws ``TrainingError/notPairs(directory:)`` unless a split's first document is a pair.
    package func requirePairs(_ template: PairTemplate, in split: Split) throws(TrainingError) {
        guard let shard = shards(of: split).first, shard.documentCount > 0,
            shard.text(ofDocument: 0).contains(template.pad)
        else { throw .notPairs(directory: directory) }
    }
}
