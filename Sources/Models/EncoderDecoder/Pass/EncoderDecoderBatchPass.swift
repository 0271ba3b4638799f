import Work

/// An encoder–decoder's pass over batches: threads take slots or, where there are more threads than
/// slots, share the operations on each window.
final class EncoderDecoderBatchPass: BatchPass {
    private let weights: PackedWeights<EncoderDecoderSlices>
    private let passes: [PairPass]
    private let team: ThreadTeam
    private let isShared: Bool
    private let gradients: [(floats: FloatSlice, slices: EncoderDecoderSlices)]

    /// Room for the batches of `room`.
    init(_ model: EncoderDecoder, _ room: BatchRoom) {
        let plan = room.plan
        team = room.team
        isShared = plan.sharesSlots
        weights = PackedWeights(model.slices, model.layout, level: plan.level)
        passes = (0..<(plan.sharesSlots ? 1 : plan.threadCount)).map { _ in
            PairPass(
                model.configuration, positionTable: model.positionTable,
                length: plan.contextLength, level: plan.level,
                team: plan.sharesSlots ? room.team : nil)
        }
        gradients = room.gradients.map {
            ($0, EncoderDecoderSlices(model.configuration, model.layout, in: $0))
        }
    }

    var memory: BatchPassMemory {
        BatchPassMemory(
            panels: weights.byteCount, activations: passes.reduce(0) { $0 + $1.byteCount })
    }

    /// Memory of a pass, before anything of it is allocated.
    static func memory(of shape: EncoderDecoderConfiguration, _ plan: BatchPlan) -> BatchPassMemory
    {
        let count = PairPass.floatCount(
            shape, length: plan.contextLength, level: plan.level,
            threadCount: plan.sharesSlots ? plan.threadCount : 1)
        let layout = shape.layout
        return BatchPassMemory(
            panels: 4
                * PackedWeights.floatCount(layout, Kernels(plan.level)) {
                    EncoderDecoderSlices(shape, layout, in: $0)
                },
            activations: 4 * count * (plan.sharesSlots ? 1 : plan.threadCount))
    }

    func refresh() { weights.refresh(team) }

    func computeLosses(ofSequences count: Int, of batch: BatchInput) {
        // The profile measures training only.
        eachItem(count, nil) { sequence, pass in
            pass.dropout = nil
            run(sequence, batch, pass) { pass.loss(weights.slices) }
        }
    }

    func computeGradients(of slots: [BatchSlot], of batch: BatchInput, scale: Float) {
        eachItem(slots.count, batch.profile) { item, pass in
            let (floats, gradients) = gradients[slots[item].gradient]
            pass.timed(.gradientSum) { floats.zero() }
            for sequence in slots[item].sequences {
                pass.dropout = batch.dropout?.stream(ofSequence: sequence)
                run(sequence, batch, pass) {
                    pass.lossAndBackward(scale: scale, weights.slices, gradients)
                }
            }
        }
    }

    /// The forward of a window, `work` where there is a target, and the losses.
    private func run(_ sequence: Int, _ batch: BatchInput, _ pass: PairPass, _ work: () -> Void) {
        let losses = batch.losses(of: sequence)
        guard
            pass.forward(
                batch.ids(of: sequence), starts: batch.starts(of: sequence),
                targets: batch.targets(of: sequence), weights.slices)
        else {
            losses.zero()
            return
        }
        work()
        pass.keepLosses(in: losses)
    }

    /// Calls `body` with each item and the pass to work on it with: as many at once as there are
    /// threads or, where the threads share a pass, one after the other.
    private func eachItem(
        _ count: Int, _ profile: StepProfile?, _ body: (_ item: Int, PairPass) -> Void
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
}
