extension PlainGPT {
    /// The gradient of `scale` times the sum of the losses, by every parameter, with the layout of
    /// the parameters.
    ///
    /// The forward's steps in reverse: each turns the gradient by its output into the gradient by
    /// its input, and adds the gradients of its own parameters.
    public func gradients(
        _ ids: [TokenID], targets: [TokenID], scale: Scalar, documentStarts: [Int32]? = nil,
        dropout: Dropout? = nil
    ) -> [Scalar] {
        let sequence = sequence(ids, documentStarts, dropout)
        let trace = forward(sequence)
        var gradients = [Scalar](repeating: 0, count: layout.floatCount)
        let head = matrix(headName)
        let c = configuration.embeddingSize

        // The loss by the logits: the probability, less one at the target.
        var dHead = Matrix(head.rows, c)
        var dNorm = Matrix(ids.count, c)
        for t in 0..<ids.count where targets[t] != .ignored {
            let probabilities = Self.softmax(trace.logits, row: t)
            for v in 0..<head.rows {
                let dLogit = scale * (probabilities[v] - (v == targets[t].index ? 1 : 0))
                for i in 0..<c {
                    dNorm[t, i] += dLogit * head[v, i]
                    dHead[v, i] += dLogit * trace.norm[t, i]
                }
            }
        }
        add(dHead.elements, headName, &gradients)
        var dx = normBackward(dNorm, trace.output, names.finalNorm, &gradients)
        for layer in (0..<configuration.layerCount).reversed() {
            dx = backwardBlock(dx, trace.blocks[layer], layer, sequence, &gradients)
        }
        backwardEmbedding(dx, sequence, &gradients)
        return gradients
    }

    /// A tied embedding is used twice, here and in the head: its gradients add.
    private func backwardEmbedding(
        _ dOutput: Matrix, _ sequence: Sequence, _ gradients: inout [Scalar]
    ) {
        let c = configuration.embeddingSize
        let dx = sequence.dropout?.drop(dOutput, .embedding) ?? dOutput
        var dTokens = Matrix(configuration.vocabularySize, c)
        var dPositions = Matrix(configuration.positionCount, c)
        for t in 0..<dx.rows {
            for i in 0..<c {
                dTokens[sequence.ids[t].index, i] +=
                    dx[t, i] * Scalar(configuration.embeddingFactor)
                dPositions[sequence.places[t], i] += dx[t, i]
            }
        }
        add(dTokens.elements, names.tokens, &gradients)
        if configuration.positionEncoding == .learned, let name = names.positions {
            add(dPositions.elements, name, &gradients)
        }
    }

    private func backwardBlock(
        _ dOutput: Matrix, _ trace: BlockTrace, _ layer: Int, _ sequence: Sequence,
        _ gradients: inout [Scalar]
    ) -> Matrix {
        let h = names.block(layer)
        // The gradient of a residual addition goes both ways: into the block's part and past it.
        var dAdded = sequence.dropout?.drop(dOutput, .feedForward(layer: layer)) ?? dOutput
        if !h.addedNorm2.isEmpty {
            dAdded = normBackward(dAdded, trace.product2, h.addedNorm2, &gradients)
        }
        var dUp = linearBackward(dAdded, trace.hidden, h.down, &gradients)
        if configuration.architecture.isGated {
            dUp = PlainGate.backward(dUp, trace.up, configuration.activation)
        } else {
            for index in dUp.elements.indices {
                dUp.elements[index] *= PlainActivation.derivative(
                    trace.up.elements[index], configuration.activation)
            }
        }
        let dNorm2 = linearBackward(dUp, trace.norm2, h.up, &gradients)
        let isParallel = configuration.isParallel
        let dSource = normBackward(
            dNorm2, isParallel ? trace.input : trace.middle, h.norm2, &gradients)
        var dMiddle = dOutput
        if !isParallel { dMiddle += dSource }
        var dFetched = sequence.dropout?.drop(dMiddle, .attentionOutput(layer: layer)) ?? dMiddle
        if !h.addedNorm1.isEmpty {
            dFetched = normBackward(dFetched, trace.product1, h.addedNorm1, &gradients)
        }
        let dAttended = linearBackward(dFetched, trace.attended, h.out, &gradients)
        let dQKV = attention(layer, sequence).backward(dAttended, trace.qkv)
        let dProjected = headsBackward(dQKV, trace.projected, h, layer, sequence, &gradients)
        let dNorm1 = linearBackward(dProjected, trace.norm1, h.qkv, &gradients)
        var dInput = normBackward(dNorm1, trace.input, h.norm1, &gradients)
        dInput += dMiddle
        if isParallel { dInput += dSource }
        return dInput
    }

    private func headsBackward(
        _ dQKV: Matrix, _ projected: Matrix, _ h: TensorNames.Block, _ layer: Int,
        _ sequence: Sequence, _ gradients: inout [Scalar]
    ) -> Matrix {
        let shape = AttentionShape(configuration, positions: projected.rows)
        var dProjected = dQKV
        if let table = rotaryTable(ofLayer: layer) {
            PlainRotation.backward(
                &dProjected, heads: shape.heads + shape.keyValueHeads, size: shape.headSize,
                turned: configuration.rotaryWidth, places: sequence.places, table: table)
        }
        for head in 0..<shape.heads + shape.keyValueHeads where !h.headNorms.isEmpty {
            let columns = head * shape.headSize..<(head + 1) * shape.headSize
            dProjected[columns: columns] = normBackward(
                dProjected[columns: columns], projected[columns: columns],
                [h.headNorms[head < shape.heads ? 0 : 1]], &gradients)
        }
        return dProjected
    }

    private func linearBackward(
        _ dy: Matrix, _ x: Matrix, _ tensors: TensorNames.Linear, _ gradients: inout [Scalar]
    ) -> Matrix {
        var dx = Matrix(x.rows, x.columns)
        var column = 0
        for (index, name) in tensors.weights.enumerated() {
            let weight = weight(name)
            var dWeight = Matrix(weight.rows, weight.columns)
            var dBias = [Scalar](repeating: 0, count: weight.columns)
            dx += PlainLinear.backward(
                dy[columns: column..<column + weight.columns], x, weight, &dWeight, &dBias)
            column += weight.columns
            add(
                (names.storesOutputRows ? dWeight.transposed : dWeight).elements, name, &gradients)
            if !tensors.biases.isEmpty { add(dBias, tensors.biases[index], &gradients) }
        }
        return dx
    }

    private func normBackward(
        _ dy: Matrix, _ x: Matrix, _ tensors: [String], _ gradients: inout [Scalar]
    ) -> Matrix {
        var dWeight = [Scalar](repeating: 0, count: place(tensors[0]).count)
        let dx: Matrix
        if tensors.count == 2 {
            var dBias = dWeight
            dx = PlainLayerNorm.backward(
                dy, x, vector(tensors[0]), epsilon, &dWeight, &dBias)
            add(dBias, tensors[1], &gradients)
        } else {
            dx = PlainRMSNorm.backward(dy, x, factors(tensors[0]), epsilon, &dWeight)
        }
        add(dWeight, tensors[0], &gradients)
        return dx
    }

    private func add(_ values: [Scalar], _ name: String, _ gradients: inout [Scalar]) {
        let start = place(name).offset
        for index in values.indices { gradients[start + index] += values[index] }
    }
}
