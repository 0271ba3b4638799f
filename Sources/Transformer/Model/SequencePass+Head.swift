extension SequencePass {
    /// Calls `body` with each block of positions and the matrix for its logits.
    private func eachBlock(_ body: (Range<Int>, Matrix) -> Void) {
        for start in stride(from: 0, to: count, by: headRows) {
            let rows = min(headRows, count - start)
            body(
                start..<start + rows,
                Matrix(
                    logitsBlock, rows, configuration.vocabularySize, rowStride: headStride))
        }
    }

    private func finalRows(_ range: Range<Int>, of slice: FloatSlice) -> Matrix {
        let c = configuration.embeddingSize
        return Matrix(slice.at(range.lowerBound * c, range.count * c), range.count, c)
    }

    /// Logits, softmax, loss and all gradients of the head, block by block: a block's logits become
    /// their own gradient in place, and both products read that at once. Writes `losses` and
    /// `dNorm`, and adds to the gradient of the token embedding.
    func head(
        _ p: ParameterSlices, targets: IDSlice, scale: Float, _ d: ParameterSlices
    ) {
        eachBlock { range, logits in
            let x = finalRows(range, of: finalNorm)
            kernels.multiply(x, p.tokens.transposed, into: logits, workspace: productWorkspace)
            kernels.crossEntropy(
                logits, targets: targets.at(range.lowerBound, range.count), scale: scale,
                losses: losses.at(range.lowerBound, range.count))
            kernels.multiply(
                logits, p.tokens, into: finalRows(range, of: dNorm), workspace: productWorkspace)
            kernels.multiply(
                logits.transposed, x, into: d.tokens, .add, workspace: productWorkspace)
        }
    }

    /// Writes `losses`, for evaluation.
    func loss(_ p: ParameterSlices, targets: IDSlice) {
        eachBlock { range, logits in
            kernels.multiply(
                finalRows(range, of: finalNorm), p.tokens.transposed, into: logits,
                workspace: productWorkspace)
            kernels.crossEntropy(
                logits, targets: targets.at(range.lowerBound, range.count), scale: 0,
                losses: losses.at(range.lowerBound, range.count))
        }
    }

    /// All logits (t, V).
    func logits(_ p: ParameterSlices, into logits: Matrix) {
        kernels.multiply(
            stream(finalNorm), p.tokens.transposed, into: logits, workspace: productWorkspace)
    }
}
