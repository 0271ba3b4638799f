public import Work

/// Forward and backward over batches, on all threads, with the same bits for any number of them.
///
/// The sequences of a batch are divided among *slots* of neighbours. A slot works through its
/// sequences in order into a gradient of its own; the slots' gradients are summed as a binary tree
/// over their numbers. Threads take slots or, where there are more threads than slots, share the
/// operations on each sequence; which thread did what leaves no trace in the result. A sequence's
/// activations are a thread's, so a step of many sequences needs no more of them than one of few:
/// what a larger batch costs is 16 bytes a token. Nothing is allocated after `init`.
///
/// ```swift
/// let runner = BatchRunner(model: model, batchSize: 16, contextLength: 256, team: team)
/// let loss = runner.computeGradients(inputs: x.span, targets: y.span, scale: 1 / 4096)
/// ```
public final class BatchRunner {
    /// The model whose parameters are read.
    public let model: GPT
    /// Sequences in a batch.
    public let batchSize: Int
    /// Tokens in a sequence.
    public let contextLength: Int
    /// Parts that a batch is divided into.
    public var slotCount: Int { tree.slotCount }
    /// The threads, which the optimizer may use between batches.
    public let team: ThreadTeam
    /// The gradients of the last batch, with the layout of the parameters.
    public let gradients: FloatBuffer
    /// Profile of the time that gradients take; nil measures nothing.
    package var profile: StepProfile?

    /// Slots of a batch where nothing else is said.
    public static let defaultSlotCount = 4

    /// Whether the threads share the operations on a sequence, as there are too few slots for them.
    static func sharesSequences(slotCount: Int, threadCount: Int) -> Bool {
        threadCount > slotCount
    }

    /// Tree in which the gradients of slots are summed. More slots at once than threads keep those
    /// busy when some slots take longer than others; where the slots come one after the other, one
    /// at a time needs the fewest gradients.
    static func tree(slotCount: Int?, batchSize: Int, threadCount: Int) -> GradientTree {
        let slotCount = slotCount ?? min(defaultSlotCount, batchSize)
        precondition(
            (1...batchSize).contains(slotCount), "a batch of \(batchSize) has no \(slotCount) slots"
        )
        let isSequential =
            threadCount == 1 || sharesSequences(slotCount: slotCount, threadCount: threadCount)
        var waveSize = isSequential ? 1 : 4
        while !isSequential, waveSize < threadCount { waveSize *= 2 }
        return GradientTree(slotCount: slotCount, waveSize: waveSize)
    }

    let kernels: Kernels
    let weights: PackedWeights
    let tree: GradientTree
    /// The gradients of slots and their sums, by their numbers in the tree; the first is
    /// ``gradients``.
    let slotGradients: [(floats: FloatSlice, slices: ParameterSlices)]
    /// The sums of losses that belong to them.
    var lossSums: [Double]
    let losses: FloatBuffer
    let targets: IDBuffer
    private let slotStorage: FloatBuffer
    private let passes: [SequencePass]
    private let isShared: Bool
    private let inputs: IDBuffer
    private let starts: IDBuffer

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
    ///   - level: which kernels run.
    public init(
        model: GPT, batchSize: Int, contextLength: Int, team: ThreadTeam,
        slotCount: Int? = nil, kernels level: KernelLevel = .best
    ) {
        precondition(batchSize > 0, "a batch has at least one sequence")
        precondition(
            contextLength > 0 && contextLength <= model.configuration.positionCount,
            "sequences of \(contextLength) tokens for a context of "
                + "\(model.configuration.positionCount)")
        let tree = Self.tree(
            slotCount: slotCount, batchSize: batchSize, threadCount: team.threadCount)
        let isShared = Self.sharesSequences(
            slotCount: tree.slotCount, threadCount: team.threadCount)
        self.model = model
        self.batchSize = batchSize
        self.contextLength = contextLength
        self.team = team
        self.tree = tree
        self.isShared = isShared
        kernels = Kernels(level)
        weights = PackedWeights(model, level: level)
        passes = (0..<(isShared ? 1 : team.threadCount)).map { _ in
            SequencePass(
                model, length: contextLength, level: level, keepsAll: true,
                team: isShared ? team : nil)
        }
        let count = model.layout.floatCount
        let gradients = FloatBuffer(count: count)
        let slotStorage = FloatBuffer(count: count * (tree.bufferCount - 1))
        self.gradients = gradients
        self.slotStorage = slotStorage
        slotGradients = (0..<tree.bufferCount).map {
            let floats =
                $0 == 0 ? gradients.all : slotStorage.slice(($0 - 1) * count..<$0 * count)
            return (floats, ParameterSlices(model.configuration, model.layout, in: floats))
        }
        lossSums = Array(repeating: 0, count: tree.bufferCount)
        inputs = IDBuffer(count: batchSize * contextLength)
        targets = IDBuffer(count: batchSize * contextLength)
        starts = IDBuffer(count: batchSize * contextLength)
        losses = FloatBuffer(count: batchSize * contextLength)
    }

