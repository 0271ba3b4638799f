public import Work

/// Forward and backward over batches, on all threads, with the same bits for any number of them.
///
/// The sequences of a batch are divided among *slots* of neighbours. The model's ``BatchPass``
/// works through a slot's sequences into a gradient of the slot's own; the slots' gradients are
/// summed as a binary tree over their numbers. Which thread did what leaves no trace in the result.
/// Nothing is allocated after `init`.
///
/// ```swift
/// let runner = BatchRunner(model: model, batchSize: 16, contextLength: 256, team: team)
/// let loss = runner.computeGradients(inputs: x.span, targets: y.span, scale: 1 / 4096)
/// ```
public final class BatchRunner {
    /// The model whose parameters are read.
    public let model: any LanguageModel
    /// Sizes of the batches.
    package let plan: BatchPlan
    /// Sequences in a batch.
    public var batchSize: Int { plan.batchSize }
    /// Tokens in a sequence.
    public var contextLength: Int { plan.contextLength }
    /// Parts that a batch is divided into.
    public var slotCount: Int { tree.slotCount }
    /// The threads, which the optimizer may use between batches.
    public let team: ThreadTeam
    /// The gradients of the last batch, with the layout of the parameters.
    public let gradients: FloatBuffer
    /// Profile of the time that gradients take; nil measures nothing.
    package var profile: StepProfile?
    /// Signal that is looked at between the waves of a batch; nil for none.
    package var stop: StopSignal?
    /// What another thread learns of the gradients, which then adds up those of the last wave and
    /// heeds no stop; nil where nobody does.
    package var progress: GradientProgress?

    /// Slots of a batch where nothing else is said.
    public static let defaultSlotCount = 4

    let kernels: Kernels
    let pass: any BatchPass
    let tree: GradientTree
    /// The slots of each wave of the tree.
    let waves: [[BatchSlot]]
    /// The gradients of slots and their sums, by their numbers in the tree; the first is
    /// ``gradients``.
    let slotGradients: [FloatSlice]
    /// The sums of losses that belong to them.
    var lossSums: [Double]
    var batch: BatchInput
    /// The states that the sequences of the last batch ended with, (batch, state), as the model's
    /// shape describes them; nil where none is carried from batch to batch. Losses alone neither
    /// read nor change it.
    public var carriedState: FloatBuffer? { batch.carriedState }
    private let slotStorage: FloatBuffer
    private let vocabularySize: Int

    /// Room for batches of `batchSize` sequences of `contextLength` tokens.
    ///
    /// - Parameters:
    ///   - model: the model whose losses and gradients are computed.
    ///   - batchSize: sequences of a batch.
    ///   - contextLength: tokens of a sequence, at most the model's context.
    ///   - team: the threads; results do not depend on them.
    ///   - slotCount: slots of a batch, at most one a sequence; nil for 4, or fewer in a smaller
    ///     batch. Another number sums in another order. More of them are for more threads than 4,
    ///     or for more processes, and cost a gradient each where so many are worked on at once,
    ///     otherwise one for each doubling.
    ///   - carriesState: whether sequences may go on from the state that those of the batch before
    ///     ended with, for a shape that has one.
    ///   - level: which kernels run.
    public init(
        model: any LanguageModel, batchSize: Int, contextLength: Int, team: ThreadTeam,
        slotCount: Int? = nil, carriesState: Bool = false, kernels level: KernelLevel = .best
    ) {
        let shape: any ModelShape = model.configuration
        precondition(
            !carriesState || shape.carriedStateShape != nil,
            "a model of \(shape.architectureName) has no state to carry")
        let limit = shape.contextLimit ?? .max
        precondition(
            contextLength > 0 && contextLength <= limit,
            "sequences of \(contextLength) tokens for a context of \(limit)")
        let plan = Self.plan(
            batchSize: batchSize, contextLength: contextLength, slotCount: slotCount,
            threadCount: team.threadCount, level)
        let tree = plan.tree(joinsSlots: type(of: shape).joinsSlots)
        let count = model.layout.floatCount
        let gradients = FloatBuffer(count: count)
        let slotStorage = FloatBuffer(count: count * (tree.bufferCount - 1))
        let slotGradients = (0..<tree.bufferCount).map {
            $0 == 0 ? gradients.all : slotStorage.slice(($0 - 1) * count..<$0 * count)
        }
        self.model = model
        self.plan = plan
        self.team = team
        self.tree = tree
        self.gradients = gradients
        self.slotStorage = slotStorage
        self.slotGradients = slotGradients
        vocabularySize = shape.vocabularySize
        kernels = Kernels(level)
        pass = model.makeBatchPass(BatchRoom(plan: plan, team: team, gradients: slotGradients))
        waves = tree.waves.map { wave in
            wave.slots.map {
                BatchSlot(
                    sequences: tree.sequences(ofSlot: $0, of: batchSize),
                    gradient: wave.firstBuffer + $0 - wave.slots.lowerBound)
            }
        }
        lossSums = Array(repeating: 0, count: tree.bufferCount)
        batch = BatchInput(
            batchSize: batchSize, contextLength: contextLength,
            stateCount: carriesState ? shape.carriedStateCount : 0)
    }

