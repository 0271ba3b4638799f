import CKernels

/// The C kernels at one level, with their shapes checked.
///
/// The passes call these and not C: the model above speaks of slices and matrices.
struct Kernels {
    let level: Int32

    init(_ level: KernelLevel) {
        precondition(level.isAvailable, "this processor cannot run the kernels of level \(level)")
        self.level = level.number
    }

    /// The most rows that are multiplied by matrices where they lie; more go through panels.
    static let fewRows = 16

    static var productWorkspaceCount: Int { Int(QK_GEMM_WORKSPACE) }

    func attentionWorkspaceCount(positions: Int, headSize: Int) -> Int {
        unsafe qk_numeric(level).pointee.attention_workspace(positions, headSize)
    }

    // MARK: Products

    /// C = A·B through an epilogue, from B's panels where they are kept.
    func multiply(
        _ a: Matrix, _ b: Matrix, into c: Matrix, _ epilogue: Epilogue = .store,
        workspace: FloatSlice
    ) {
        precondition(
            a.columns == b.rows && a.rows == c.rows && b.columns == c.columns
                && c.columnStride == 1 && workspace.count >= Self.productWorkspaceCount,
            "a product of matrices that do not fit")
        var e = unsafe make(epilogue, c)
        if let packed = b.packed {
            precondition(packed.count >= packedCount(rows: b.rows, columns: b.columns), "no panels")
            unsafe qk_numeric(level).pointee.gemm_packed(
                c.rows, c.columns, a.columns, a.slice.base, a.rowStride, a.columnStride,
                packed.base, c.slice.base, c.rowStride, &e, workspace.base)
            return
        }
        unsafe qk_numeric(level).pointee.gemm(
            c.rows, c.columns, a.columns, a.slice.base, a.rowStride, a.columnStride,
            b.slice.base, b.rowStride, b.columnStride, c.slice.base, c.rowStride, &e,
            workspace.base)
    }

    /// The columns of `range` of a matrix, with the panels that they fill.
    func columns(_ range: Range<Int>, of matrix: Matrix) -> Matrix {
        if range == 0..<matrix.columns { return matrix }
        var part = matrix.columns(range)
        let panelWidth = packedCount(rows: 1, columns: 1)
        // The plain level's panels are rows of the whole matrix.
        guard let packed = matrix.packed, panelWidth > 1 else { return part }
        precondition(range.lowerBound % panelWidth == 0, "columns from within a panel")
        let start = packedCount(rows: matrix.rows, columns: range.lowerBound)
        part.packed = packed[start..<packed.count]
        return part
    }

    func packedCount(rows: Int, columns: Int) -> Int {
        unsafe qk_numeric(level).pointee.packed_count(rows, columns)
    }

    /// Lays `b` out for many products with it.
    func pack(_ b: Matrix, into packed: FloatSlice) {
        precondition(packed.count >= packedCount(rows: b.rows, columns: b.columns), "no room")
        unsafe qk_numeric(level).pointee.pack(
            b.rows, b.columns, b.slice.base, b.rowStride, b.columnStride, packed.base)
    }

