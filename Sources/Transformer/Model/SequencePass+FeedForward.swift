extension SequencePass {
    /// residual = middle + gelu(norm2(middle) · upWeight + upBias) · downWeight + downBias.
    func forwardFeedForward(_ index: Int, _ p: ParameterSlices.Layer) {
        let a = layers[index]
        kernels.layerNorm(
            stream(a.middle), weight: p.norm2Weight, bias: p.norm2Bias,
            epsilon: configuration.layerNormEpsilon, into: stream(a.norm2), mean: a.norm2Mean,
            reciprocalDeviation: a.norm2Scale)
        kernels.multiply(
            stream(a.norm2), p.upWeight, into: wide(a.hidden),
            .biasGELU(p.upBias, derivative: wide(a.slope)), workspace: productWorkspace)
        kernels.multiply(
            wide(a.hidden), p.downWeight, into: stream(residuals[index + 1]),
            .biasResidual(p.downBias, stream(a.middle)), workspace: productWorkspace)
    }

    /// Adds to the gradients of the feed-forward parameters, and to `dResidual` what comes through
    /// them.
    func backwardFeedForward(_ index: Int, _ p: ParameterSlices.Layer, _ d: ParameterSlices.Layer) {
        let a = layers[index]
        kernels.multiply(
            wide(a.hidden).transposed, stream(dResidual), into: d.downWeight, .add,
            workspace: productWorkspace)
        kernels.addRows(of: stream(dResidual), to: d.downBias)
        kernels.multiply(
            stream(dResidual), p.downWeight.transposed, into: wide(dHidden),
            .multiply(wide(a.slope)), workspace: productWorkspace)
        kernels.multiply(
            stream(a.norm2).transposed, wide(dHidden), into: d.upWeight, .add,
            workspace: productWorkspace)
        kernels.addRows(of: wide(dHidden), to: d.upBias)
        kernels.multiply(
            wide(dHidden), p.upWeight.transposed, into: stream(dNorm),
            workspace: productWorkspace)
        kernels.layerNormBackward(
            stream(dNorm), x: stream(a.middle), weight: p.norm2Weight, mean: a.norm2Mean,
            reciprocalDeviation: a.norm2Scale, dx: stream(dResidual), dWeight: d.norm2Weight,
            dBias: d.norm2Bias)
    }
}