    /// Sizes of batches, checked.
    package static func plan(
        batchSize: Int, contextLength: Int, slotCount: Int?, threadCount: Int, _ level: KernelLevel
    ) -> BatchPlan {
        precondition(batchSize > 0, "a batch has at least one sequence")
        let slotCount = slotCount ?? min(defaultSlotCount, batchSize)
        precondition(
            (1...batchSize).contains(slotCount), "a batch of \(batchSize) has no \(slotCount) slots"
        )
        return BatchPlan(
            batchSize: batchSize, contextLength: contextLength, slotCount: slotCount,
            threadCount: threadCount, level: level)
    }

    /// What another thread may learn of this runner's gradients.
    package func makeProgress() -> GradientProgress {
        GradientProgress(
            of: tree.waves[tree.waves.count - 1], slotGradients, of: [gradients, slotStorage],
            kernels)
    }

    /// The loss in nats of each token, forward only; 0 where the target is `TokenID.ignored`.
    ///
    /// - Parameters:
    ///   - inputs: token ids, any number of sequences up to the batch size, row-major.
    ///   - targets: the tokens to predict, or `TokenID.ignored`.
    ///   - documentStarts: as for
    ///     ``computeGradients(inputs:targets:documentStarts:continues:scale:dropout:)``.
    public func tokenLosses(
        inputs: Span<TokenID>, targets: Span<TokenID>, documentStarts: [Int32]? = nil
    ) -> [Float] {
        precondition(
            inputs.count % contextLength == 0 && inputs.count <= batchSize * contextLength,
            "losses are for whole sequences, at most a batch of them")
        load(inputs, targets, documentStarts)
        pass.refresh()
        pass.computeLosses(ofSequences: inputs.count / contextLength, of: batch)
        return batch.losses.array(0..<inputs.count)
    }

    /// Copies ids in after looking at each, for C does not look.
    func load(
        _ inputs: Span<TokenID>, _ targets: Span<TokenID>, _ documentStarts: [Int32]?
    ) {
        precondition(inputs.count == targets.count, "as many targets as inputs")
        batch.hasStarts = documentStarts != nil
        batch.dropout = nil
        if let documentStarts {
            precondition(documentStarts.count == inputs.count, "as many starts as inputs")
            BatchInput.check(starts: documentStarts, length: contextLength)
            batch.starts.copy(from: documentStarts.span)
        }
        model.checkIDs(inputs)
        for index in targets.indices {
            precondition(
                targets[index] == .ignored || targets[index].index < vocabularySize,
                "target \(targets[index]) is neither ignored nor in the vocabulary")
        }
        batch.ids.copy(from: inputs)
        batch.targets.copy(from: targets)
    }
}
