import Work

/// One block's work on the rows: what `SequencePass` does, over caches.
extension GPTInferencePass {
    /// stream += attention(norm1(stream)) · out.
    func attend(_ work: Work, _ layer: Int, _ p: ParameterSlices.Layer) {
        let shape = AttentionShape(configuration, positions: work.rowCount)
        let rows = work.rowCount
        let x = Matrix(buffers.stream.all, rows, configuration.embeddingSize)
        let normed = Matrix(buffers.norm.all, rows, configuration.embeddingSize)
        let qkv = Matrix(buffers.qkv.all, rows, shape.rowWidth)
        normalise(x, p.norm1, into: normed)
        products.multiply(normed, weights.layers[layer].qkv, into: qkv)
        products.eachRows(rows) { prepareHeads($0, qkv, shape, p, work, layer) }
        let attended = Matrix(buffers.attended.all, rows, shape.queryWidth)
        switch work {
        case .step: attendStep(work, layer, shape, qkv, into: attended)
        case .part(let cache, _): attendPart(cache, layer, shape, qkv, into: attended)
        }
        products.multiply(attended, weights.layers[layer].out, into: x, adding: true)
    }

    /// Norms and turns the heads of some rows, and puts their keys and values into the caches.
    private func prepareHeads(
        _ range: Range<Int>, _ qkv: Matrix, _ shape: AttentionShape, _ p: ParameterSlices.Layer,
        _ work: Work, _ layer: Int
    ) {
        let (d, rows) = (shape.headSize, qkv.rows(range))
        if let (queryNorm, keyNorm) = p.headNorms {
            for head in 0..<shape.heads + shape.keyValueHeads {
                let x = rows.columns(head * d..<(head + 1) * d)
                kernels.normalise(
                    x, head < shape.heads ? queryNorm : keyNorm,
                    epsilon: configuration.layerNormEpsilon, into: x,
                    NormStatistics(mean: nil, scale: buffers.scale.slice(range)))
            }
        }
        if let table = model.rotaryTable {
            kernels.rotate(
                rows, heads: shape.heads + shape.keyValueHeads, size: d,
                places: buffers.places.slice(range), table: table)
        }
        for row in range {
            let (cache, place) = (work.cache(ofRow: row), Int(buffers.places[row]) * d)
            let numbers = qkv.row(row)
            for head in 0..<shape.keyValueHeads {
                let key = shape.queryWidth + head * d
                kernels.copy(
                    numbers.at(key, d), to: cache.keys(layer: layer, head: head).at(place, d))
                kernels.copy(
                    numbers.at(key + shape.keyWidth, d),
                    to: cache.values(layer: layer, head: head).at(place, d))
            }
        }
    }

    private func attendStep(
        _ work: Work, _ layer: Int, _ shape: AttentionShape, _ qkv: Matrix, into out: Matrix
    ) {
        let (d, heads) = (shape.headSize, shape.keyValueHeads)
        let width = shape.groupSize * d
        team.run(work.rowCount * heads) { item, worker in
            let (row, head) = (item / heads, item % heads)
            let cache = work.cache(ofRow: row)
            let positions = Int(buffers.places[row]) + 1
            kernels.attentionStep(
                headSize: d, positions: positions, q: qkv.row(row).at(head * width, width),
                keys: cache.keys(layer: layer, head: head),
                values: cache.values(layer: layer, head: head),
                into: out.row(row).at(head * width, width),
                scores: attentionScratch[worker].floats(shape.groupSize * positions))
        }
    }

    private func attendPart(
        _ cache: KeyValueCache, _ layer: Int, _ shape: AttentionShape, _ qkv: Matrix,
        into out: Matrix
    ) {
        let d = shape.headSize
        let positions = cache.count + qkv.rows
        let needed = kernels.attentionWorkspaceCount(positions: positions, headSize: d)
        team.run(shape.heads) { head, worker in
            let shared = head / shape.groupSize
            kernels.attentionCached(
                positions: positions, q: qkv.columns(head * d..<(head + 1) * d),
                keys: cache.keys(layer: layer, head: shared),
                values: cache.values(layer: layer, head: shared),
                into: out.columns(head * d..<(head + 1) * d),
                workspace: attentionScratch[worker].floats(needed))
        }
    }

    /// stream += inside(norm2(stream) · up) · down, where inside is GELU or SwiGLU.
    func feedForward(_ rows: Int, _ layer: Int, _ p: ParameterSlices.Layer) {
        let isGated = configuration.architecture.isGated
        let width = configuration.feedForwardSize
        let x = Matrix(buffers.stream.all, rows, configuration.embeddingSize)
        let normed = Matrix(buffers.norm.all, rows, configuration.embeddingSize)
        let inside = Matrix(buffers.inside.all, rows, isGated ? 2 * width : width)
        let hidden = Matrix(buffers.hidden.all, rows, width)
        normalise(x, p.norm2, into: normed)
        products.multiply(normed, weights.layers[layer].up, into: inside)
        products.eachRows(rows) { range in
            if isGated {
                kernels.swiGLU(inside.rows(range), into: hidden.rows(range))
            } else {
                let floats = range.lowerBound * width..<range.upperBound * width
                kernels.gelu(buffers.inside.slice(floats), into: buffers.hidden.slice(floats))
            }
        }
        products.multiply(hidden, weights.layers[layer].down, into: x, adding: true)
    }

    /// out = the norm of each row of `x`.
    func normalise(_ x: Matrix, _ p: ParameterSlices.Norm, into out: Matrix) {
        products.eachRows(x.rows) { range in
            let statistics = NormStatistics(
                mean: p.bias == nil ? nil : buffers.mean.slice(range),
                scale: buffers.scale.slice(range))
            kernels.normalise(
                x.rows(range), p, epsilon: configuration.layerNormEpsilon, into: out.rows(range),
                statistics)
        }
    }
}
