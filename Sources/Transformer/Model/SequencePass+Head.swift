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
            kernels.multiply(
                x, p.head.transposed, into: logits, workspace: activations.productWorkspace)
            kernels.crossEntropy(
                logits, targets: targets.at(range.lowerBound, range.count), scale: scale,
                losses: activations.losses.at(range.lowerBound, range.count))
            kernels.multiply(
                logits, p.head, into: finalRows(range, of: activations.dNorm),
                workspace: activations.productWorkspace)
            kernels.multiply(
                logits.transposed, x, into: d.head, .add, workspace: activations.productWorkspace)
        }
    }

    /// Writes `losses`, for evaluation.
    func loss(_ p: ParameterSlices, targets: IDSlice) {
        eachBlock { range, logits in
            kernels.multiply(
                finalRows(range, of: activations.finalNorm), p.head.transposed, into: logits,
                workspace: activations.productWorkspace)
            kernels.crossEntropy(
                logits, targets: targets.at(range.lowerBound, range.count), scale: 0,
                losses: activations.losses.at(range.lowerBound, range.count))
        }
    }

    /// All logits (t, V).
    func logits(_ p: ParameterSlices, into logits: Matrix) {
        kernels.multiply(
            stream(activations.finalNorm), p.head.transposed, into: logits,
            workspace: activations.productWorkspace)
    }
}
