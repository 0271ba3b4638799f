/// What one position needs on its way through the model.
struct PositionBuffers {
    let stream: FloatBuffer  // (C)
    let norm: FloatBuffer  // (C)
    let qkv: FloatBuffer  // (Q + 2K)
    let attended: FloatBuffer  // (Q)
    let inside: FloatBuffer  // (F), or (2F) for [gate | up]
    let hidden: FloatBuffer  // (F)
    let scores: FloatBuffer  // (capacity)
    let statistics: FloatBuffer  // mean and scale of a norm
    let place: IDBuffer

    init(_ c: GPTConfiguration) {
        stream = FloatBuffer(count: c.embeddingSize)
        norm = FloatBuffer(count: c.embeddingSize)
        qkv = FloatBuffer(count: c.queryWidth + 2 * c.keyWidth)
        attended = FloatBuffer(count: c.queryWidth)
        inside = FloatBuffer(count: (c.architecture.isGated ? 2 : 1) * c.feedForwardSize)
        hidden = FloatBuffer(count: c.feedForwardSize)
        scores = FloatBuffer(count: c.positionCount)
        statistics = FloatBuffer(count: 32)
        place = IDBuffer(count: 1)
    }
}

/// One position's way through the blocks: what `SequencePass` does, on single rows, with products
/// that read each matrix once where it lies.
extension KeyValueCache {
    /// Reads `token` at `index`, from which the cache has everything before; sets the logits.
    func read(_ token: Int32, at index: Int) {
        let p = model.slices
        let c = model.configuration.embeddingSize
        let x = position.stream.all
        position.place[0] = Int32(index)
        kernels.copy(p.tokens.slice.at(Int(token) * c, c), to: x)
        if let positions = p.positions { kernels.add(positions.slice.at(index * c, c), to: x) }
        for (number, layer) in p.layers.enumerated() {
            attend(layer, number, at: index)
            feedForward(layer)
        }
        normalise(p.finalNorm)
        kernels.multiply(row: position.norm.all, p.head.transposed, into: logits.all)
    }

    private func attend(_ p: ParameterSlices.Layer, _ layer: Int, at index: Int) {
        let shape = AttentionShape(model.configuration, positions: index + 1)
        let (q, k) = (shape.queryWidth, shape.keyWidth)
        let qkv = position.qkv.all
        normalise(p.norm1)
        multiply(position.norm.all, p.qkv, into: qkv)
        prepareHeads(p, shape)
        let place = index * k..<(index + 1) * k
        kernels.copy(qkv.at(q, k), to: keys[layer].slice(place))
        kernels.copy(qkv.at(q + k, k), to: values[layer].slice(place))
        kernels.attentionStep(
            shape, q: qkv.at(0, q), keys: keys[layer].all, values: values[layer].all,
            into: position.attended.all, scores: position.scores.all)
        addToStream(position.attended.all, p.out)
    }

    private func prepareHeads(_ p: ParameterSlices.Layer, _ shape: AttentionShape) {
        let d = shape.headSize
        if let (queryNorm, keyNorm) = p.headNorms {
            for head in 0..<shape.heads + shape.keyValueHeads {
                let x = Matrix(position.qkv.all.at(head * d, d), 1, d)
                kernels.normalise(
                    x, head < shape.heads ? queryNorm : keyNorm,
                    epsilon: model.configuration.layerNormEpsilon, into: x,
                    NormStatistics(mean: nil, scale: position.statistics.slice(0..<1)))
            }
        }
        if let table = model.rotaryTable {
            kernels.rotate(
                Matrix(position.qkv.all, 1, shape.rowWidth),
                heads: shape.heads + shape.keyValueHeads, size: d, places: position.place.all,
                table: table)
        }
    }

    private func feedForward(_ p: ParameterSlices.Layer) {
        let (inside, hidden) = (position.inside.all, position.hidden.all)
        normalise(p.norm2)
        multiply(position.norm.all, p.up, into: inside)
        if model.configuration.architecture.isGated {
            kernels.swiGLU(
                Matrix(inside, 1, inside.count), into: Matrix(hidden, 1, hidden.count))
        } else {
            kernels.gelu(inside, into: hidden)
        }
        addToStream(hidden, p.down)
    }

    private func normalise(_ p: ParameterSlices.Norm) {
        let c = model.configuration.embeddingSize
        let statistics = NormStatistics(
            mean: p.bias == nil ? nil : position.statistics.slice(0..<1),
            scale: position.statistics.slice(16..<17))
        kernels.normalise(
            Matrix(position.stream.all, 1, c), p, epsilon: model.configuration.layerNormEpsilon,
            into: Matrix(position.norm.all, 1, c), statistics)
    }

    /// y = x · weight + bias.
    private func multiply(_ x: FloatSlice, _ p: ParameterSlices.Linear, into y: FloatSlice) {
        if let bias = p.bias { kernels.copy(bias, to: y) }
        kernels.multiply(row: x, p.weight, into: y, adding: p.bias != nil)
    }

    private func addToStream(_ x: FloatSlice, _ p: ParameterSlices.Linear) {
        if let bias = p.bias { kernels.add(bias, to: position.stream.all) }
        kernels.multiply(row: x, p.weight, into: position.stream.all, adding: true)
    }
}
