import Work

/// The gradients of the parameters. Each slot's are sums over its own places alone.
extension RecurrentPass {
    /// A slot at work: its rows among those of the pass, and its gradients.
    struct Slot {
        let rows: Range<Int>
        let gradients: RecurrentSlices
        let tokens: TokenRows
        /// Its first row of ``RecurrentActivations/tokenVectors`` and of the products.
        let firstTokenRow: Int
    }

    /// The places of a slot as a matrix, from `place` of its first sequence on, without the last.
    private func places(
        of slot: Slot, _ slice: FloatSlice, _ columns: Int, rowStride: Int, from place: Int = 0
    ) -> Matrix {
        let count = slot.rows.count * places - 1
        return Matrix(
            slice.at(
                (slot.rows.lowerBound * places + place) * rowStride, count * rowStride), count,
            columns, rowStride: rowStride)
    }

    /// Calls `body` with parts of the columns 0..<count for each slot, so many that no thread is
    /// without.
    private func eachPart(
        _ slots: [Slot], _ count: Int, _ body: (Slot, _ columns: Range<Int>, _ worker: Int) -> Void
    ) {
        let unit = Self.blockUnits
        let unitCount = (count + unit - 1) / unit
        let wanted = (2 * team.threadCount + slots.count - 1) / slots.count
        let partCount = team.threadCount == 1 ? 1 : min(unitCount, wanted)
        team.run(slots.count * partCount) { item, worker in
            let part = item % partCount
            let start = unitCount * part / partCount * unit
            let end = min(unitCount * (part + 1) / partCount * unit, count)
            body(slots[item / partCount], start..<end, worker)
        }
    }

    // MARK: Head

    /// Logits, softmax, loss and all gradients of the head, a block of places at a time: writes
    /// `losses` and `dOut`, and adds to the slots' gradients.
    func head(_ slots: [Slot], scale: Float) {
        guard slots.count >= team.threadCount else {
            for slot in slots { head(slot, scale: scale, worker: nil) }
            return
        }
        team.run(slots.count) { head(slots[$0], scale: scale, worker: $1) }
    }

    /// - Parameter worker: the thread that has the slot; nil for all.
    private func head(_ slot: Slot, scale: Float, worker: Int?) {
        let h = configuration.hiddenSize
        let a = activations
        let outputs = places(
            of: slot, a.layers[configuration.layerCount - 1].hidden, h, rowStride: h, from: 1)
        let dOutputs = places(of: slot, a.dOut, h, rowStride: h)
        let first = slot.rows.lowerBound * places
        for start in stride(from: 0, to: outputs.rows, by: shape.headRows) {
            let range = start..<min(start + shape.headRows, outputs.rows)
            let logits = Matrix(
                a.logits[worker ?? 0], range.count, configuration.vocabularySize,
                rowStride: shape.logitStride)
            let x = outputs.rows(range)
            multiply(x, weights.head.transposed, into: logits, worker: worker)
            kernels.crossEntropy(
                logits, targets: targets.slice(first + start..<first + range.upperBound),
                scale: scale, losses: a.losses.at(first + start, range.count))
            multiply(logits, weights.head, into: dOutputs.rows(range), worker: worker)
            multiply(logits.transposed, x, into: slot.gradients.head, .add, worker: worker)
        }
    }

    /// Writes `losses` of all sequences.
    func losses() {
        let h = configuration.hiddenSize
        let a = activations
        let outputs = everyPlace(
            a.layers[configuration.layerCount - 1].hidden, h, rowStride: h, from: 1)
        let count = shape.headRows
        team.run((outputs.rows + count - 1) / count) { item, worker in
            let range = item * count..<min((item + 1) * count, outputs.rows)
            let logits = Matrix(
                a.logits[worker], range.count, configuration.vocabularySize,
                rowStride: shape.logitStride)
            kernels.multiply(
                outputs.rows(range), weights.head.transposed, into: logits,
                workspace: a.productWorkspaces[worker])
            kernels.crossEntropy(
                logits, targets: targets.slice(range), scale: 0,
                losses: a.losses.at(range.lowerBound, range.count))
        }
    }

