import CKernels

extension Kernels {
    /// Turns `heads` heads of each row of `x`, from its first column on, by the angles that `table`
    /// has for `places`; back when `inverse`.
    ///
    /// - Parameter turned: the floats of each head, the first ones, that are turned: the width of
    ///   the table; nil for all.
    func rotate(
        _ x: Matrix, heads: Int, size: Int, turned: Int? = nil, places: IDSlice,
        table: FloatBuffer, inverse: Bool = false
    ) {
        if let turned, turned < size {
            for head in 0..<heads {
                rotate(
                    x.columns(head * size..<head * size + turned), heads: 1, size: turned,
                    places: places, table: table, inverse: inverse)
            }
            return
        }
        // Places are below the context, which is what the table is made for.
        precondition(
            x.columnStride == 1 && heads * size <= x.columns && places.count == x.rows
                && table.count % size == 0, "a rotation that does not fit")
        unsafe qk_numeric(level).pointee.rotate(
            x.rows, heads, size, x.slice.base, x.rowStride, places.base, table.base,
            inverse ? 1 : 0)
    }

    /// out = activation(gate) · up, where `gates` is [gate | up].
    func gate(_ activation: Activation, _ gates: Matrix, into out: Matrix) {
        checkGates(gates, out)
        // The kernel of the usual one is its own.
        guard activation != .silu else {
            unsafe qk_numeric(level).pointee.swiglu(
                out.rows, out.columns, gates.slice.base, gates.rowStride, out.slice.base,
                out.rowStride)
            return
        }
        unsafe qk_numeric(level).pointee.gate(
            activation.number, out.rows, out.columns, gates.slice.base, gates.rowStride,
            out.slice.base, out.rowStride)
    }

    /// Writes `dGates`, which may be `gates`.
    func gateBackward(_ activation: Activation, _ dOut: Matrix, gates: Matrix, dGates: Matrix) {
        checkGates(gates, dOut)
        checkGates(dGates, dOut)
        guard activation != .silu else {
            unsafe qk_numeric(level).pointee.swiglu_backward(
                dOut.rows, dOut.columns, dOut.slice.base, dOut.rowStride, gates.slice.base,
                gates.rowStride, dGates.slice.base, dGates.rowStride)
            return
        }
        unsafe qk_numeric(level).pointee.gate_backward(
            activation.number, dOut.rows, dOut.columns, dOut.slice.base, dOut.rowStride,
            gates.slice.base, gates.rowStride, dGates.slice.base, dGates.rowStride)
    }

    private func checkGates(_ gates: Matrix, _ out: Matrix) {
        precondition(
            gates.rows == out.rows && gates.columns == 2 * out.columns && gates.columnStride == 1
                && out.columnStride == 1, "gates that do not fit")
    }

    /// out = activation(x).
    func activate(_ activation: Activation, _ x: FloatSlice, into out: FloatSlice) {
        precondition(x.count == out.count, "slices of different counts")
        unsafe qk_numeric(level).pointee.activate(
            activation.number, x.count, x.base, out.base, nil)
    }

    /// Replaces each row of `x` by its activation, and writes the derivatives.
    func activate(_ activation: Activation, _ x: Matrix, derivative: Matrix) {
        precondition(
            x.rows == derivative.rows && x.columns == derivative.columns && x.columnStride == 1
                && derivative.columnStride == 1, "an activation of rows that do not fit")
        for row in 0..<x.rows {
            let (values, slopes) = (x.row(row), derivative.row(row))
            unsafe qk_numeric(level).pointee.activate(
                activation.number, values.count, values.base, values.base, slopes.base)
        }
    }

    /// out = x with numbers dropped, plus `other`; `out` may be `x`.
    func drop(
        _ x: Matrix, _ dropout: qk_dropout, adding other: Matrix? = nil, into out: Matrix
    ) {
        for matrix in [x, other ?? x, out] {
            precondition(
                matrix.rows == out.rows && matrix.columns == out.columns && isWhole(matrix),
                "dropout of matrices that do not fit")
        }
        var dropout = dropout
        unsafe qk_numeric(level).pointee.drop(
            out.rows, out.columns, x.slice.base, other?.slice.base, out.slice.base,
            &dropout)
    }
}
