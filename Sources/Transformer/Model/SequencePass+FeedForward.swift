extension SequencePass {
    /// residual = middle + gelu(norm2(middle) · upWeight + upBias) · downWeight + downBias.
    func forwardFeedForward(_ index: Int, _ p: ParameterSlices.Layer) {
        let a = layers[index]
        let c = configuration.embeddingSize
        kernels.layerNorm(
            stream(a.middle), weight: p.norm2Weight, bias: p.norm2Bias,
            epsilon: configuration.layerNormEpsilon, into: stream(a.norm2), mean: a.norm2Mean,
            reciprocalDeviation: a.norm2Scale)
        kernels.multiply(
            stream(a.norm2), p.upWeight, into: rows(a.hidden, 4 * c),
            .biasGELU(p.upBias, derivative: rows(a.slope, 4 * c)), workspace: productWorkspace)
        kernels.multiply(
            rows(a.hidden, 4 * c), p.downWeight, into: stream(residuals[index + 1]),
            .biasResidual(p.downBias, stream(a.middle)), workspace: productWorkspace)
    }

    /// Adds to the gradients of the feed-forward parameters, and to `dResidual` what comes through
    /// them.
    func backwardFeedForward(_ index: Int, _ p: ParameterSlices.Layer, _ d: ParameterSlices.Layer) {
        let a = layers[index]
        let c = configuration.embeddingSize
        kernels.multiply(
            rows(a.hidden, 4 * c).transposed, stream(dResidual), into: d.downWeight, .add,
            workspace: productWorkspace)
        kernels.addRows(of: stream(dResidual), to: d.downBias)
        kernels.multiply(
            stream(dResidual), p.downWeight.transposed, into: rows(dHidden, 4 * c),
            .multiply(rows(a.slope, 4 * c)), workspace: productWorkspace)
        kernels.multiply(
            stream(a.norm2).transposed, rows(dHidden, 4 * c), into: d.upWeight, .add,
            workspace: productWorkspace)
        kernels.addRows(of: rows(dHidden, 4 * c), to: d.upBias)
        kernels.multiply(
            rows(dHidden, 4 * c), p.upWeight.transposed, into: stream(dNorm),
            workspace: productWorkspace)
        kernels.layerNormBackward(
            stream(dNorm), x: stream(a.middle), weight: p.norm2Weight, mean: a.norm2Mean,
            reciprocalDeviation: a.norm2Scale, dx: stream(dResidual), dWeight: d.norm2Weight,
            dBias: d.norm2Bias)
    }
}
