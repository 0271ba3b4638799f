extension PlainRecurrent {
    /// The logits after each of `ids`, (count, V) row-major.
    public func logits(for ids: [TokenID], documentStarts: [Int32]? = nil) -> [Scalar] {
        forward(sequence(ids, documentStarts, nil)).logits.elements
    }

    /// The loss of each position: the negative logarithm of the probability of its target; 0 where
    /// the target is `TokenID.ignored`.
    ///
    /// - Parameters:
    ///   - ids: the tokens of one sequence.
    ///   - targets: for each position the token to predict, or `TokenID.ignored`.
    ///   - documentStarts: for each position the first of its document; nil if all are of one.
    ///   - dropout: rate and seed of dropout between layers; nil for none.
    public func losses(
        _ ids: [TokenID], targets: [TokenID], documentStarts: [Int32]? = nil,
        dropout: Dropout? = nil
    ) -> [Scalar] {
        let logits = forward(sequence(ids, documentStarts, dropout)).logits
        return targets.indices.map { t in
            targets[t] == .ignored
                ? 0 : -Scalar.logarithm(PlainGPT<Scalar>.softmax(logits, row: t)[targets[t].index])
        }
    }

    /// The gradient of `scale` times the sum of the losses, by every parameter, with the layout of
    /// the parameters: the forward's steps in reverse, back through time.
    public func gradients(
        _ ids: [TokenID], targets: [TokenID], scale: Scalar, documentStarts: [Int32]? = nil,
        dropout: Dropout? = nil
    ) -> [Scalar] {
        let sequence = sequence(ids, documentStarts, dropout)
        let trace = forward(sequence)
        var gradients = [Scalar](repeating: 0, count: layout.floatCount)
        let head = matrix(headName)

        // The loss by the logits: the probability, less one at the target.
        var dHead = Matrix(head.rows, head.columns)
        var dOutputs = trace.outputs.map { $0.map { _ in Scalar(0) } }
        for t in ids.indices where targets[t] != .ignored {
            let probabilities = PlainGPT<Scalar>.softmax(trace.logits, row: t)
            for v in 0..<head.rows {
                let dLogit = scale * (probabilities[v] - (v == targets[t].index ? 1 : 0))
                for i in 0..<head.columns {
                    dOutputs[t][i] += dLogit * head[v, i]
                    dHead[v, i] += dLogit * trace.outputs[t][i]
                }
            }
        }
        add(dHead.elements, headName, &gradients)
        for layer in (0..<configuration.layerCount).reversed() {
            dOutputs = backwardLayer(layer, dOutputs, trace.layers[layer], sequence, &gradients)
            if layer > 0 { dOutputs = drop(dOutputs, layer, sequence) }
        }
        // A tied embedding is used twice, here and in the head: its gradients add.
        let tokens = matrix(RecurrentNames.tokens)
        var dTokens = Matrix(tokens.rows, tokens.columns)
        for t in ids.indices {
            for i in 0..<tokens.columns { dTokens[ids[t].index, i] += dOutputs[t][i] }
        }
        add(dTokens.elements, RecurrentNames.tokens, &gradients)
        return gradients
    }

    /// From the gradient of a layer's outputs to that of its inputs.
    private func backwardLayer(
        _ layer: Int, _ dOutputs: [[Scalar]], _ steps: [Cell.Trace], _ sequence: Sequence,
        _ gradients: inout [Scalar]
    ) -> [[Scalar]] {
        let cell = cell(layer)
        var own = cell.zeroGradients
        var dInputs = dOutputs
        var dState = cell.zeroState
        for t in steps.indices.reversed() {
            for i in dState.h.indices { dState.h[i] += dOutputs[t][i] }
            (dInputs[t], dState) = cell.backward(steps[t], dState, &own)
            // No gradient reaches the document before.
            if sequence.starts[t] == t { dState = cell.zeroState }
        }
        add(own.inputWeight.elements, RecurrentNames.inputWeight(layer), &gradients)
        add(own.hiddenWeight.elements, RecurrentNames.hiddenWeight(layer), &gradients)
        add(own.inputBias, RecurrentNames.inputBias(layer), &gradients)
        add(own.hiddenBias, RecurrentNames.hiddenBias(layer), &gradients)
        return dInputs
    }

    private func add(_ values: [Scalar], _ name: String, _ gradients: inout [Scalar]) {
        let start = place(name).offset
        for index in values.indices { gradients[start + index] += values[index] }
    }
}
