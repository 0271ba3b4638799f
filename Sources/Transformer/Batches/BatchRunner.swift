public import Work

/// Forward and backward over batches, on all threads, with the same bits for any number of them.
///
/// The sequences of a batch are divided among *slots* of a fixed number of sequences. A slot works
/// through its sequences in order into a gradient of its own; the slots' gradients are then summed in
/// order. Threads take slots or, where there are more threads than slots, share the operations on each
/// sequence; which thread did what leaves no trace in the result, and one batch gives the same bits as
/// two halves of it with slots of the same size. Nothing is allocated after `init`.
///
/// ```swift
/// let runner = BatchRunner(model: model, batchSize: 16, contextLength: 256, team: team)
/// runner.zeroGradients()
/// let loss = runner.accumulateGradients(inputs: x.span, targets: y.span, scale: 1 / 4096)
/// ```
public final class BatchRunner {
    /// The model whose parameters are read.
    public let model: GPT
    /// Sequences in a batch.
    public let batchSize: Int
    /// Tokens in a sequence.
    public let contextLength: Int
    /// Parts that a batch is divided into.
    public let slotCount: Int
    /// Sequences of a part.
    public let sequencesPerSlot: Int
    /// The threads, which the optimizer may use between batches.
    public let team: ThreadTeam
    /// The gradients summed so far, with the layout of the parameters.
    public let gradients: FloatBuffer
    /// Where the time of gradients goes; nil measures nothing.
    public var profile: StepProfile?

    /// The most slots that are worked on before their gradients are summed: each needs a gradient.
    private static let maximumSlotCount = 4

    /// Gradients of slots that are kept beside their sum. A batch of one sequence, which is what a
    /// large model is trained with, adds to the sum itself.
    static func slotGradientCount(batchSize: Int, slotCount: Int) -> Int {
        batchSize == 1 ? 0 : min(slotCount, maximumSlotCount)
    }

    /// Whether there are more threads than slots for them.
    static func sharesSequences(slotCount: Int, threadCount: Int) -> Bool {
        threadCount > min(slotCount, maximumSlotCount)
    }

    private let kernels: Kernels
    private let weights: PackedWeights
    private let passes: [SequencePass]
    private let slotGradients: FloatBuffer
    private let slotSlices: [ParameterSlices]
    /// ``gradients`` as a model's, for the only slot.
    private let ownSlices: ParameterSlices
    /// Whether the threads share the operations on a sequence.
    private let isShared: Bool
    private let inputs: IDBuffer
    private let targets: IDBuffer
    private let starts: IDBuffer
    private let losses: FloatBuffer

    /// Room for batches of `batchSize` sequences of `contextLength` tokens.
    ///
    /// - Parameters:
    ///   - model: the model whose losses and gradients are computed.
    ///   - batchSize: sequences of a batch.
    ///   - contextLength: tokens of a sequence, at most the model's context.
    ///   - team: the threads; results do not depend on them.
    ///   - sequencesPerSlot: sequences of a slot, a divisor of the batch size; nil divides the
    ///     batch among the most slots up to 4. Slots of another size sum in another order.
    ///   - level: which kernels run.
    public init(
        model: GPT, batchSize: Int, contextLength: Int, team: ThreadTeam,
        sequencesPerSlot: Int? = nil, kernels level: KernelLevel = .best
    ) {
        precondition(batchSize > 0, "a batch has at least one sequence")
        precondition(
            contextLength > 0 && contextLength <= model.configuration.positionCount,
            "sequences of \(contextLength) tokens for a context of "
                + "\(model.configuration.positionCount)")
        self.sequencesPerSlot = sequencesPerSlot ?? Self.defaultSequencesPerSlot(batchSize)
        precondition(
            self.sequencesPerSlot > 0 && batchSize % self.sequencesPerSlot == 0,
            "the slots must divide the batch evenly")
        let slots = batchSize / self.sequencesPerSlot
        self.model = model
        self.batchSize = batchSize
        self.contextLength = contextLength
        self.slotCount = slots
        self.team = team
        kernels = Kernels(level)
        weights = PackedWeights(model, level: level)
        let count = model.layout.floatCount
        gradients = FloatBuffer(count: count)
        let isShared = Self.sharesSequences(slotCount: slots, threadCount: team.threadCount)
        passes = (0..<(isShared ? 1 : min(team.threadCount, batchSize))).map { _ in
            SequencePass(
                model, length: contextLength, level: level, keepsAll: true,
                team: isShared ? team : nil)
        }
        let gradientCount = Self.slotGradientCount(batchSize: batchSize, slotCount: slots)
        let slotGradients = FloatBuffer(count: count * gradientCount)
        slotSlices = (0..<gradientCount).map {
            ParameterSlices(
                model.configuration, model.layout,
                in: slotGradients.slice($0 * count..<($0 + 1) * count))
        }
        self.slotGradients = slotGradients
        self.isShared = isShared
        ownSlices = ParameterSlices(model.configuration, model.layout, in: gradients.all)
        inputs = IDBuffer(count: batchSize * contextLength)
        targets = IDBuffer(count: batchSize * contextLength)
        starts = IDBuffer(count: batchSize * contextLength)
        losses = FloatBuffer(count: batchSize * contextLength)
    }

