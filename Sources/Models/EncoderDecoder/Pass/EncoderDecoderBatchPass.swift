import Work

/// An encoder–decoder's pass over batches: threads take slots or, where there are more threads than
/// slots, share the operations on each window.
final class EncoderDecoderBatchPass: BatchPass {
    private let weights: PackedWeights<EncoderDecoderSlices>
    private let passes: TeamPasses<PairPass>
    private let team: ThreadTeam
    private let gradients: [(floats: FloatSlice, slices: EncoderDecoderSlices)]
    private let partStarts: [Int]

    /// Room for the batches of `room`.
    init(_ model: EncoderDecoder, _ room: BatchRoom) {
        let plan = room.plan
        team = room.team
        partStarts = model.layout.partStarts
        weights = PackedWeights(model.slices, model.layout, level: plan.level)
        passes = TeamPasses(room) { team in
            PairPass(
                model.configuration, positionTable: model.positionTable,
                length: plan.contextLength, level: plan.level,
                team: team)
        }
        gradients = room.gradients.map {
            ($0, EncoderDecoderSlices(model.configuration, model.layout, in: $0))
        }
    }

    var memory: BatchPassMemory {
        BatchPassMemory(
            panels: weights.byteCount, activations: passes.byteCount)
    }

    /// Memory of a pass, before anything of it is allocated.
    static func memory(of shape: EncoderDecoderConfiguration, _ plan: BatchPlan) -> BatchPassMemory
    {
        let count = PairPass.floatCount(
            shape, length: plan.contextLength, level: plan.level,
            threadCount: plan.passThreadCount)
        let layout = shape.layout
        return BatchPassMemory(
            panels: 4
                * PackedWeights.floatCount(layout, Kernels(plan.level)) {
                    EncoderDecoderSlices(shape, layout, in: $0)
                },
            activations: 4 * count * plan.passCount)
    }

    func refresh() { weights.refresh(team) }

    func computeLosses(ofSequences count: Int, of batch: BatchInput) {
        // The profile measures training only.
        passes.eachItem(count, nil) { sequence, pass in
            pass.dropout = nil
            run(sequence, batch, pass) { pass.loss(weights.slices) }
        }
    }

    func computeGradients(of slots: [BatchSlot], of batch: BatchInput, scale: Float) {
        passes.eachItem(slots.count, batch.profile) { item, pass in
            let (floats, gradients) = gradients[slots[item].gradient]
            pass.timed(.gradientSum) { floats.zero() }
            for sequence in slots[item].sequences {
                pass.dropout = batch.dropout?.stream(ofSequence: sequence)
                run(sequence, batch, pass) {
                    pass.lossAndBackward(scale: scale, weights.slices, gradients) { part in
                        guard sequence == slots[item].sequences.upperBound - 1 else { return }
                        batch.progress?.reached(partStarts[part], slot: item)
                    }
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
}
