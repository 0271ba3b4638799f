import Work

/// A decoder's pass over batches: threads take slots or, where there are more threads than slots,
/// share the operations on each sequence.
///
/// A sequence's activations are a thread's, so a step of many sequences needs no more of them than
/// one of few.
final class GPTBatchPass: BatchPass {
    private let weights: PackedWeights<ParameterSlices>
    private let passes: TeamPasses<SequencePass>
    private let team: ThreadTeam
    private let gradients: [(floats: FloatSlice, slices: ParameterSlices)]
    private let kernels: Kernels
    private let partStarts: [Int]

    /// Room for the batches of `room`.
    init(_ model: GPT, _ room: BatchRoom) {
        let plan = room.plan
        team = room.team
        kernels = Kernels(plan.level)
        partStarts = model.layout.partStarts
        weights = PackedWeights(model.slices, model.layout, level: plan.level)
        passes = TeamPasses(room) { team in
            SequencePass(
                model, length: plan.contextLength, level: plan.level, keepsAll: true,
                team: team)
        }
        gradients = room.gradients.map {
            ($0, ParameterSlices(model.configuration, model.layout, in: $0))
        }
    }

    var memory: BatchPassMemory {
        BatchPassMemory(
            panels: weights.byteCount, activations: passes.byteCount)
    }

    /// Memory of a pass, before anything of it is allocated.
    static func memory(of shape: GPTConfiguration, _ plan: BatchPlan) -> BatchPassMemory {
        let pass = SequencePass.Shape(
            shape, length: plan.contextLength, level: plan.level, keepsAll: true,
            threadCount: plan.passThreadCount)
        let layout = shape.layout
        return BatchPassMemory(
            panels: 4
                * PackedWeights.floatCount(layout, Kernels(plan.level)) {
                    ParameterSlices(shape, layout, in: $0)
                },
            activations: 4 * pass.floatCount * plan.passCount)
    }

    func refresh() { weights.refresh(team) }

    func computeLosses(ofSequences count: Int, of batch: BatchInput) {
        let parameters = weights.slices
        // The profile measures training only.
        passes.eachItem(count, nil) { sequence, pass in
            pass.forward(input(sequence, batch), parameters)
            pass.loss(parameters, targets: batch.targets(of: sequence))
            keepLosses(of: sequence, batch, pass)
        }
    }

    func computeGradients(of slots: [BatchSlot], of batch: BatchInput, scale: Float) {
        passes.eachItem(slots.count, batch.profile) { item, pass in
            let (floats, gradients) = gradients[slots[item].gradient]
            pass.timed(.gradientSum) { floats.zero() }
            for sequence in slots[item].sequences {
                var input = input(sequence, batch)
                input.dropout = batch.dropout?.stream(ofSequence: sequence)
                pass.forward(input, weights.slices)
                pass.lossAndBackward(
                    targets: batch.targets(of: sequence), scale: scale, weights.slices, gradients
                ) { part in
                    guard sequence == slots[item].sequences.upperBound - 1 else { return }
                    batch.progress?.reached(partStarts[part], slot: item)
                }
                keepLosses(of: sequence, batch, pass)
            }
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
