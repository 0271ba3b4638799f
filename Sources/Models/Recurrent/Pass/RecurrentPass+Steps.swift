import Work

/// The layers and their steps through time.
extension RecurrentPass {
    /// A thread's share of the hidden units: whole half blocks.
    private func units(ofPart part: Int, of partCount: Int) -> Range<Int> {
        let unit = Self.blockUnits / 2
        let unitCount = (configuration.hiddenSize + unit - 1) / unit
        return unitCount * part / partCount
            * unit..<min(unitCount * (part + 1) / partCount * unit, configuration.hiddenSize)
    }

    /// Calls `body` on as many threads as have units, with the units in blocks.
    private func share(
        _ body: (_ blocks: [Range<Int>], _ worker: Int, StepBarrier) -> Void
    ) {
        let unit = Self.blockUnits / 2
        let partCount = min(team.threadCount, (configuration.hiddenSize + unit - 1) / unit)
        let barrier = StepBarrier(count: partCount)
        team.run(partCount) { part, worker in
            let own = units(ofPart: part, of: partCount)
            let blocks = stride(from: own.lowerBound, to: own.upperBound, by: Self.blockUnits).map {
                $0..<min($0 + Self.blockUnits, own.upperBound)
            }
            body(blocks, worker, barrier)
        }
    }

    private func fresh(at t: Int) -> PlacesOfStep? {
        fresh.map { PlacesOfStep(slice: $0.at(t, $0.count - t), stride: places) }
    }

    private func state(_ index: Int, columns: Int) -> Matrix {
        Matrix(activations.states[index & 1], rows, columns, rowStride: shape.stateStride)
    }

    // MARK: Forward

    /// Runs the layers; the outputs are `hidden` of the last. `initial` sets h and c before the
    /// first token, where they are not zero.
    func forward(initial: (_ layer: Int, _ row: Int, _ h: FloatSlice, _ c: FloatSlice?) -> Void) {
        let h = configuration.hiddenSize
        for index in 0..<configuration.layerCount {
            let layer = activations.layers[index]
            timed(.recurrentForward) { forwardInputs(index) }
            let hidden = place(0, layer.hidden, h)
            let cells = configuration.architecture == .lstm ? place(0, layer.cells, h) : nil
            for row in 0..<rows {
                hidden.row(row).zero()
                cells?.row(row).zero()
                initial(index, row, hidden.row(row), cells?.row(row))
                state(0, columns: h).row(row).copy(from: hidden.row(row))
            }
            timed(.recurrentForward) { forwardSteps(index) }
        }
    }

    /// The input's products: of the first layer for each different token once, of the others for
    /// every place.
    private func forwardInputs(_ index: Int) {
        let (a, own) = (activations, weights.layers[index])
        let width = own.input.columns
        guard index > 0 else {
            let vectors = Matrix(a.tokenVectors, tokens.count, own.input.rows)
            kernels.embed(tokens.ids, weights.tokens, into: vectors)
            multiply(
                vectors, own.input, into: Matrix(a.tokenProducts, tokens.count, width), own.bias)
            return
        }
        multiply(
            input(ofLayer: index), own.input,
            into: everyPlace(
                a.layers[index].gates, width, rowStride: shape.gateWidth, from: 0), own.bias)
    }

    /// What a layer above the first reads, (R · (t+1) - 1, H): the output below, of which numbers
    /// are dropped if there is dropout.
    func input(ofLayer index: Int) -> Matrix {
        let h = configuration.hiddenSize
        let below = everyPlace(activations.layers[index - 1].hidden, h, rowStride: h, from: 1)
        guard !dropouts.isEmpty else { return below }
        let dropped = everyPlace(activations.dOut, h, rowStride: h, from: 0)
        drop(below, index, into: dropped)
        return dropped
    }

    /// Drops numbers of each sequence's rows.
    func drop(_ x: Matrix, _ layer: Int, into out: Matrix) {
        team.run(rows) { row, _ in
            let range = row * places..<row * places + length
            kernels.drop(
                x.rows(range), dropouts[row].mask(.layerInput(layer: layer), heads: 0),
                into: out.rows(range))
        }
    }

    private func forwardSteps(_ index: Int) {
        let (a, own) = (activations, weights.layers[index])
        let (layer, h) = (a.layers[index], configuration.hiddenSize)
        let gateCount = configuration.architecture.gateCount
        share { blocks, worker, barrier in
            let workspace = a.productWorkspaces[worker]
            let hiddenWeights = blocks.map { units in
                own.hidden.map { kernels.columns(units, of: $0) }
            }
            for t in 0..<length {
                let before = state(t, columns: h)
                for (units, matrices) in zip(blocks, hiddenWeights) {
                    let count = rows * units.count
                    for gate in 0..<gateCount {
                        kernels.multiply(
                            before, matrices[gate],
                            into: Matrix(
                                a.stepProducts[worker].at(gate * count, count), rows, units.count),
                            workspace: workspace)
                    }
                    let gates = place(t, layer.gates, shape.gateWidth)
                    kernels.step(
                        RecurrentStep(
                            architecture: configuration.architecture, units: units,
                            inputs: index == 0
                                ? Matrix(a.tokenProducts, tokens.count, gateCount * h) : gates,
                            places: index == 0
                                ? PlacesOfStep(
                                    slice: tokens.places.slice(t..<rows * length), stride: length)
                                : nil,
                            products: a.stepProducts[worker], productRow: units.count,
                            productGate: count, bias: own.valueBias,
                            gates: configuration.architecture == .rnn ? nil : gates,
                            cells: configuration.architecture == .lstm
                                ? place(t, layer.cells, h) : nil,
                            nextCells: h, before: before,
                            hidden: place(t + 1, layer.hidden, h),
                            after: state(t + 1, columns: h), fresh: fresh(at: t)))
                }
                barrier.wait()
            }
        }
    }

    // MARK: Backward

    /// From `dOut`, the gradient of a layer's outputs, to that of its gates' sums, in `gates`.
    func backwardSteps(_ index: Int) {
        let (a, own) = (activations, weights.layers[index])
        let (layer, h) = (a.layers[index], configuration.hiddenSize)
        let width = configuration.architecture.gateCount * h
        a.carried.at(0, rows * h).zero()
        a.states[length & 1].zero()
        let last = place(length, layer.gates, shape.gateWidth)
        for row in 0..<rows { last.row(row).zero() }
        share { blocks, worker, barrier in
            let hiddenWeights = blocks.map { kernels.columns($0, of: own.hiddenTranspose) }
            for t in (0..<length).reversed() {
                let next = state(t + 1, columns: width)
                for (units, matrix) in zip(blocks, hiddenWeights) {
                    let products = a.stepProducts[worker].at(0, rows * units.count)
                    kernels.multiply(
                        next, matrix, into: Matrix(products, rows, units.count),
                        workspace: a.productWorkspaces[worker])
                    kernels.stepBackward(
                        RecurrentStepGradient(
                            architecture: configuration.architecture, units: units,
                            dOut: place(t, a.dOut, h), products: products,
                            gates: place(t, layer.gates, shape.gateWidth),
                            cells: configuration.architecture == .lstm
                                ? place(t, layer.cells, h) : nil,
                            nextCells: h, hidden: place(t, layer.hidden, h), nextHidden: h,
                            carried: Matrix(a.carried, rows, h),
                            after: state(t, columns: width), fresh: fresh(at: t)))
                }
                barrier.wait()
            }
        }
    }
}
