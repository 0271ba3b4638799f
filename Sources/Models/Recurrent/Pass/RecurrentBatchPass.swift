import Work

/// A recurrent model's pass over batches: the sequences of all slots of a wave go through it side
/// by side.
final class RecurrentBatchPass: BatchPass {
    private let pass: RecurrentPass
    private let gradients: [(floats: FloatSlice, slices: RecurrentSlices)]
    private let slotTokens: [TokenRows]
    private let kernels: Kernels
    private let partStarts: [Int]

    /// Room for the batches of `room`.
    init(_ model: RecurrentModel, _ room: BatchRoom) {
        let shape = Self.shape(model.configuration, room.plan)
        pass = RecurrentPass(model, shape, team: room.team, level: room.plan.level)
        kernels = shape.kernels
        partStarts = model.layout.partStarts
        gradients = room.gradients.map {
            ($0, RecurrentSlices(model.configuration, model.layout, in: $0))
        }
        slotTokens = (0..<shape.slotCount).map { _ in
            TokenRows(
                placeCount: shape.slotRows * shape.length,
                vocabularySize: model.configuration.vocabularySize)
        }
    }

    /// The sizes of a pass for batches.
    static func shape(_ configuration: RecurrentConfiguration, _ plan: BatchPlan)
        -> RecurrentPass.Shape
    {
        let tree = plan.tree(joinsSlots: RecurrentConfiguration.joinsSlots)
        let slotCount = tree.waves.map(\.slots.count).max() ?? 1
        let slotRows = tree.sequences(ofSlot: 0, of: plan.batchSize).count
        return RecurrentPass.Shape(
            configuration: configuration, rows: min(slotCount * slotRows, plan.batchSize),
            length: plan.contextLength, slotRows: slotRows, slotCount: slotCount,
            threadCount: plan.threadCount, kernels: Kernels(plan.level))
    }

    /// Memory of a pass, before anything of it is allocated.
    static func memory(
        of configuration: RecurrentConfiguration, _ plan: BatchPlan
    ) -> BatchPassMemory {
        let shape = shape(configuration, plan)
        let width = configuration.architecture.gateCount * configuration.hiddenSize
        return BatchPassMemory(
            panels: 4
                * (RecurrentWeights.floatCount(configuration, shape.kernels)
                    + configuration.layerCount * width),
            activations: 4
                * (shape.floatCount + RecurrentPass.idCount(shape) + slotIDCount(shape)))
    }

    private static func slotIDCount(_ shape: RecurrentPass.Shape) -> Int {
        let vocabularySize = shape.configuration.vocabularySize
        let places = shape.slotRows * shape.length
        return shape.slotCount * (places + min(places, vocabularySize) + vocabularySize)
    }

    var memory: BatchPassMemory {
        BatchPassMemory(
            panels: pass.weights.byteCount,
            activations: pass.byteCount + 4 * Self.slotIDCount(pass.shape))
    }

    func refresh() { pass.weights.refresh(pass.team) }

    func computeLosses(ofSequences count: Int, of batch: BatchInput) {
        // The profile measures training only, and states are carried there only.
        pass.profile = nil
        pass.dropouts = []
        for start in stride(from: 0, to: count, by: pass.shape.rows) {
            let sequences = start..<min(start + pass.shape.rows, count)
            load(sequences, batch)
            pass.forward { _, _, _, _ in }
            pass.losses()
            keepLosses(sequences, batch)
        }
    }

    func computeGradients(of slots: [BatchSlot], of batch: BatchInput, scale: Float) {
        let sequences = slots[0].sequences.lowerBound..<slots[slots.count - 1].sequences.upperBound
        pass.profile = batch.profile
        pass.dropouts =
            batch.dropout.map { dropout in
                sequences.map { dropout.stream(ofSequence: $0) }
            } ?? []
        var firstTokenRow = 0
        let own = slots.enumerated().map { index, slot in
            let rows = slot.sequences.count
            defer {
                firstTokenRow += min(
                    rows * pass.length, pass.configuration.vocabularySize)
            }
            let first = slot.sequences.lowerBound - sequences.lowerBound
            return RecurrentPass.Slot(
                rows: first..<first + rows, gradients: gradients[slot.gradient].slices,
                tokens: slotTokens[index], firstTokenRow: firstTokenRow)
        }
        pass.timed(.gradientSum) {
            pass.team.run(slots.count) { gradients[slots[$0].gradient].floats.zero() }
        }
        pass.timed(.embedding) { load(sequences, batch) }
        pass.forward { layer, row, h, c in
            guard let carriedState = batch.carriedState else { return }
            let saved = slice(carriedState, layer, sequences.lowerBound + row)
            h.copy(from: saved[0..<h.count])
            c?.copy(from: saved[h.count..<2 * h.count])
        }
        if let carriedState = batch.carriedState { keepState(carriedState, sequences) }
        pass.timed(.head) { pass.head(own, scale: scale) }
        // All slots of the last wave go side by side.
        func reached(_ part: Int) {
            guard let progress = batch.progress, part < partStarts.count else { return }
            for slot in slots.indices { progress.reached(partStarts[part], slot: slot) }
        }
        reached(pass.configuration.layerCount + 1)
        pass.backward(own) { reached($0 + 1) }
        keepLosses(sequences, batch)
    }

    private func load(_ sequences: Range<Int>, _ batch: BatchInput) {
        let first = sequences.lowerBound
        pass.load(
            sequences.count, ids: { batch.ids(of: first + $0) },
            targets: { batch.targets(of: first + $0) }, starts: { batch.starts(of: first + $0) })
    }

    private func keepLosses(_ sequences: Range<Int>, _ batch: BatchInput) {
        for (row, sequence) in sequences.enumerated() {
            kernels.copy(
                pass.activations.losses.at(row * pass.places, pass.length),
                to: batch.losses(of: sequence))
        }
    }

    /// The state of a layer in a sequence of the batch; states are (batch, layers, h and c, H).
    private func slice(_ state: FloatBuffer, _ layer: Int, _ sequence: Int) -> FloatSlice {
        let c = pass.configuration
        let count = c.architecture.stateCount * c.hiddenSize
        let start = (sequence * c.layerCount + layer) * count
        return state.slice(start..<start + count)
    }

    private func keepState(_ state: FloatBuffer, _ sequences: Range<Int>) {
        let h = pass.configuration.hiddenSize
        for (index, layer) in pass.activations.layers.enumerated() {
            for (row, sequence) in sequences.enumerated() {
                let saved = slice(state, index, sequence)
                let last = (row * pass.places + pass.length) * h
                saved[0..<h].copy(from: layer.hidden.at(last, h))
                if saved.count > h { saved[h..<2 * h].copy(from: layer.cells.at(last, h)) }
            }
        }
    }
}
