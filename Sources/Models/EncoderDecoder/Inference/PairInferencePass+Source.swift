import Work

extension PairInferencePass {
    /// Passes a source through the encoder, and keeps its keys and values for every block of the
    /// decoder. O(tokens² · C + tokens · parameters).
    func encode(_ source: [TokenID], into memory: KeyValueCache) {
        let (rows, c) = (source.count, configuration.embeddingSize)
        guard rows > 0 else { return }
        if sourceBuffers.rowCount < rows {
            sourceBuffers = Buffers(configuration, max(rows, 2 * sourceBuffers.rowCount))
        }
        let buffers = sourceBuffers
        for row in 0..<rows {
            buffers.ids[row] = Int32(source[row].index)
            buffers.places[row] = Int32(row)
        }
        let x = embed(rows, of: buffers)
        let sight = Sight(configuration, rows)
        for (p, block) in zip(weights.encoder, model.slices.encoder) {
            let qkv = Matrix(buffers.projected.all, rows, 3 * c)
            products.multiply(x, p.qkv, into: qkv)
            attend(qkv, sight, into: Matrix(buffers.attended.all, rows, c))
            add(buffers.attended, p.out, block.norm, to: x, buffers)
            feedForward(x, p, block, buffers)
        }
        for (layer, p) in weights.decoder.enumerated() {
            guard let cross = p.cross else { continue }
            let keyValues = Matrix(buffers.projected.all, rows, 2 * c)
            products.multiply(x, cross.keyValue, into: keyValues)
            keep(keyValues, layer, in: memory)
        }
    }

    /// What each row of a source sees: all of it.
    private struct Sight {
        let starts: IDBuffer
        let ends: IDBuffer
        let logSumExp: FloatBuffer  // (H, rows), which nothing reads

        init(_ c: EncoderDecoderConfiguration, _ rows: Int) {
            starts = IDBuffer([Int32](repeating: 0, count: rows))
            ends = IDBuffer([Int32](repeating: Int32(rows), count: rows))
            logSumExp = FloatBuffer(count: c.headCount * rows)
        }
    }

    /// out = attention of every head over all rows of [q | k | v].
    private func attend(_ qkv: Matrix, _ sight: Sight, into out: Matrix) {
        let (rows, c, d) = (qkv.rows, configuration.embeddingSize, configuration.headSize)
        let operands = StretchedAttention(
            queries: qkv.columns(0..<c), keys: qkv.columns(c..<2 * c),
            values: qkv.columns(2 * c..<3 * c), headSize: d, starts: sight.starts.all,
            ends: sight.ends.all)
        let count = kernels.attentionWorkspaceCount(positions: rows, headSize: d)
        products.team.run(configuration.headCount) { head, worker in
            kernels.attention(
                operands, heads: head..<head + 1, into: out, logSumExp: sight.logSumExp.all,
                workspace: attentionScratch[worker].floats(count))
        }
    }

    /// Copies the keys and values of a layer, rows of [k | v], a head's in one piece.
    private func keep(_ keyValues: Matrix, _ layer: Int, in memory: KeyValueCache) {
        let (c, d) = (configuration.embeddingSize, configuration.headSize)
        for head in 0..<configuration.headCount {
            let (keys, values) = (
                memory.keys(layer: layer, head: head), memory.values(layer: layer, head: head)
            )
            for row in 0..<keyValues.rows {
                let from = keyValues.row(row)
                kernels.keep(from.at(head * d, d), in: keys.at(row * d, d))
                kernels.keep(from.at(c + head * d, d), in: values.at(row * d, d))
            }
        }
    }
}
