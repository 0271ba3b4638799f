extension SequencePass {
    private var width: Int { configuration.feedForwardSize }

    /// The stream that the feed-forward part of a block reads.
    private func source(_ index: Int) -> FloatSlice {
        configuration.isParallel
            ? activations.residuals[index] : activations.layers[index].middle
    }

    /// residual = middle + inside(norm2(source) · up) · down, or the norm of what is added, where
    /// inside is an activation or a gate, and the source is the middle or, of parallel parts, the
    /// block's input.
    func forwardFeedForward(_ index: Int, _ p: ParameterSlices.Layer) {
        let a = activations.layers[index]
        normalise(source(index), p.norm2, into: a.norm2, a.norm2Statistics)
        let activation = configuration.activation
        if configuration.architecture.isGated {
            multiply(stream(a.norm2), p.up, into: wide(a.gates, 2 * width))
            share(count) { range, _ in
                kernels.gate(
                    activation, wide(a.gates, 2 * width).rows(range),
                    into: wide(a.hidden, width).rows(range))
            }
        } else if activation == .geluTanh, let bias = p.up.bias {
            multiply(
                stream(a.norm2), p.up.weight, into: wide(a.hidden, width),
                .biasGELU(bias, derivative: wide(a.slope, width)))
        } else {
            multiply(stream(a.norm2), p.up, into: wide(a.hidden, width))
            share(count) { range, _ in
                kernels.activate(
                    activation, wide(a.hidden, width).rows(range),
                    derivative: wide(a.slope, width).rows(range))
            }
        }
        addToStream(
            wide(a.hidden, width), p.down, p.addedNorm2, a.added2, a.middle,
            into: activations.residuals[index + 1], .feedForward(layer: index))
    }

    /// Adds to the gradients of the feed-forward parameters, and to `dResidual` what comes through
    /// them.
    func backwardFeedForward(_ index: Int, _ p: ParameterSlices.Layer, _ d: ParameterSlices.Layer) {
        let (a, g) = (activations.layers[index], activations)
        let dHidden = wide(g.dHidden, width)
        let dOut = streamGradient(
            .feedForward(layer: index), p.addedNorm2, a.added2, d.addedNorm2)
        let dUp: Matrix
        if configuration.architecture.isGated {
            multiplyBackward(dOut, x: wide(a.hidden, width), p.down, dx: dHidden, d.down)
            dUp = wide(a.gates, 2 * width)
            share(count) { range, _ in
                let gates = dUp.rows(range)
                kernels.gateBackward(
                    configuration.activation, dHidden.rows(range), gates: gates, dGates: gates)
            }
        } else {
            multiplyBackward(
                dOut, x: wide(a.hidden, width), p.down, dx: dHidden,
                through: .multiply(wide(a.slope, width)), d.down)
            dUp = dHidden
        }
        multiplyBackward(dUp, x: stream(a.norm2), p.up, dx: stream(g.dNorm), d.up)
        normaliseBackward(source(index), p.norm2, a.norm2Statistics, d.norm2)
    }
}
