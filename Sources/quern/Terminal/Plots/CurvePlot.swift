import Pipeline

/// Curves of several runs as text: lines for what was learned from, letters for what was scored.
struct CurvePlot {
    /// A point of a curve.
    struct Point: Equatable {
        var x: Double
        var y: Double
    }

    /// Curves of one run.
    struct Run {
        /// Points of the line, ascending.
        var line: [Point]
        /// Points that the run's letter stands at.
        var marks: [Point]
    }

    /// Meaning of the horizontal axis.
    let xTitle: String
    /// The runs, whose letters are A, B and so on.
    let runs: [Run]

    /// Colours of the palette of 256 that are told apart on a dark ground and on a light one.
    private static let colours = [33, 208, 35, 170, 142, 37, 203, 99]

    static func colour(_ curve: Int) -> Int { colours[curve % colours.count] }

    /// Of a line, what comes before this share of it is not counted for the vertical axis: the
    /// losses of the first steps are so high that all others would lie on one another.
    private static let beginning = 0.1

    /// The plot in at most `columns`, without a title. O(points).
    func text(columns: Int, rows: Int, on screen: Screen) -> String {
        let points = runs.flatMap { $0.line + $0.marks }.filter { $0.x.isFinite && $0.y.isFinite }
        guard !points.isEmpty else { return "" }
        let x = ChartAxis(.linear, covering: [0] + points.map(\.x), tickCount: 5)
        let y = ChartAxis(.linear, covering: shownHeights)
        let labels = y.ticks.map { y.label($0) }
        let labelWidth = labels.map(\.count).max() ?? 0
        // Between a label and the plot a line, and at the end a free column.
        var canvas = PlotCanvas(
            columns: max(10, columns - labelWidth - 3), rows: rows, isUnicode: screen.isUnicode)
        for (number, run) in runs.enumerated() { draw(run, number, x, y, on: &canvas) }
        for (number, run) in runs.enumerated() { mark(run, number, x, y, on: &canvas) }
        var labelOfRow: [Int: String] = [:]
        for (tick, label) in zip(y.ticks, labels) {
            labelOfRow[Self.place(1 - y.share(of: tick), of: canvas.rows)] = label
        }
        let bar = screen.isUnicode ? "│" : "|"
        var text = ""
        for row in 0..<canvas.rows {
            let label = (labelOfRow[row] ?? "").padded(columns: labelWidth, atEnd: false)
            text += label + " " + bar + canvas.line(row, on: screen) + "\n"
        }
        return text + axis(x, canvas, labelWidth, screen)
    }

    /// Values that the vertical axis covers.
    private var shownHeights: [Double] {
        runs.flatMap { run in
            let start = (run.line.last?.x ?? 0) * Self.beginning
            let late = run.line.filter { $0.x >= start }
            return (late.count > 1 ? late : run.line).map(\.y) + run.marks.map(\.y)
        }
    }

    private static func place(_ share: Double, of count: Int) -> Int {
        Int((share * Double(count - 1)).rounded())
    }

    /// Draws the line of a run: the mean of the points of each column, joined to the one before.
    private func draw(
        _ run: Run, _ number: Int, _ x: ChartAxis, _ y: ChartAxis, on canvas: inout PlotCanvas
    ) {
        var sums: [Int: (sum: Double, count: Int)] = [:]
        for point in run.line where point.x.isFinite && point.y.isFinite {
            let column = Self.place(x.share(of: point.x), of: canvas.dotColumns)
            sums[column, default: (0, 0)].sum += point.y
            sums[column, default: (0, 0)].count += 1
        }
        // What lies above the axis begins where it comes into sight.
        let places = sums.sorted { $0.key < $1.key }.map { column, value in
            let share = 1 - y.share(of: value.sum / Double(value.count))
            return (column: column, row: Self.place(min(max(share, -1), 2), of: canvas.dotRows))
        }
        guard let first = places.first else { return }
        var lastRow = first.row
        for (from, to) in zip([first] + places, places) {
            for column in min(from.column + 1, to.column)...to.column {
                let share =
                    Double(column - from.column) / Double(max(to.column - from.column, 1))
                let row = from.row + Int((Double(to.row - from.row) * share).rounded())
                for dot in min(lastRow, row)...max(lastRow, row) {
                    canvas.set(x: column, y: dot, curve: number)
                }
                lastRow = row
            }
        }
    }

    private func mark(
        _ run: Run, _ number: Int, _ x: ChartAxis, _ y: ChartAxis, on canvas: inout PlotCanvas
    ) {
        // A run that was never scored has its letter at its end.
        for point in run.marks.isEmpty ? run.line.suffix(1) : run.marks[...] {
            canvas.mark(
                x: Self.place(x.share(of: point.x), of: canvas.dotColumns),
                y: Self.place(1 - y.share(of: point.y), of: canvas.dotRows), curve: number)
        }
    }

    /// The horizontal axis: its line, the labels of its ticks as far as there is room, its title.
    private func axis(
        _ x: ChartAxis, _ canvas: PlotCanvas, _ labelWidth: Int, _ screen: Screen
    ) -> String {
        let indent = String(repeating: " ", count: labelWidth + 1)
        var rule = Array(
            repeating: screen.isUnicode ? "─" as Character : "-", count: canvas.columns)
        var labels = ""
        for tick in x.ticks {
            let column = Self.place(x.share(of: tick), of: canvas.columns)
            rule[column] = screen.isUnicode ? "┴" : "+"
            let label = Figures.short(tick)
            // Below the tick, moved to where the line still has it.
            let start = min(max(column + 1 - label.count / 2, 0), canvas.columns + 1 - label.count)
            guard start > labels.count || labels.isEmpty else { continue }
            labels += String(repeating: " ", count: start - labels.count) + label
        }
        let title = xTitle.padded(columns: (canvas.columns + xTitle.count) / 2 + 1, atEnd: false)
        return indent + (screen.isUnicode ? "└" : "+") + String(rule) + "\n" + indent + labels
            + "\n" + indent + title + "\n"
    }
}
