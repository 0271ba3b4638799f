import Work

/// Products of rows at work with a model's matrices while it generates, divided among threads.
///
/// Work is cut by columns, never by threads, so that the bits do not depend on their number.
struct InferenceProducts {
    let kernels: Kernels
    let team: ThreadTeam
    private let scratch: [Scratch]
    /// The rows of the product at hand, where its matrix is of integers.
    private let rounded = RoundedRows()

    init(team: ThreadTeam, level: KernelLevel) {
        kernels = Kernels(level)
        self.team = team
        scratch = (0..<team.threadCount).map { _ in Scratch() }
    }

    /// Calls `body` with ranges of rows: all of few, which are not worth a second thread, or parts.
    func eachRows(_ count: Int, _ body: (Range<Int>) -> Void) {
        let part = Kernels.fewRows
        guard count > part else { return body(0..<count) }
        team.run((count + part - 1) / part) { body($0 * part..<min(($0 + 1) * part, count)) }
    }

    /// y = x · weight + bias, plus y itself when `adding`.
    ///
    /// - Parameter throughPanels: whether few rows are multiplied as many are, which rounds
    ///   otherwise and costs more. By integers all are multiplied alike.
    func multiply(
        _ x: Matrix, _ p: InferenceLinear, into y: Matrix, adding: Bool = false,
        throughPanels: Bool = false
    ) {
        let columns = y.columns
        let integers = p.reduced.flatMap { $0.isOfIntegers ? $0 : nil }
        if let integers { round(x, for: integers) }
        let isWide = x.rows > Kernels.fewRows
        let throughPanels = integers == nil && (throughPanels || isWide)
        let part =
            throughPanels || isWide ? Self.panelPart : part(of: columns, rows: x.rows, p)
        team.run((columns + part - 1) / part) { item, worker in
            let range = item * part..<min((item + 1) * part, columns)
            let bias = p.bias.map { $0[range] }
            let out = y.columns(range)
            if throughPanels {
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
            if let integers {
                kernels.multiply(rounded, integers, columns: range, into: out, adding: adds)
            } else if let reduced = p.reduced {
                kernels.multiply(fewRows: x, reduced, columns: range, into: out, adding: adds)
            } else {
                kernels.multiply(
                    fewRows: x, p.matrix.columns(range), into: out, adding: adds)
            }
        }
    }

    private func round(_ x: Matrix, for matrix: ReducedMatrix) {
        rounded.resize(rows: x.rows, columns: x.columns)
        eachRows(x.rows) { kernels.round(x, rows: $0, for: matrix, into: rounded) }
    }

    private func multiplyPanels(
        _ x: Matrix, _ p: InferenceLinear, _ range: Range<Int>, _ bias: FloatSlice?,
        into out: Matrix, adding: Bool, _ worker: Int
    ) {
        var matrix = p.matrix.columns(range)
        let own = Kernels.productWorkspaceCount
        var packedCount = 0
        if p.reduced != nil {
            packedCount = kernels.packedCount(rows: matrix.rows, columns: matrix.columns)
        }
        let workspace = scratch[worker].floats(own + packedCount)
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
    ///
    /// A matrix that is read row by row comes the faster the more of a row is read at once: 384
    /// columns in half of the time of 64 where the processor asks for what lies ahead. Of more
    /// than four rows the kernels read it by 128 columns.
    private func part(of columns: Int, rows: Int, _ p: InferenceLinear) -> Int {
        guard p.reduced == nil, p.matrix.columnStride == 1 else {
            return min(max(columns / 32 / 64 * 64, 64), 512)
        }
        let least = rows > 4 ? 128 : 64
        let share = columns / team.threadCount
        return min(max(max(share / 2, min(share, 384)) / least * least, least), 1024)
    }
}

/// A worker's floats, as many as it has needed so far.
final class Scratch {
    private var buffer = FloatBuffer(count: 0)

    /// `count` floats whose values are those of the last use.
    func floats(_ count: Int) -> FloatSlice {
        if buffer.count < count { buffer = FloatBuffer(count: max(count, 2 * buffer.count)) }
        return buffer.slice(0..<count)
    }
}
