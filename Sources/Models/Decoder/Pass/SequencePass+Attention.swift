extension SequencePass {
    private func shape(_ layer: Int) -> AttentionShape {
        var shape = AttentionShape(configuration, positions: count)
        shape.starts = starts(ofLayer: layer)
        shape.dropout = input.dropout.map { ($0, layer) }
        return shape
    }

    /// middle = residual + attention(norm1(residual)) · out, or its norm.
    func forwardAttention(_ index: Int, _ p: ParameterSlices.Layer) {
        let a = activations.layers[index]
        let shape = shape(index)
        normalise(activations.residuals[index], p.norm1, into: a.norm1, a.norm1Statistics)
        multiply(stream(a.norm1), p.qkv, into: rows(a.projected, shape.rowWidth))
        forwardHeads(index, p, shape)
        share(shape.keyValueHeads) { groups, worker in
            kernels.attention(
                shape, groups: groups, qkv: a.qkv, into: a.attended, logSumExp: a.logSumExp,
                workspace: activations.attentionWorkspaces[worker])
        }
        addToStream(
            rows(a.attended, shape.queryWidth), p.out, p.addedNorm1, a.added1,
            activations.residuals[index], into: a.middle, .attentionOutput(layer: index))
    }

    /// Adds to the gradients of the product that adds to the stream, and writes `dAttended`.
    func backwardAttentionOutput(
        _ index: Int, _ p: ParameterSlices.Layer, _ d: ParameterSlices.Layer
    ) {
        let (a, g) = (activations.layers[index], activations)
        let width = configuration.queryWidth
        let dOut = streamGradient(
            .attentionOutput(layer: index), p.addedNorm1, a.added1, d.addedNorm1)
        multiplyBackward(
            dOut, x: rows(a.attended, width), p.out, dx: rows(g.dAttended, width), d.out)
    }

    /// After ``backwardAttentionOutput(_:_:_:)``: adds to the gradients of the attention's other
    /// parameters, and to `dResidual` what comes through attention.
    func backwardAttention(_ index: Int, _ p: ParameterSlices.Layer, _ d: ParameterSlices.Layer) {
        let (a, g) = (activations.layers[index], activations)
        let shape = shape(index)
        share(shape.keyValueHeads) { groups, worker in
            kernels.attentionBackward(
                shape, groups: groups, qkv: a.qkv, out: a.attended, dOut: g.dAttended,
                logSumExp: a.logSumExp, dQKV: g.dQKV, workspace: g.attentionWorkspaces[worker])
        }
        backwardHeads(index, p, d, shape)
        multiplyBackward(
            rows(g.dQKV, shape.rowWidth), x: stream(a.norm1), p.qkv, dx: stream(g.dNorm), d.qkv)
        normaliseBackward(activations.residuals[index], p.norm1, a.norm1Statistics, d.norm1)
    }

    // MARK: Heads

    /// A head of queries, or after them one of keys, in rows of [q | k | v].
    private func head(_ index: Int, of slice: FloatSlice, _ shape: AttentionShape) -> Matrix {
        Matrix(
            slice[index * shape.headSize..<slice.count], count, shape.headSize,
            rowStride: shape.rowWidth)
    }

    /// Norm over each head and rotation by its position: the steps of queries and keys between
    /// their projection and attention.
    private func forwardHeads(
        _ layer: Int, _ p: ParameterSlices.Layer, _ shape: AttentionShape
    ) {
        let a = activations.layers[layer]
        if let (queryNorm, keyNorm) = p.headNorms {
            let size = count * shape.rowWidth
            kernels.copy(a.projected.at(0, size), to: a.qkv.at(0, size))
            share(shape.heads + shape.keyValueHeads) { heads, _ in
                for index in heads {
                    let x = head(index, of: a.qkv, shape)
                    kernels.normalise(
                        x, index < shape.heads ? queryNorm : keyNorm,
                        epsilon: configuration.layerNormEpsilon, into: x,
                        a.headStatistics(index, count))
                }
            }
        }
        turn(a.qkv, layer, shape)
    }

    /// Turns the gradient by queries and keys in `dQKV` into that by their projection, in place,
    /// and adds to the gradients of the norms.
    private func backwardHeads(
        _ layer: Int, _ p: ParameterSlices.Layer, _ d: ParameterSlices.Layer,
        _ shape: AttentionShape
    ) {
        let (a, dQKV) = (activations.layers[layer], activations.dQKV)
        turn(dQKV, layer, shape, inverse: true)
        guard let (queryNorm, keyNorm) = p.headNorms, let (dQueryNorm, dKeyNorm) = d.headNorms
        else { return }
        for index in 0..<shape.heads + shape.keyValueHeads {
            let (dx, isQuery) = (head(index, of: dQKV, shape), index < shape.heads)
            kernels.normaliseBackward(
                dx, x: head(index, of: a.projected, shape), isQuery ? queryNorm : keyNorm,
                a.headStatistics(index, count), dx: dx, adding: false,
                isQuery ? dQueryNorm : dKeyNorm)
        }
    }

    /// Turns queries and keys by their positions, where positions are rotary.
    private func turn(
        _ qkv: FloatSlice, _ layer: Int, _ shape: AttentionShape, inverse: Bool = false
    ) {
        guard let table = rotaryTable?[layer] else { return }
        share(count) { range, _ in
            kernels.rotate(
                rows(qkv, shape.rowWidth).rows(range),
                heads: shape.heads + shape.keyValueHeads, size: shape.headSize,
                turned: configuration.rotaryWidth, places: places.at(range.lowerBound, range.count),
                table: table, inverse: inverse)
        }
    }
}