    private func make(_ epilogue: Epilogue, _ c: Matrix) -> qk_epilogue {
        func check(_ other: Matrix) {
            precondition(
                other.rows == c.rows && other.columns == c.columns && other.columnStride == 1,
                "an epilogue of another shape")
        }
        func check(bias: FloatSlice) {
            precondition(bias.count == c.columns, "a bias of another length")
        }
        var e = unsafe qk_epilogue()
        switch epilogue {
        case .store: unsafe e.kind = Int32(QK_STORE)
        case .add: unsafe e.kind = Int32(QK_ADD)
        case .bias(let bias):
            check(bias: bias)
            unsafe e.kind = Int32(QK_BIAS)
            unsafe e.bias = UnsafePointer(bias.base)
        case .biasResidual(let bias, let other):
            check(bias: bias)
            check(other)
            unsafe e.kind = Int32(QK_BIAS_RESIDUAL)
            unsafe e.bias = UnsafePointer(bias.base)
            unsafe e.other = UnsafePointer(other.slice.base)
            unsafe e.other_row = other.rowStride
        case .residual(let other):
            check(other)
            unsafe e.kind = Int32(QK_RESIDUAL)
            unsafe e.other = UnsafePointer(other.slice.base)
            unsafe e.other_row = other.rowStride
        case .biasGELU(let bias, let derivative):
            check(bias: bias)
            check(derivative)
            unsafe e.kind = Int32(QK_BIAS_GELU)
            unsafe e.bias = UnsafePointer(bias.base)
            unsafe e.second = derivative.slice.base
            unsafe e.second_row = derivative.rowStride
        case .biasReLU(let bias):
            check(bias: bias)
            unsafe e.kind = Int32(QK_BIAS_RELU)
            unsafe e.bias = UnsafePointer(bias.base)
        case .wherePositive(let other):
            check(other)
            unsafe e.kind = Int32(QK_WHERE_POSITIVE)
            unsafe e.other = UnsafePointer(other.slice.base)
            unsafe e.other_row = other.rowStride
        case .multiply(let other):
            check(other)
            unsafe e.kind = Int32(QK_MULTIPLY)
            unsafe e.other = UnsafePointer(other.slice.base)
            unsafe e.other_row = other.rowStride
        }
        return unsafe e
    }

    // MARK: Elements

    /// Losses of the rows of logits, and the logits replaced by `scale` times the gradient of the
    /// loss, unless `scale` is 0.
    func crossEntropy(_ logits: Matrix, targets: IDSlice, scale: Float, losses: FloatSlice) {
        precondition(
            targets.count == logits.rows && losses.count == logits.rows
                && logits.columnStride == 1, "a loss of rows that do not fit")
        unsafe qk_numeric(level).pointee.cross_entropy(
            logits.rows, logits.columns, logits.slice.base, logits.rowStride, targets.base,
            scale, losses.base)
    }

    /// Replaces x by the softmax of `factor` · x.
    func softmax(_ x: inout [Float], factor: Float) {
        unsafe x.withUnsafeMutableBufferPointer { floats in
            guard let base = floats.baseAddress else { return }
            unsafe qk_numeric(level).pointee.softmax(floats.count, base, factor)
        }
    }

    /// out[t] = factor · table[ids[t]], plus out[t] itself when `adding`.
    func embed(
        _ ids: IDSlice, _ table: Matrix, factor: Float = 1, into out: Matrix, adding: Bool = false
    ) {
        checkTable(ids, table, out)
        unsafe qk_numeric(level).pointee.embed(
            ids.count, out.columns, ids.base, table.slice.base, factor, out.slice.base,
            adding ? 1 : 0)
    }

    /// dTable[ids[t]] += factor · dOut[t].
    func embedBackward(_ ids: IDSlice, dOut: Matrix, factor: Float = 1, dTable: Matrix) {
        checkTable(ids, dTable, dOut)
        unsafe qk_numeric(level).pointee.embed_backward(
            ids.count, dOut.columns, ids.base, dOut.slice.base, factor, dTable.slice.base)
    }

    /// The ids themselves are looked at where they come in.
    private func checkTable(_ ids: IDSlice, _ table: Matrix, _ rows: Matrix) {
        precondition(
            rows.rows == ids.count && table.columns == rows.columns && isWhole(table)
                && isWhole(rows), "an embedding that does not fit")
    }

    func isWhole(_ x: Matrix) -> Bool { x.columnStride == 1 && x.rowStride == x.columns }

    /// y = x.
    func copy(_ x: FloatSlice, to y: FloatSlice) {
        precondition(x.count == y.count, "slices of different counts")
        unsafe y.base.update(from: x.base, count: x.count)
    }

