/// Parts that every block is made of.
extension SequencePass {
    // MARK: Norms

    /// out = the norm of the residual stream `x`.
    func normalise(
        _ x: FloatSlice, _ p: ParameterSlices.Norm, into out: FloatSlice,
        _ statistics: NormStatistics
    ) {
        share(count) { range, _ in
            kernels.normalise(
                stream(x).rows(range), p, epsilon: configuration.layerNormEpsilon,
                into: stream(out).rows(range), statistics.rows(range))
        }
    }

    /// Adds to the norm's gradients `d`, and to `dResidual` what comes of `dNorm` through the norm
    /// of `x`.
    func normaliseBackward(
        _ x: FloatSlice, _ p: ParameterSlices.Norm, _ statistics: NormStatistics,
        _ d: ParameterSlices.Norm
    ) {
        let a = activations
        kernels.normaliseBackward(
            stream(a.dNorm), x: stream(x), p, statistics, dx: stream(a.dResidual), d)
    }

    // MARK: Products

    /// out = x · weight + bias.
    func multiply(_ x: Matrix, _ p: ParameterSlices.Linear, into out: Matrix) {
        multiply(x, p.weight, into: out, .adding(p.bias))
    }

    /// Adds to the gradients `d` of weight and bias, and writes `dx` through an epilogue.
    func multiplyBackward(
        _ dOut: Matrix, x: Matrix, _ p: ParameterSlices.Linear, dx: Matrix,
        through epilogue: Epilogue = .store, _ d: ParameterSlices.Linear
    ) {
        if d.weight.columnStride == 1 {
            multiply(x.transposed, dOut, into: d.weight, .add)
        } else {
            // Stored (out, in): the transpose of the same sum.
            multiply(dOut.transposed, x, into: d.weight.transposed, .add)
        }
        if let dBias = d.bias {
            share(dBias.count, unit: Self.columnUnit) { range, _ in
                kernels.addRows(of: dOut.columns(range), to: dBias[range])
            }
        }
        multiply(dOut, p.weight.transposed, into: dx, epilogue)
    }

    // MARK: The residual stream

    /// out = residual + x · weight + bias, what is added having passed through a norm, where there
    /// is one, and through dropout.
    func addToStream(
        _ x: Matrix, _ p: ParameterSlices.Linear, _ norm: ParameterSlices.Norm?,
        _ added: Activations.Added?, _ residual: FloatSlice, into out: FloatSlice,
        _ place: Dropout.Place
    ) {
        if let norm, let added {
            multiply(x, p, into: stream(added.product))
            normalise(added.product, norm, into: out, added.statistics)
        } else if input.dropout != nil {
            multiply(x, p, into: stream(out))
        } else {
            multiply(x, p.weight, into: stream(out), .adding(p.bias, to: stream(residual)))
            return
        }
        guard let dropout = input.dropout else {
            let width = configuration.embeddingSize
            share(count) { range, _ in
                let floats = range.lowerBound * width..<range.upperBound * width
                kernels.add(residual[floats], to: out[floats])
            }
            return
        }
        kernels.drop(
            stream(out), dropout.mask(place, heads: configuration.headCount),
            adding: stream(residual), into: stream(out))
    }

    /// The gradient of what a part of a block adds: `dResidual`, through dropout and, where there
    /// is one, through a norm, to whose gradients it adds. It may be `dNorm`.
    func streamGradient(
        _ place: Dropout.Place, _ norm: ParameterSlices.Norm? = nil,
        _ added: Activations.Added? = nil, _ d: ParameterSlices.Norm? = nil
    ) -> Matrix {
        var gradient = stream(activations.dResidual)
        let scratch = stream(activations.dNorm)
        if let dropout = input.dropout {
            kernels.drop(
                gradient, dropout.mask(place, heads: configuration.headCount), into: scratch)
            gradient = scratch
        }
        if let norm, let added, let d {
            kernels.normaliseBackward(
                gradient, x: stream(added.product), norm, added.statistics, dx: scratch,
                adding: false, d)
            gradient = scratch
        }
        return gradient
    }

    // MARK: Embedding

    /// The first residual stream: the tokens' vectors, and their places' where those are learned.
    func forwardEmbedding(_ p: ParameterSlices) {
        let x = stream(activations.residuals[0])
        kernels.embed(input.ids, p.tokens, factor: configuration.embeddingFactor, into: x)
        if let positions = p.positions {
            kernels.embed(places, positions, into: x, adding: true)
        }
        if let dropout = input.dropout {
            kernels.drop(
                x, dropout.mask(.embedding, heads: configuration.headCount), into: x)
        }
    }

    /// Adds to the gradients of the vectors.
    func backwardEmbedding(_ d: ParameterSlices) {
        let dx = streamGradient(.embedding)
        kernels.embedBackward(
            input.ids, dOut: dx, factor: configuration.embeddingFactor, dTable: d.tokens)
        if configuration.positionEncoding == .learned, let positions = d.positions {
            kernels.embedBackward(places, dOut: dx, dTable: positions)
        }
    }
}
