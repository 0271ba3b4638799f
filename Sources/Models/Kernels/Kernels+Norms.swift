import CKernels

/// Statistics of a norm's forward that its backward needs, a float a row each.
struct NormStatistics {
    let mean: FloatSlice?  // of LayerNorm; RMSNorm has none
    let scale: FloatSlice  // factor of the row
}

extension NormStatistics {
    /// Room for `count` rows of a model's norms, as `take` hands it out.
    init(_ c: GPTConfiguration, length count: Int, _ take: (Int) -> FloatSlice) {
        mean = c.architecture.usesRMSNorm ? nil : take(count)
        scale = take(count)
    }

    /// Those of the rows of `range`.
    func rows(_ range: Range<Int>) -> NormStatistics {
        NormStatistics(mean: mean?[range], scale: scale[range])
    }
}

extension Kernels {
    /// out = the norm of each row of `x`: LayerNorm where there is a bias, else RMSNorm, which also
    /// works on parts of rows and in place.
    func normalise(
        _ x: Matrix, _ p: ParameterSlices.Norm, epsilon: Float, into out: Matrix,
        _ statistics: NormStatistics
    ) {
        check(x, out, p, statistics)
        guard let bias = p.bias, let mean = statistics.mean else {
            unsafe qk_numeric(level).pointee.rms_norm(
                x.rows, x.columns, x.slice.base, x.rowStride, p.weight.base, p.offset, epsilon,
                out.slice.base, out.rowStride, statistics.scale.base)
            return
        }
        precondition(isWhole(x) && isWhole(out), "LayerNorm is over whole rows")
        unsafe qk_numeric(level).pointee.layer_norm(
            x.rows, x.columns, x.slice.base, p.weight.base, bias.base, epsilon,
            out.slice.base, mean.base, statistics.scale.base)
    }

    /// Adds to the norm's gradients `d` and to `dx`, or, unless `adding`, writes `dx`, which may be
    /// `dOut`.
    func normaliseBackward(
        _ dOut: Matrix, x: Matrix, _ p: ParameterSlices.Norm, _ statistics: NormStatistics,
        dx: Matrix, adding: Bool = true, _ d: ParameterSlices.Norm
    ) {
        check(x, dOut, p, statistics)
        check(x, dx, d, statistics)
        guard let dBias = d.bias, let mean = statistics.mean else {
            unsafe qk_numeric(level).pointee.rms_norm_backward(
                x.rows, x.columns, dOut.slice.base, dOut.rowStride, x.slice.base,
                x.rowStride, p.weight.base, p.offset, statistics.scale.base, dx.slice.base,
                dx.rowStride, adding ? 1 : 0, d.weight.base)
            return
        }
        precondition(
            isWhole(x) && isWhole(dOut) && isWhole(dx) && adding, "LayerNorm is over whole rows")
        unsafe qk_numeric(level).pointee.layer_norm_backward(
            x.rows, x.columns, dOut.slice.base, x.slice.base, p.weight.base,
            mean.base, statistics.scale.base, dx.slice.base, d.weight.base, dBias.base)
    }

    private func check(
        _ x: Matrix, _ y: Matrix, _ p: ParameterSlices.Norm, _ statistics: NormStatistics
    ) {
        precondition(
            x.rows == y.rows && x.columns == y.columns && x.columnStride == 1
                && y.columnStride == 1 && p.weight.count == x.columns
                && (p.bias?.count ?? x.columns) == x.columns
                && (p.bias == nil) == (statistics.mean == nil)
                && (statistics.mean?.count ?? x.rows) >= x.rows
                && statistics.scale.count >= x.rows,
            "a norm of rows that do not fit")
    }
}
