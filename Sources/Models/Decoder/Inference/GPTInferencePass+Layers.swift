import Work

/// One block's work on the rows: what `SequencePass` does, over caches.
extension GPTInferencePass {
    /// stream += attention(norm1(stream)) · out, or its norm.
    func attend(
        _ work: Work, _ layer: Int, _ p: ParameterSlices.Layer, _ throughPanels: Bool
    ) {
        let shape = AttentionShape(configuration, positions: work.rowCount)
        let rows = work.rowCount
        let x = Matrix(buffers.stream.all, rows, configuration.embeddingSize)
        let normed = Matrix(buffers.norm.all, rows, configuration.embeddingSize)
        let qkv = Matrix(buffers.qkv.all, rows, shape.rowWidth)
        normalise(x, p.norm1, into: normed)
        if configuration.isParallel { normalise(x, p.norm2, into: parallelNorm(rows)) }
        products.multiply(
            normed, weights.layers[layer].qkv, into: qkv, throughPanels: throughPanels)
        products.eachRows(rows) { prepareHeads($0, qkv, shape, p, work, layer) }
        let attended = Matrix(buffers.attended.all, rows, shape.queryWidth)
        switch work {
        case .step(let caches): attend(caches, layer, shape, qkv, into: attended)
        case .parts(let parts): attend(parts, layer, shape, qkv, into: attended)
        }
        add(attended, weights.layers[layer].out, p.addedNorm1, to: x, throughPanels)
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
        if let table = model.rotaryTable?[layer] {
            kernels.rotate(
                rows, heads: shape.heads + shape.keyValueHeads, size: d,
                turned: configuration.rotaryWidth, places: buffers.places.slice(range), table: table
            )
        }
        work.eachRow(range) { row, cache in
            let place = Int(buffers.places[row]) * d
            let numbers = qkv.row(row)
            for head in 0..<shape.keyValueHeads {
                let key = shape.queryWidth + head * d
                kernels.keep(
                    numbers.at(key, d), in: cache.keys(layer: layer, head: head).at(place, d))
                kernels.keep(
                    numbers.at(key + shape.keyWidth, d),
                    in: cache.values(layer: layer, head: head).at(place, d))
            }
        }
    }

    /// One position of each text.
    private func attend(
        _ caches: [KeyValueCache], _ layer: Int, _ shape: AttentionShape, _ qkv: Matrix,
        into out: Matrix
    ) {
        let (d, heads) = (shape.headSize, shape.keyValueHeads)
        let width = shape.groupSize * d
        team.run(caches.count * heads) { item, worker in
            let (row, head) = (item / heads, item % heads)
            let cache = caches[row]
            let all = Int(buffers.places[row]) + 1
            let positions = min(all, configuration.window(ofLayer: layer) ?? all)
            let seen = (all - positions) * d..<all * d
            kernels.attentionStep(
                headSize: d, positions: positions, q: qkv.row(row).at(head * width, width),
                keys: cache.keys(layer: layer, head: head)[seen],
                values: cache.values(layer: layer, head: head)[seen],
                into: out.row(row).at(head * width, width),
                scores: attentionScratch[worker].floats(shape.groupSize * positions))
        }
    }

    /// Several positions of each text.
    private func attend(
        _ parts: [Work.Rows], _ layer: Int, _ shape: AttentionShape, _ qkv: Matrix,
        into out: Matrix
    ) {
        let d = shape.headSize
        team.run(parts.count * shape.heads) { item, worker in
            let (part, head) = (parts[item / shape.heads], item % shape.heads)
            let positions = part.cache.count + part.rows.count
            let needed = kernels.attentionWorkspaceCount(positions: positions, headSize: d)
            // Behind the workspace, a float a row, and the keys and values where they are widened.
            let (own, size) = (needed + part.rows.count, positions * d)
            let widens = cacheFormat != .float32
            let scratch = attentionScratch[worker].floats(own + (widens ? 2 * size : 0))
            let columns = head * d..<(head + 1) * d
            let shared = head / shape.groupSize
            let (q, y) = (
                qkv.rows(part.rows).columns(columns), out.rows(part.rows).columns(columns)
            )
            let keys = kernels.floats(
                of: part.cache.keys(layer: layer, head: shared).at(0, size),
                scratch: widens ? scratch.at(own, size) : nil)
            let values = kernels.floats(
                of: part.cache.values(layer: layer, head: shared).at(0, size),
                scratch: widens ? scratch.at(own + size, size) : nil)
            // Also where the window holds all positions, as it does not for a longer part: the
            // kernels need not round alike.
            guard windowStarts.count > 0, configuration.window(ofLayer: layer) != nil else {
                kernels.attentionCached(
                    positions: positions, q: q, keys: keys, values: values, into: y,
                    workspace: scratch.at(0, needed))
                return
            }
            kernels.attentionCached(
                positions: positions, q: q, keys: keys, values: values, into: y,
                starts: windowStarts.slice(part.rows), ends: windowEnds.slice(part.rows),
                workspace: scratch.at(0, own))
        }
    }

    /// The norm before the feed-forward part, where that reads what attention reads.
    private func parallelNorm(_ rows: Int) -> Matrix {
        Matrix(buffers.parallelNorm.all, rows, configuration.embeddingSize)
    }

    /// stream += inside(norm2(stream) · up) · down, or the norm of that, where inside is an
    /// activation or a gate, and the stream that is read may be that before attention.
    func feedForward(
        _ rows: Int, _ layer: Int, _ p: ParameterSlices.Layer, _ throughPanels: Bool
    ) {
        let (isGated, activation) = (
            configuration.architecture.isGated, configuration.activation
        )
        let width = configuration.feedForwardSize
        let x = Matrix(buffers.stream.all, rows, configuration.embeddingSize)
        let normed =
            configuration.isParallel
            ? parallelNorm(rows) : Matrix(buffers.norm.all, rows, configuration.embeddingSize)
        let inside = Matrix(buffers.inside.all, rows, isGated ? 2 * width : width)
        let hidden = Matrix(buffers.hidden.all, rows, width)
        if !configuration.isParallel { normalise(x, p.norm2, into: normed) }
        products.multiply(
            normed, weights.layers[layer].up, into: inside, throughPanels: throughPanels)
        products.eachRows(rows) { range in
            if isGated {
                kernels.gate(activation, inside.rows(range), into: hidden.rows(range))
            } else {
                let floats = range.lowerBound * width..<range.upperBound * width
                kernels.activate(
                    activation, buffers.inside.slice(floats), into: buffers.hidden.slice(floats))
            }
        }
        add(hidden, weights.layers[layer].down, p.addedNorm2, to: x, throughPanels)
    }

    /// stream += x · weight + bias, or the norm of that.
    private func add(
        _ x: Matrix, _ p: InferenceLinear, _ norm: ParameterSlices.Norm?, to stream: Matrix,
        _ throughPanels: Bool
    ) {
        guard let norm else {
            products.multiply(x, p, into: stream, adding: true, throughPanels: throughPanels)
            return
        }
        let width = stream.columns
        let added = Matrix(buffers.added.all, stream.rows, width)
        products.multiply(x, p, into: added, throughPanels: throughPanels)
        normalise(added, norm, into: added)
        products.eachRows(stream.rows) { range in
            let floats = range.lowerBound * width..<range.upperBound * width
            kernels.add(buffers.added.slice(floats), to: buffers.stream.slice(floats))
        }
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
