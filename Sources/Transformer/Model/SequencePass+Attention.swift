extension SequencePass {
    private var shape: AttentionShape {
        AttentionShape(
            positions: count, heads: configuration.headCount, headSize: configuration.headSize)
    }

    /// middle = residual + attention(norm1(residual)) · outWeight + outBias.
    func forwardAttention(_ index: Int, _ p: ParameterSlices.Layer) {
        let a = layers[index]
        let c = configuration.embeddingSize
        kernels.layerNorm(
            stream(residuals[index]), weight: p.norm1Weight, bias: p.norm1Bias,
            epsilon: configuration.layerNormEpsilon, into: stream(a.norm1), mean: a.norm1Mean,
            reciprocalDeviation: a.norm1Scale)
        kernels.multiply(
            stream(a.norm1), p.qkvWeight, into: rows(a.qkv, 3 * c), .bias(p.qkvBias),
            workspace: productWorkspace)
        kernels.attention(
            shape, qkv: a.qkv, into: a.attended, logSumExp: a.logSumExp,
            workspace: attentionWorkspace)
        kernels.multiply(
            stream(a.attended), p.outWeight, into: stream(a.middle),
            .biasResidual(p.outBias, stream(residuals[index])), workspace: productWorkspace)
    }

    /// Adds to the gradients of the attention's parameters, and to `dResidual` what comes through
    /// attention.
    func backwardAttention(_ index: Int, _ p: ParameterSlices.Layer, _ d: ParameterSlices.Layer) {
        let a = layers[index]
        let c = configuration.embeddingSize
        kernels.multiply(
            stream(a.attended).transposed, stream(dResidual), into: d.outWeight, .add,
            workspace: productWorkspace)
        kernels.addRows(of: stream(dResidual), to: d.outBias)
        kernels.multiply(
            stream(dResidual), p.outWeight.transposed, into: stream(dAttended),
            workspace: productWorkspace)
        kernels.attentionBackward(
            shape, qkv: a.qkv, out: a.attended, dOut: dAttended, logSumExp: a.logSumExp,
            dQKV: dQKV, workspace: attentionWorkspace)
        kernels.multiply(
            stream(a.norm1).transposed, rows(dQKV, 3 * c), into: d.qkvWeight, .add,
            workspace: productWorkspace)
        kernels.addRows(of: rows(dQKV, 3 * c), to: d.qkvBias)
        kernels.multiply(
            rows(dQKV, 3 * c), p.qkvWeight.transposed, into: stream(dNorm),
            workspace: productWorkspace)
        kernels.layerNormBackward(
            stream(dNorm), x: stream(residuals[index]), weight: p.norm1Weight, mean: a.norm1Mean,
            reciprocalDeviation: a.norm1Scale, dx: stream(dResidual), dWeight: d.norm1Weight,
            dBias: d.norm1Bias)
    }
}
