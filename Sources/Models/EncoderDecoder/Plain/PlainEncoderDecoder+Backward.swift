extension PlainEncoderDecoder {
    /// The gradient of `scale` times the sum of a window's losses, by every parameter, with the
    /// layout of the parameters.
    ///
    /// The forward's steps in reverse: each turns the gradient by its output into the gradient by
    /// its input, and adds the gradients of its own parameters. That of the terms of the logits
    /// stays 0, for they are not trained.
    public func gradients(
        _ ids: [TokenID], targets: [TokenID], scale: Scalar, documentStarts: [Int32]? = nil
    ) -> [Scalar] {
        var gradients = [Scalar](repeating: 0, count: layout.floatCount)
        eachPair(ids.count, documentStarts) { pair in
            let (source, target) = sides(of: ids[pair])
            guard !target.isEmpty else { return }
            let scored = Array(targets[pair.upperBound - target.count..<pair.upperBound])
            backward(source, target, scored, scale, &gradients)
        }
        return gradients
    }

    private func backward(
        _ source: [TokenID], _ target: [TokenID], _ scored: [TokenID], _ scale: Scalar,
        _ gradients: inout [Scalar]
    ) {
        let trace = forward(source, target)
        let head = matrix(Names.tokens)
        // The loss by the logits: the probability, less one at the target.
        var dLogits = Matrix(target.count, head.rows)
        for t in target.indices where scored[t] != .ignored {
            let probabilities = PlainGPT<Scalar>.softmax(trace.logits, row: t)
            for v in 0..<head.rows {
                dLogits[t, v] = scale * (probabilities[v] - (v == scored[t].index ? 1 : 0))
            }
        }
        var dHead = Matrix(head.columns, head.rows)
        var unused = [Scalar](repeating: 0, count: head.rows)
        var dx = PlainLinear.backward(
            dLogits, trace.output, head.transposed, &dHead, &unused)
        add(dHead.transposed.elements, Names.tokens, &gradients)

        var dMemory = Matrix(trace.memory.rows, trace.memory.columns)
        for layer in (0..<configuration.layerCount).reversed() {
            dx = backwardBlock(
                dx, trace.decoder[layer], Names.block(.decoder, layer), &dMemory, &gradients)
        }
        backwardEmbedding(dx, target, &gradients)
        for layer in (0..<configuration.layerCount).reversed() {
            var none = dMemory
            dMemory = backwardBlock(
                dMemory, trace.encoder[layer], Names.block(.encoder, layer), &none, &gradients)
        }
        backwardEmbedding(dMemory, source, &gradients)
    }

    /// As in PyTorch, the vector of padding has no gradient here, but as a row of the head.
    private func backwardEmbedding(
        _ dx: Matrix, _ ids: [TokenID], _ gradients: inout [Scalar]
    ) {
        let c = dx.columns
        var dTokens = Matrix(configuration.vocabularySize, c)
        for t in ids.indices where ids[t].index != configuration.padToken {
            for i in 0..<c { dTokens[ids[t].index, i] += Scalar(c).squareRoot() * dx[t, i] }
        }
        add(dTokens.elements, Names.tokens, &gradients)
    }

    private func backwardBlock(
        _ dOutput: Matrix, _ trace: BlockTrace, _ names: Names.Block, _ dMemory: inout Matrix,
        _ gradients: inout [Scalar]
    ) -> Matrix {
        let feedForward = trace.feedForward
        // The gradient of a sum goes both ways: into the part and past it.
        var dx = normBackward(dOutput, feedForward.sum, names.norm, &gradients)
        var dHidden = linearBackward(dx, feedForward.hidden, names.down, &gradients)
        for index in dHidden.elements.indices where feedForward.hidden.elements[index] <= 0 {
            dHidden.elements[index] = 0
        }
        dx += linearBackward(dHidden, feedForward.input, names.up, &gradients)
        if let cross = trace.cross, let crossNames = names.crossAttention {
            let (dInput, dSource) = attentionBackward(
                dx, cross, crossNames, isCausal: false, &gradients)
            dx = dInput
            dMemory += dSource
        }
        let (dInput, dSelf) = attentionBackward(
            dx, trace.own, names.selfAttention, isCausal: trace.cross != nil, &gradients)
        dx = dInput
        dx += dSelf
        return dx
    }

    /// The gradients by the input of the queries, the stream's included, and by the memory.
    private func attentionBackward(
        _ dOutput: Matrix, _ trace: AttentionTrace, _ names: Names.Attention, isCausal: Bool,
        _ gradients: inout [Scalar]
    ) -> (input: Matrix, memory: Matrix) {
        var dInput = normBackward(dOutput, trace.sum, names.norm, &gradients)
        let dAttended = linearBackward(dInput, trace.attended, names.out, &gradients)
        let (dQ, dK, dV) = PlainPairAttention(heads: configuration.headCount, isCausal: isCausal)
            .backward(dAttended, trace.q, trace.k, trace.v)
        dInput += linearBackward(dQ, trace.input, names.query, &gradients)
        var dMemory = linearBackward(dK, trace.memory, names.key, &gradients)
        dMemory += linearBackward(dV, trace.memory, names.value, &gradients)
        return (dInput, dMemory)
    }

    private func linearBackward(
        _ dy: Matrix, _ x: Matrix, _ name: String, _ gradients: inout [Scalar]
    ) -> Matrix {
        let weight = matrix(name + ".weight").transposed
        var dWeight = Matrix(weight.rows, weight.columns)
        var dBias = [Scalar](repeating: 0, count: weight.columns)
        let dx = PlainLinear.backward(dy, x, weight, &dWeight, &dBias)
        add(dWeight.transposed.elements, name + ".weight", &gradients)
        add(dBias, name + ".bias", &gradients)
        return dx
    }

    private func normBackward(
        _ dy: Matrix, _ x: Matrix, _ name: String, _ gradients: inout [Scalar]
    ) -> Matrix {
        let weight = vector(name + ".weight")
        var dWeight = [Scalar](repeating: 0, count: weight.count)
        var dBias = dWeight
        let dx = PlainLayerNorm.backward(dy, x, weight, epsilon, &dWeight, &dBias)
        add(dWeight, name + ".weight", &gradients)
        add(dBias, name + ".bias", &gradients)
        return dx
    }

    private func add(_ values: [Scalar], _ name: String, _ gradients: inout [Scalar]) {
        let start = place(name).offset
        for index in values.indices { gradients[start + index] += values[index] }
    }
}
