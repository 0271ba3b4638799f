import CKernels

extension Kernels {
    /// y = x·B for few rows, plus y itself when `adding`: B is read once, where it lies.
    func multiply(fewRows x: Matrix, _ b: Matrix, into y: Matrix, adding: Bool) {
        checkFewRows(x, y, rows: b.rows, columns: b.columns)
        precondition(b.rowStride == 1 || b.columnStride == 1, "neither rows nor columns whole")
        unsafe qk_numeric(level).pointee.few_rows(
            y.rows, y.columns, x.columns, x.slice.base, x.rowStride, b.slice.base,
            b.rowStride, b.columnStride, y.slice.base, y.rowStride, adding ? 1 : 0)
    }

    /// The same for columns of a reduced matrix; the first is the first of a panel.
    func multiply(
        fewRows x: Matrix, _ b: ReducedMatrix, columns: Range<Int>, into y: Matrix, adding: Bool
    ) {
        checkFewRows(x, y, rows: b.rows, columns: columns.count)
        unsafe qk_numeric(level).pointee.few_rows_reduced(
            b.format, y.rows, y.columns, b.rows, x.slice.base, x.rowStride,
            b.panels(from: columns), y.slice.base, y.rowStride, adding ? 1 : 0)
    }

    /// Lays columns of a reduced matrix out as ``pack(_:into:)`` would.
    func pack(_ b: ReducedMatrix, columns: Range<Int>, into packed: FloatSlice) {
        precondition(
            packed.count >= packedCount(rows: b.rows, columns: columns.count), "no room")
        unsafe qk_numeric(level).pointee.pack_reduced(
            b.format, b.rows, columns.count, b.panels(from: columns), packed.base)
    }

    private func checkFewRows(_ x: Matrix, _ y: Matrix, rows: Int, columns: Int) {
        precondition(
            x.columns == rows && y.columns == columns && x.rows == y.rows
                && x.columnStride == 1 && y.columnStride == 1, "a product that does not fit")
    }
}