    /// All logits of one sequence, (t, V).
    func logits(into logits: Matrix) {
        let h = configuration.hiddenSize
        let outputs = everyPlace(
            activations.layers[configuration.layerCount - 1].hidden, h, rowStride: h, from: 1)
        multiply(outputs, weights.head.transposed, into: logits)
    }

    /// C = A·B through an epilogue, on one thread or on all, by columns.
    private func multiply(
        _ a: Matrix, _ b: Matrix, into c: Matrix, _ epilogue: Epilogue = .store, worker: Int?
    ) {
        let workspaces = activations.productWorkspaces
        if let worker {
            kernels.multiply(a, b, into: c, epilogue, workspace: workspaces[worker])
            return
        }
        let unit = Self.blockUnits
        let unitCount = (c.columns + unit - 1) / unit
        let partCount = min(unitCount, 2 * team.threadCount)
        team.run(partCount) { part, worker in
            let range =
                unitCount * part / partCount
                * unit..<min(unitCount * (part + 1) / partCount * unit, c.columns)
            kernels.multiply(
                a, kernels.columns(range, of: b), into: c.columns(range), epilogue.columns(range),
                workspace: workspaces[worker])
        }
    }

    // MARK: Layers

    /// After ``head(_:scale:)``: back through the layers, from the last to the tokens.
    ///
    /// - Parameter reached: takes the number of each layer whose gradients are whole.
    func backward(_ slots: [Slot], reached: (_ layer: Int) -> Void) {
        for index in (0..<configuration.layerCount).reversed() {
            timed(.recurrentBackward) { backwardSteps(index) }
            if index > 0 {
                timed(.recurrentBackward) {
                    inputGradients(index, slots)
                    passDown(index)
                }
            } else {
                timed(.embeddingBackward) { tokenGradients(slots) }
            }
            // Last, for it clears sums that the others read.
            timed(.recurrentBackward) { hiddenGradients(index, slots) }
            reached(index)
        }
    }

    /// Gradients of the sums of the input's products.
    private func inputSums(_ slot: Slot, _ index: Int) -> Matrix {
        places(
            of: slot, activations.layers[index].gates,
            configuration.architecture.gateCount * configuration.hiddenSize,
            rowStride: shape.gateWidth)
    }

    /// Adds to the gradients of the input weights of a layer above the first: dWᵀ = dZᵀ·X.
    private func inputGradients(_ index: Int, _ slots: [Slot]) {
        let h = configuration.hiddenSize
        // Makes the dropped ones again.
        _ = input(ofLayer: index)
        let source =
            dropouts.isEmpty ? activations.layers[index - 1].hidden : activations.dOut
        eachPart(slots, configuration.architecture.gateCount * h) { slot, columns, worker in
            let x = places(
                of: slot, source, h, rowStride: h, from: dropouts.isEmpty ? 1 : 0)
            kernels.multiply(
                inputSums(slot, index).columns(columns).transposed, x,
                into: slot.gradients.layers[index].inputWeight.rows(columns), .add,
                workspace: activations.productWorkspaces[worker])
        }
    }