    /// Bytes of gradients, activations and scratch.
    public var byteCount: Int { memory.total }

    /// Memory of the runner.
    public var memory: Memory {
        Memory(
            panels: weights.byteCount, gradients: 4 * (gradients.count + slotStorage.count),
            activations: passes.reduce(0) { $0 + $1.byteCount },
            batches: 4 * (losses.count + inputs.count + targets.count + starts.count))
    }

    /// The loss in nats of each token, forward only; 0 where the target is `TokenID.ignored`.
    ///
    /// - Parameters:
    ///   - inputs: token ids, any number of sequences up to the batch size, row-major.
    ///   - targets: the tokens to predict, or `TokenID.ignored`.
    ///   - documentStarts: as for
    ///     ``computeGradients(inputs:targets:documentStarts:scale:dropout:)``.
    public func tokenLosses(
        inputs: Span<TokenID>, targets: Span<TokenID>, documentStarts: [Int32]? = nil
    ) -> [Float] {
        precondition(
            inputs.count % contextLength == 0 && inputs.count <= batchSize * contextLength,
            "losses are for whole sequences, at most a batch of them")
        load(inputs, targets, documentStarts)
        weights.refresh(team)
        let parameters = weights.slices
        // The profile measures training only.
        eachItem(inputs.count / contextLength, nil) { sequence, pass in
            pass.forward(input(sequence, hasStarts: documentStarts != nil), parameters)
            pass.loss(parameters, targets: self.targets.slice(range(of: sequence)))
            keepLosses(of: sequence, pass)
        }
        return losses.array(0..<inputs.count)
    }

    /// Calls `body` with each item and the pass to work on it with: as many at once as there are
    /// threads or, where the threads share a pass, one after the other.
    func eachItem(
        _ count: Int, _ profile: StepProfile?, _ body: (_ item: Int, SequencePass) -> Void
    ) {
        func work() {
            team.run(count) { item, worker in
                passes[worker].clock = profile?.workers[worker]
                body(item, passes[worker])
            }
        }
        if isShared {
            passes[0].clock = profile?.main
            for item in 0..<count { body(item, passes[0]) }
        } else if let profile {
            profile.share(work)
        } else {
            work()
        }
    }

    func range(of sequence: Int) -> Range<Int> {
        sequence * contextLength..<(sequence + 1) * contextLength
    }

    func input(_ sequence: Int, hasStarts: Bool) -> SequencePass.Input {
        .init(
            ids: inputs.slice(range(of: sequence)),
            starts: hasStarts ? starts.slice(range(of: sequence)) : nil)
    }

    func keepLosses(of sequence: Int, _ pass: SequencePass) {
        kernels.copy(
            pass.activations.losses.at(0, contextLength), to: losses.slice(range(of: sequence)))
    }

    /// Copies ids in after looking at each, for C does not look.
    func load(
        _ inputs: Span<TokenID>, _ targets: Span<TokenID>, _ documentStarts: [Int32]?
    ) {
        precondition(inputs.count == targets.count, "as many targets as inputs")
        if let documentStarts {
            precondition(documentStarts.count == inputs.count, "as many starts as inputs")
            model.checkDocumentStarts(documentStarts, length: contextLength)
            starts.copy(from: documentStarts.span)
        }
        model.checkIDs(inputs)
        for index in targets.indices {
            precondition(
                targets[index] == .ignored
                    || targets[index].index < model.configuration.vocabularySize,
                "target \(targets[index]) is neither ignored nor in the vocabulary")
        }
        self.inputs.copy(from: inputs)
        self.targets.copy(from: targets)
    }
}