    /// Bytes of gradients, activations and scratch.
    public var byteCount: Int { memory.total }

    /// What it holds.
    public var memory: Memory {
        Memory(
            panels: weights.byteCount, gradients: 4 * (gradients.count + slotGradients.count),
            activations: passes.reduce(0) { $0 + $1.byteCount },
            batches: 4 * (losses.count + inputs.count + targets.count + starts.count))
    }

    /// The size of slots that divides a batch among the most of them.
    static func defaultSequencesPerSlot(_ batchSize: Int) -> Int {
        batchSize / ((1...maximumSlotCount).last { batchSize % $0 == 0 } ?? 1)
    }

    /// Sets ``gradients`` to zero, before the first batch of a step.
    public func zeroGradients() { gradients.zero() }

    /// Adds the gradients of `scale` times the summed loss of a batch to ``gradients``.
    ///
    /// - Parameters:
    ///   - inputs: token ids (batch, context), row-major.
    ///   - targets: the token to predict at each place, or -1 where nothing is scored.
    ///   - documentStarts: for each place the number, in its sequence, of its document's first token,
    ///     before which it sees nothing and from which positions count; nil for whole sequences.
    ///   - scale: what the loss is multiplied by before its gradient is taken, such as one over the
    ///     number of scored tokens in the step.
    ///   - dropout: what is dropped; nil for nothing.
    /// - Returns: the sum of the scored tokens' losses in nats, not scaled.
    public func accumulateGradients(
        inputs: Span<Int32>, targets: Span<Int32>, documentStarts: [Int32]? = nil, scale: Float,
        dropout: Dropout? = nil
    ) -> Double {
        precondition(
            inputs.count == batchSize * contextLength, "a batch of another size than the runner's")
        load(inputs, targets, documentStarts)
        precondition(scale != 0 && scale.isFinite, "a scale of \(scale) gives no gradient")
        timed(.packing) { weights.refresh(team) }
        let work = Work(scale: scale, hasStarts: documentStarts != nil, dropout: dropout)
        if slotSlices.isEmpty {
            eachItem(1, profile) { _, pass in learn(slot: 0, into: ownSlices, pass, work) }
        } else {
            for first in stride(from: 0, to: slotCount, by: slotSlices.count) {
                let slots = first..<min(first + slotSlices.count, slotCount)
                eachItem(slots.count, profile) { place, pass in
                    pass.timed(.gradientSum) { clearSlot(place) }
                    learn(slot: first + place, into: slotSlices[place], pass, work)
                }
                timed(.gradientSum) { sumSlots(slots.count) }
            }
        }
        return sumOfLosses(batchSize * contextLength)
    }

