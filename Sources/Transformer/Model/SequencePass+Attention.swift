import Work

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

extension SequencePass {
    private func shape(_ layer: Int) -> AttentionShape {
        var shape = AttentionShape(configuration, positions: count)
        shape.starts = input.starts
        shape.dropout = input.dropout.map { ($0, layer) }
        return shape
    }

    /// middle = residual + attention(norm1(residual)) · out.
    func forwardAttention(_ index: Int, _ p: ParameterSlices.Layer) {
        let a = activations.layers[index]
        let shape = shape(index)
        normalise(activations.residuals[index], p.norm1, into: a.norm1, a.norm1Statistics)
        multiply(stream(a.norm1), p.qkv, into: rows(a.projected, shape.rowWidth))
        forwardHeads(a, p, shape)
        share(shape.keyValueHeads) { groups, worker in
            kernels.attention(
                shape, groups: groups, qkv: a.qkv, into: a.attended, logSumExp: a.logSumExp,
                workspace: activations.attentionWorkspaces[worker])
        }
        addToStream(
            rows(a.attended, shape.queryWidth), p.out, activations.residuals[index],
            into: a.middle, .attentionOutput(layer: index))
    }

    /// Adds to the gradients of the attention's parameters, and to `dResidual` what comes through
    /// attention.
    func backwardAttention(_ index: Int, _ p: ParameterSlices.Layer, _ d: ParameterSlices.Layer) {
        let (a, g) = (activations.layers[index], activations)
        let shape = shape(index)
        multiplyBackward(
            streamGradient(.attentionOutput(layer: index)), x: rows(a.attended, shape.queryWidth),
            p.out, dx: rows(g.dAttended, shape.queryWidth), d.out)
        share(shape.keyValueHeads) { groups, worker in
            kernels.attentionBackward(
                shape, groups: groups, qkv: a.qkv, out: a.attended, dOut: g.dAttended,
                logSumExp: a.logSumExp, dQKV: g.dQKV, workspace: g.attentionWorkspaces[worker])
        }
        backwardHeads(a, p, d, shape)
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
        _ a: Activations.Layer, _ p: ParameterSlices.Layer, _ shape: AttentionShape
    ) {
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
        turn(a.qkv, shape)
    }

    /// Turns the gradient by queries and keys in `dQKV` into that by their projection, in place,
    /// and adds to the gradients of the norms.
    private func backwardHeads(
        _ a: Activations.Layer, _ p: ParameterSlices.Layer, _ d: ParameterSlices.Layer,
        _ shape: AttentionShape
    ) {
        let dQKV = activations.dQKV
        turn(dQKV, shape, inverse: true)
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
    private func turn(_ qkv: FloatSlice, _ shape: AttentionShape, inverse: Bool = false) {
        guard let rotaryTable else { return }
        share(count) { range, _ in
            kernels.rotate(
                rows(qkv, shape.rowWidth).rows(range),
                heads: shape.heads + shape.keyValueHeads, size: shape.headSize,
                places: places.at(range.lowerBound, range.count), table: rotaryTable,
                inverse: inverse)
        }
    }
}

/// Cosine and sine of the angles by which rotary positions turn.
///
/// Position p turns pair i of a head of d floats by p · base^(-2i/d). Su and others,
/// <https://arxiv.org/abs/2104.09864>.
enum RotaryTable {
    /// A row a position: the cosines of the d/2 angles, then their sines.
    ///
    /// Angles are float32, as in Hugging Face's classes, so that far positions are turned alike.
    static func make(positions: Int, headSize d: Int, base: Double) -> FloatBuffer {
        let table = FloatBuffer(count: positions * d)
        let frequencies = (0..<d / 2).map { 1 / powf(Float(base), Float(2 * $0) / Float(d)) }
        for position in 0..<positions {
            for (index, frequency) in frequencies.enumerated() {
                let angle = Double(Float(position) * frequency)
                table[position * d + index] = Float(cos(angle))
                table[position * d + d / 2 + index] = Float(sin(angle))
            }
        }
        return table
    }
}

/// Operations on one sequence, shared by the threads of a team.
///
/// An operation is divided by what it writes: rows or columns, or heads of keys with the queries
/// that look at them. Each number is made by one thread in the order in which one thread alone
/// would make it, so that the bits do not depend on the division. Sums over positions into the same
/// few numbers (the gradients of norms, embeddings) stay on the calling thread.
extension SequencePass {
    /// Columns that a thread takes at once: whole panels at every level.
    static var columnUnit: Int { 64 }

    /// Calls `body` with the stretches of 0..<count, each with the number of the thread that has
    /// it; without a team, with all of it at once. Stretches begin at multiples of `unit`.
    func share(_ count: Int, unit: Int = 1, _ body: (Range<Int>, _ worker: Int) -> Void) {
        guard let team else { return body(0..<count, 0) }
        let unitCount = (count + unit - 1) / unit
        // Twice as many parts as threads, so that a thread that is done early takes another.
        let partCount = min(unitCount, 2 * team.threadCount)
        team.run(partCount) { part, worker in
            let start = unitCount * part / partCount * unit
            let end = min(unitCount * (part + 1) / partCount * unit, count)
            body(start..<end, worker)
        }
    }

    /// C = A·B through an epilogue.
    func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, _ epilogue: Epilogue = .store) {
        share(c.columns, unit: Self.columnUnit) { range, worker in
            kernels.multiply(
                a, kernels.columns(range, of: b),
                into: c.columns(range), epilogue.columns(range),
                workspace: activations.productWorkspaces[worker])
        }
    }
}