    /// Adds to the gradients of the biases and of the hidden weights. What a step multiplied where
    /// the state was zero counts for the biases only.
    private func hiddenGradients(_ index: Int, _ slots: [Slot]) {
        let h = configuration.hiddenSize
        let layer = activations.layers[index]
        let isGRU = configuration.architecture == .gru
        let width = configuration.architecture.gateCount * h
        team.run(slots.count) { item, _ in
            let slot = slots[item]
            let own = slot.gradients.layers[index]
            kernels.addRows(of: inputSums(slot, index), to: own.inputBias)
            own.hiddenBias.copy(from: own.inputBias)
            if isGRU {
                own.hiddenBias[2 * h..<3 * h].zero()
                let sums = places(of: slot, layer.gates, 4 * h, rowStride: 4 * h)
                kernels.addRows(
                    of: sums.columns(3 * h..<4 * h), to: own.hiddenBias[2 * h..<3 * h])
            }
            guard let fresh else { return }
            for place in slot.rows.lowerBound * places..<slot.rows.upperBound * places
            where fresh[place] != 0 {
                layer.gates.at(place * shape.gateWidth, shape.gateWidth).zero()
            }
        }
        eachPart(slots, width) { slot, columns, worker in
            let before = places(of: slot, layer.hidden, h, rowStride: h)
            let all = places(of: slot, layer.gates, shape.gateWidth, rowStride: shape.gateWidth)
            let gradient = slot.gradients.layers[index].hiddenWeight
            // The hidden product of the GRU's value is its fourth.
            var parts = [(columns, columns)]
            if isGRU {
                parts = [
                    (columns.clamped(to: 0..<2 * h), columns.clamped(to: 0..<2 * h)),
                    (
                        columns.clamped(to: 2 * h..<3 * h).shifted(by: h),
                        columns.clamped(to: 2 * h..<3 * h)
                    ),
                ]
            }
            for (columns, rows) in parts where !rows.isEmpty {
                kernels.multiply(
                    all.columns(columns).transposed, before, into: gradient.rows(rows), .add,
                    workspace: activations.productWorkspaces[worker])
            }
        }
    }

    /// The gradient of the layer below's outputs: dX = dZ·W, through dropout.
    private func passDown(_ index: Int) {
        let own = weights.layers[index].input
        let h = configuration.hiddenSize
        let sums = everyPlace(
            activations.layers[index].gates, own.columns, rowStride: shape.gateWidth, from: 0)
        let dInput = everyPlace(activations.dOut, h, rowStride: h, from: 0)
        multiply(sums, own.transposed, into: dInput)
        if !dropouts.isEmpty { drop(dInput, index, into: dInput) }
    }

    /// Adds to the gradients of the first layer's input weights and of the embedding. The sums'
    /// gradients are added up by token first, so that the products have a row a token and not one a
    /// place.
    private func tokenGradients(_ slots: [Slot]) {
        let a = activations
        let own = weights.layers[0].input
        let (width, e) = (own.columns, own.rows)
        for slot in slots {
            slot.tokens.find(
                ids.slice(slot.rows.lowerBound * length..<slot.rows.upperBound * length))
        }
        func sums(_ slot: Slot) -> Matrix {
            Matrix(
                a.tokenProducts.at(slot.firstTokenRow * width, slot.tokens.count * width),
                slot.tokens.count, width)
        }
        func vectors(_ slot: Slot) -> Matrix {
            Matrix(
                a.tokenVectors.at(slot.firstTokenRow * e, slot.tokens.count * e),
                slot.tokens.count, e)
        }
        team.run(slots.count) { item, _ in
            sums(slots[item]).slice.zero()
            kernels.embed(slots[item].tokens.ids, weights.tokens, into: vectors(slots[item]))
        }
        eachPart(slots, width) { slot, columns, worker in
            let sums = sums(slot)
            for (index, row) in slot.rows.enumerated() {
                for t in 0..<length {
                    let token = Int(slot.tokens.places[index * length + t])
                    kernels.add(
                        a.layers[0].gates.at(
                            (row * places + t) * shape.gateWidth + columns.lowerBound,
                            columns.count),
                        to: sums.slice.at(token * width + columns.lowerBound, columns.count))
                }
            }
            kernels.multiply(
                sums.columns(columns).transposed, vectors(slot),
                into: slot.gradients.layers[0].inputWeight.rows(columns), .add,
                workspace: a.productWorkspaces[worker])
        }
        // The vectors are read, and their gradients take their place.
        eachPart(slots, e) { slot, columns, worker in
            let d = vectors(slot)
            kernels.multiply(
                sums(slot), kernels.columns(columns, of: own.transposed), into: d.columns(columns),
                workspace: a.productWorkspaces[worker])
            for row in 0..<slot.tokens.count {
                kernels.add(
                    d.row(row)[columns],
                    to: slot.gradients.tokens.row(Int(slot.tokens.ids[row]))[columns])
            }
        }
    }
}

extension Range<Int> {
    fileprivate func shifted(by count: Int) -> Range<Int> {
        lowerBound + count..<upperBound + count
    }
}