    /// What sequences are learned with.
    private struct Work {
        let scale: Float
        let hasStarts: Bool
        let dropout: Dropout?
    }

    /// Forward and backward of the sequences of a slot, adding to `gradients`.
    private func learn(
        slot: Int, into gradients: ParameterSlices, _ pass: SequencePass, _ work: Work
    ) {
        for sequence in slot * sequencesPerSlot..<(slot + 1) * sequencesPerSlot {
            var input = input(sequence, hasStarts: work.hasStarts)
            input.dropout = work.dropout?.stream(ofSequence: sequence)
            pass.forward(input, weights.slices)
            pass.lossAndBackward(
                targets: self.targets.slice(range(of: sequence)), scale: work.scale,
                weights.slices, gradients)
            keepLosses(of: sequence, pass)
        }
    }

    /// Calls `body` with each item and the pass to work on it with: as many at once as there are
    /// threads or, where the threads share a pass, one after the other.
    private func eachItem(
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

    private func clearSlot(_ place: Int) {
        let count = gradients.count
        slotGradients.slice(place * count..<(place + 1) * count).zero()
    }

    private func timed(_ part: StepPart, _ work: () -> Void) {
        guard let profile else { return work() }
        profile.main.measure(part, work)
    }

    /// The loss in nats of each token, forward only; 0 where the target is -1.
    ///
    /// - Parameters:
    ///   - inputs: token ids, any number of sequences up to the batch size, row-major.
    ///   - targets: the tokens to predict, or -1.
    ///   - documentStarts: as for ``accumulateGradients(inputs:targets:documentStarts:scale:dropout:)``.
    public func tokenLosses(
        inputs: Span<Int32>, targets: Span<Int32>, documentStarts: [Int32]? = nil
    ) -> [Float] {
        precondition(
            inputs.count % contextLength == 0 && inputs.count <= batchSize * contextLength,
            "losses are for whole sequences, at most a batch of them")
        load(inputs, targets, documentStarts)
        weights.refresh(team)
        let parameters = weights.slices
        // A profile is of training.
        eachItem(inputs.count / contextLength, nil) { sequence, pass in
            pass.forward(input(sequence, hasStarts: documentStarts != nil), parameters)
            pass.loss(parameters, targets: self.targets.slice(range(of: sequence)))
            keepLosses(of: sequence, pass)
        }
        return losses.array(0..<inputs.count)
    }

    private func range(of sequence: Int) -> Range<Int> {
        sequence * contextLength..<(sequence + 1) * contextLength
    }

    private func input(_ sequence: Int, hasStarts: Bool) -> SequencePass.Input {
        .init(
            ids: inputs.slice(range(of: sequence)),
            starts: hasStarts ? starts.slice(range(of: sequence)) : nil)
    }

    private func keepLosses(of sequence: Int, _ pass: SequencePass) {
        kernels.copy(
            pass.activations.losses.at(0, contextLength), to: losses.slice(range(of: sequence)))
    }

    /// Copies ids in after looking at each, for C does not look.
    private func load(
        _ inputs: Span<Int32>, _ targets: Span<Int32>, _ documentStarts: [Int32]?
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
                targets[index] >= -1 && Int(targets[index]) < model.configuration.vocabularySize,
                "target \(targets[index]) is neither -1 nor in the vocabulary")
        }
        self.inputs.copy(from: inputs)
        self.targets.copy(from: targets)
    }

    /// gradients += slot 0 + slot 1 + …, in that order for every float.
    private func sumSlots(_ slotCount: Int) {
        let count = gradients.count
        OptimizerKernels.eachBlock(of: count, team) { range in
            for slot in 0..<slotCount {
                let start = slot * count + range.lowerBound
                kernels.add(
                    slotGradients.slice(start..<start + range.count), to: gradients.slice(range))
            }
        }
    }

    private func sumOfLosses(_ count: Int) -> Double {
        losses.withSpan { span in
            var sum = 0.0
            for index in 0..<count { sum += Double(span[index]) }
            return sum
        }
    }
}
