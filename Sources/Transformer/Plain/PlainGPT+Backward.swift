extension PlainGPT {
    /// The gradient of `scale` times the sum of the losses, by every parameter, with the layout of
    /// the parameters.
    ///
    /// The forward's steps in reverse: each turns the gradient by its output into the gradient by
    /// its input, and adds the gradients of its own parameters.
    public func gradients(_ ids: [Int32], targets: [Int32], scale: Scalar) -> [Scalar] {
        let trace = forward(ids)
        var gradients = [Scalar](repeating: 0, count: layout.floatCount)
        let tokens = matrix("wte.weight")
        let c = configuration.embeddingSize

        // The loss by the logits: the probability, less one at the target.
        var dTokens = Matrix(tokens.rows, c)
        var dNorm = Matrix(ids.count, c)
        for t in 0..<ids.count where targets[t] >= 0 {
            let probabilities = Self.softmax(trace.logits, row: t)
            for v in 0..<tokens.rows {
                let dLogit = scale * (probabilities[v] - (v == Int(targets[t]) ? 1 : 0))
                for i in 0..<c {
                    dNorm[t, i] += dLogit * tokens[v, i]
                    dTokens[v, i] += dLogit * trace.norm[t, i]
                }
            }
        }
        var dx = normBackward(dNorm, trace.output, "ln_f", &gradients)
        for layer in (0..<configuration.layerCount).reversed() {
            dx = backwardBlock(dx, trace.blocks[layer], "h.\(layer).", &gradients)
        }
        // A token's embedding is used twice, here and in the head: its gradients add.
        var dPositions = Matrix(configuration.positionCount, c)
        for t in 0..<ids.count {
            for i in 0..<c {
                dTokens[Int(ids[t]), i] += dx[t, i]
                dPositions[t, i] += dx[t, i]
            }
        }
        add(dTokens.elements, "wte.weight", &gradients)
        add(dPositions.elements, "wpe.weight", &gradients)
        return gradients
    }

    private func backwardBlock(
        _ dOutput: Matrix, _ trace: BlockTrace, _ h: String, _ gradients: inout [Scalar]
    ) -> Matrix {
        // Where the forward adds, the gradient goes both ways.
        var dUp = linearBackward(dOutput, trace.hidden, h + "mlp.c_proj", &gradients)
        for index in dUp.elements.indices {
            dUp.elements[index] *= PlainGELU.derivative(trace.up.elements[index])
        }
        let dNorm2 = linearBackward(dUp, trace.norm2, h + "mlp.c_fc", &gradients)
        var dMiddle = normBackward(dNorm2, trace.middle, h + "ln_2", &gradients)
        dMiddle += dOutput
        let dAttended = linearBackward(dMiddle, trace.attended, h + "attn.c_proj", &gradients)
        let dQKV = PlainAttention.backward(
            dAttended, trace.qkv, heads: configuration.headCount)
        let dNorm1 = linearBackward(dQKV, trace.norm1, h + "attn.c_attn", &gradients)
        var dInput = normBackward(dNorm1, trace.input, h + "ln_1", &gradients)
        dInput += dMiddle
        return dInput
    }

    private func linearBackward(
        _ dy: Matrix, _ x: Matrix, _ name: String, _ gradients: inout [Scalar]
    ) -> Matrix {
        let weight = matrix(name + ".weight")
        var dWeight = Matrix(weight.rows, weight.columns)
        var dBias = [Scalar](repeating: 0, count: weight.columns)
        let dx = PlainLinear.backward(dy, x, weight, &dWeight, &dBias)
        add(dWeight.elements, name + ".weight", &gradients)
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
