import Work

/// A decoder's pass over batches: threads take slots or, where there are more threads than slots,
/// share the operations on each sequence.
///
/// A sequence's activations are a thread's, so a step of many sequences needs no more of them than
/// one of few.
final class GPTBatchPass: BatchPass {
    private let weights: PackedWeights<ParameterSlices>
    private let passes: [SequencePass]
    private let team: ThreadTeam
    private let isShared: Bool
    private let gradients: [(floats: FloatSlice, slices: ParameterSlices)]
    private let kernels: Kernels

    /// Room for the batches of `room`.
    init(_ model: GPT, _ room: BatchRoom) {
        let plan = room.plan
        team = room.team
        isShared = plan.sharesSlots
        kernels = Kernels(plan.level)
        weights = PackedWeights(model.slices, model.layout, level: plan.level)
        passes = (0..<(plan.sharesSlots ? 1 : plan.threadCount)).map { _ in
            SequencePass(
                model, length: plan.contextLength, level: plan.level, keepsAll: true,
                team: plan.sharesSlots ? room.team : nil)
        }
        gradients = room.gradients.map {
            ($0, ParameterSlices(model.configuration, model.layout, in: $0))
        }
    }

    var memory: BatchPassMemory {
        BatchPassMemory(
            panels: weights.byteCount, activations: passes.reduce(0) { $0 + $1.byteCount })
    }

    /// Memory of a pass, before anything of it is allocated.
    static func memory(of shape: GPTConfiguration, _ plan: BatchPlan) -> BatchPassMemory {
        let pass = SequencePass.Shape(
            shape, length: plan.contextLength, level: plan.level, keepsAll: true,
            threadCount: plan.sharesSlots ? plan.threadCount : 1)
        let layout = shape.layout
        return BatchPassMemory(
            panels: 4
                * PackedWeights.floatCount(layout, Kernels(plan.level)) {
                    ParameterSlices(shape, layout, in: $0)
                },
            activations: 4 * pass.floatCount * (plan.sharesSlots ? 1 : plan.threadCount))
    }

    func refresh() { weights.refresh(team) }

    func computeLosses(ofSequences count: Int, of batch: BatchInput) {
        let parameters = weights.slices
        // The profile measures training only.
        eachItem(count, nil) { sequence, pass in
            pass.forward(input(sequence, batch), parameters)
            pass.loss(parameters, targets: batch.targets(of: sequence))
            keepLosses(of: sequence, batch, pass)
        }
    }

    func computeGradients(of slots: [BatchSlot], of batch: BatchInput, scale: Float) {
        eachItem(slots.count, batch.profile) { item, pass in
            let (floats, gradients) = gradients[slots[item].gradient]
            pass.timed(.gradientSum) { floats.zero() }
            for sequence in slots[item].sequences {
                var input = input(sequence, batch)
                input.dropout = batch.dropout?.stream(ofSequence: sequence)
                pass.forward(input, weights.slices)
                pass.lossAndBackward(
                    targets: batch.targets(of: sequence), scale: scale, weights.slices, gradients)
                keepLosses(of: sequence, batch, pass)
            }
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

    private func input(_ sequence: Int, _ batch: BatchInput) -> SequencePass.Input {
        .init(ids: batch.ids(of: sequence), starts: batch.starts(of: sequence))
    }

    private func keepLosses(of sequence: Int, _ batch: BatchInput, _ pass: SequencePass) {
        kernels.copy(
            pass.activations.losses.at(0, batch.contextLength), to: batch.losses(of: sequence))
    }
}
