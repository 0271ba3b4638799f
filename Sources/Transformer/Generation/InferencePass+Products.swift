import Work

/// Parts that every block is made of, divided among the threads.
extension InferencePass {
    /// Calls `body` with ranges of rows: all of few, which are not worth a second thread, or parts.
    func eachRows(_ count: Int, _ body: (Range<Int>) -> Void) {
        let part = Self.fewRows
        guard count > part else { return body(0..<count) }
        team.run((count + part - 1) / part) { body($0 * part..<min(($0 + 1) * part, count)) }
    }

    /// out = the norm of each row of `x`.
    func normalise(_ x: Matrix, _ p: ParameterSlices.Norm, into out: Matrix) {
        eachRows(x.rows) { range in
            let statistics = NormStatistics(
                mean: p.bias == nil ? nil : buffers.mean.slice(range),
                scale: buffers.scale.slice(range))
            kernels.normalise(
                x.rows(range), p, epsilon: configuration.layerNormEpsilon, into: out.rows(range),
                statistics)
        }
    }

    /// y = x · weight + bias, plus y itself when `adding`.
    func multiply(
        _ x: Matrix, _ p: InferenceWeights.Linear, into y: Matrix, adding: Bool = false
    ) {
        let columns = y.columns
        let part =
            x.rows > Self.fewRows ? Self.panelPart : Self.part(of: columns)
        team.run((columns + part - 1) / part) { item, worker in
            let range = item * part..<min((item + 1) * part, columns)
            let bias = p.bias.map { $0[range] }
            let out = y.columns(range)
            if x.rows > Self.fewRows {
                multiplyPanels(x, p, range, bias, into: out, adding: adding, worker)
                return
            }
            if let bias {
                for row in 0..<out.rows {
                    if adding {
                        kernels.add(bias, to: out.row(row))
                    } else {
                        kernels.copy(bias, to: out.row(row))
                    }
                }
            }
            let adds = adding || bias != nil
            if let reduced = p.reduced {
                kernels.multiply(fewRows: x, reduced, columns: range, into: out, adding: adds)
            } else {
                kernels.multiply(
                    fewRows: x, p.matrix.columns(range), into: out, adding: adds)
            }
        }
    }

    private func multiplyPanels(
        _ x: Matrix, _ p: InferenceWeights.Linear, _ range: Range<Int>, _ bias: FloatSlice?,
        into out: Matrix, adding: Bool, _ worker: Int
    ) {
        var matrix = p.matrix.columns(range)
        let own = Kernels.productWorkspaceCount
        var packedCount = 0
        if p.reduced != nil {
            packedCount = kernels.packedCount(rows: matrix.rows, columns: matrix.columns)
        }
        let workspace = productScratch[worker].floats(own + packedCount)
        if let reduced = p.reduced {
            let panels = workspace.at(own, packedCount)
            kernels.pack(reduced, columns: range, into: panels)
            matrix.packed = panels
        }
        guard adding else {
            kernels.multiply(x, matrix, into: out, .adding(bias), workspace: workspace)
            return
        }
        // The bias is added to what is there and not through a residual: `out` would be that
        // residual, and a product of several blocks stores its sums there between them.
        if let bias { for row in 0..<out.rows { kernels.add(bias, to: out.row(row)) } }
        kernels.multiply(x, matrix, into: out, .add, workspace: workspace)
    }

    /// Columns of an item where rows are many.
    private static let panelPart = 96

    /// Columns of an item where rows are few: enough of them to be worth handing out, and so few
    /// that no thread waits long for the last.
    private static func part(of columns: Int) -> Int {
        min(max(columns / 32 / 64 * 64, 64), 512)
    }
}
