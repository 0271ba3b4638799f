extension SequencePass {
    /// Calls `body` with each block of positions and the matrix for its logits.
    private func eachBlock(_ body: (Range<Int>, Matrix) -> Void) {
        for start in stride(from: 0, to: count, by: headRows) {
            let rows = min(headRows, count - start)
            body(
                start..<start + rows,
                Matrix(
                    activations.logitsBlock, rows, configuration.vocabularySize,
                    rowStride: headStride))
        }
    }

    private func finalRows(_ range: Range<Int>, of slice: FloatSlice) -> Matrix {
        let c = configuration.embeddingSize
        return Matrix(slice.at(range.lowerBound * c, range.count * c), range.count, c)
    }

    /// Logits, softmax, loss and all gradients of the head, block by block: a block's logits become
    /// their own gradient in place, and both products read that at once. Writes `losses` and
    /// `dNorm`, and adds to the gradient of the head.
    func head(
        _ p: ParameterSlices, targets: IDSlice, scale: Float, _ d: ParameterSlices
    ) {
        eachBlock { range, logits in
            let x = finalRows(range, of: activations.finalNorm)
            multiply(x, p.head.transposed, into: logits)
            crossEntropy(logits, range, targets, scale: scale)
            multiply(logits, p.head, into: finalRows(range, of: activations.dNorm))
            multiply(logits.transposed, x, into: d.head, .add)
        }
    }

    /// Writes `losses`, for evaluation.
    func loss(_ p: ParameterSlices, targets: IDSlice) {
        eachBlock { range, logits in
            multiply(finalRows(range, of: activations.finalNorm), p.head.transposed, into: logits)
            crossEntropy(logits, range, targets, scale: 0)
        }
    }

    /// Writes the losses of the positions `range`, whose logits are `logits`.
    private func crossEntropy(
        _ logits: Matrix, _ range: Range<Int>, _ targets: IDSlice, scale: Float
    ) {
        share(range.count) { part, _ in
            let start = range.lowerBound + part.lowerBound
            kernels.crossEntropy(
                logits.rows(part), targets: targets.at(start, part.count), scale: scale,
                losses: activations.losses.at(start, part.count))
        }
    }

    /// All logits (t, V).
    func logits(_ p: ParameterSlices, into logits: Matrix) {
        multiply(stream(activations.finalNorm), p.head.transposed, into: logits)
    }
}