    /// y += x.
    func add(_ x: FloatSlice, to y: FloatSlice) {
        precondition(x.count == y.count, "slices of different counts")
        unsafe qk_numeric(level).pointee.add(x.count, x.base, y.base)
    }

    /// out += the sum of the rows of `x`.
    func addRows(of x: Matrix, to out: FloatSlice) {
        precondition(x.columns == out.count && x.columnStride == 1, "rows of another length")
        unsafe qk_numeric(level).pointee.add_rows(
            x.rows, x.columns, x.slice.base, x.rowStride, out.base)
    }
}

extension Kernels {
    /// y = x·B for few rows, plus y itself when `adding`: B is read once, where it lies.
    func multiply(fewRows x: Matrix, _ b: Matrix, into y: Matrix, adding: Bool) {
        checkFewRows(x, y, rows: b.rows, columns: b.columns)
        precondition(b.rowStride == 1 || b.columnStride == 1, "neither rows nor columns whole")
        unsafe qk_numeric(level).pointee.few_rows(
            y.rows, y.columns, x.columns, x.slice.base, x.rowStride, b.slice.base,
            b.rowStride, b.columnStride, y.slice.base, y.rowStride, adding ? 1 : 0)
    }

    /// The same for columns of a matrix of 16-bit numbers; the first is the first of a panel.
    func multiply(
        fewRows x: Matrix, _ b: ReducedMatrix, columns: Range<Int>, into y: Matrix, adding: Bool
    ) {
        precondition(!b.isOfIntegers, "a product by floats of a matrix of integers")
        checkFewRows(x, y, rows: b.rows, columns: columns.count)
        unsafe qk_numeric(level).pointee.few_rows_reduced(
            b.format, y.rows, y.columns, b.rows, x.slice.base, x.rowStride,
            b.panels(from: columns), y.slice.base, y.rowStride, adding ? 1 : 0)
    }

    /// Rounds rows of `x` to integers of eight bits, for products with `b`, into the same rows of
    /// `rounded`.
    func round(_ x: Matrix, rows: Range<Int>, for b: ReducedMatrix, into rounded: RoundedRows) {
        precondition(
            b.isOfIntegers && x.columns == b.rows && x.columnStride == 1
                && rounded.columns == b.rows && rows.upperBound <= rounded.rows,
            "rows that do not fit")
        unsafe qk_numeric(level).pointee.round_rows(
            b.format, rows.count, x.columns, x.rows(rows).slice.base, x.rowStride,
            rounded.row(rows.lowerBound))
    }

    /// y = x·B for rows that were rounded, plus y itself when `adding`; the first of `columns` is
    /// the first of a panel. The bits of a row are those that it has alone.
    func multiply(
        _ x: RoundedRows, _ b: ReducedMatrix, columns: Range<Int>, into y: Matrix, adding: Bool
    ) {
        precondition(
            b.isOfIntegers && x.rows == y.rows && x.columns == b.rows
                && y.columns == columns.count && y.columnStride == 1,
            "a product that does not fit")
        unsafe qk_numeric(level).pointee.rounded_product(
            b.format, y.rows, y.columns, b.rows, x.row(0), b.panels(from: columns),
            y.slice.base, y.rowStride, adding ? 1 : 0)
    }

    /// Lays columns of a matrix of 16-bit numbers out as ``pack(_:into:)`` would.
    func pack(_ b: ReducedMatrix, columns: Range<Int>, into packed: FloatSlice) {
        precondition(
            !b.isOfIntegers
                && packed.count >= packedCount(rows: b.rows, columns: columns.count), "no room")
        unsafe qk_numeric(level).pointee.pack_reduced(
            b.format, b.rows, columns.count, b.panels(from: columns), packed.base)
    }

    private func checkFewRows(_ x: Matrix, _ y: Matrix, rows: Int, columns: Int) {
        precondition(
            x.columns == rows && y.columns == columns && x.rows == y.rows
                && x.columnStride == 1 && y.columnStride == 1, "a product that does not fit")
    }
}
