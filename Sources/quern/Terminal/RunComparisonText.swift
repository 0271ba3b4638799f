import Foundation
import Pipeline
import Training

/// Runs beside one another, as text: each has a letter, by which columns and curves call it.
struct RunComparisonText {
    let runs: [RecordedRun]
    let axis: Compare.Axis

    /// Lines of the plot, without its axis.
    private static let plotRows = 14
    /// Columns of the plot where the screen has more.
    private static let plotColumns = 100
    /// Columns of a setting's value on a narrow screen.
    private static let valueColumns = 20

    /// All parts, each only where there is something to show.
    func text(columns: Int, on screen: Screen) -> String {
        let columns = max(columns, 40)
        let parts = [
            legend(columns), settings(columns, screen), curves(columns, screen), figures(columns),
            sources(columns), tasks(columns),
        ]
        return (parts.filter { !$0.isEmpty } + notes).joined(separator: "\n")
    }

    private func letter(_ number: Int) -> String { PlotCanvas.letter(number) }

    /// Which run has which letter, and how far it is.
    private func legend(_ columns: Int) -> String {
        runs.enumerated().map { number, run in
            let state =
                run.figures.isComplete || run.figures.plannedSteps == nil
                ? ""
                : "  (\(Figures.count(run.figures.steps)) of "
                    + "\(Figures.count(run.figures.plannedSteps ?? 0)) steps)"
            return letter(number) + "  " + run.name + state + "\n"
        }.joined()
    }

    /// The settings that differ, whose values are cut on a screen alone, to share its columns.
    private func settings(_ columns: Int, _ screen: Screen) -> String {
        let differences = runs.settingDifferences
        let titleColumns = differences.map(\.key.columnCount).max() ?? 0
        let room = (columns - titleColumns) / max(runs.count, 1) - 2
        let columns = screen.isTerminal ? columns : .max
        let rows = differences.map { difference in
            [difference.key]
                + difference.values.map { value in
                    // A word stands without the quotation marks of JSON.
                    let text = value.map(RecipeChange.readable)?.trimmingCharacters(in: ["\""])
                    guard screen.isTerminal else { return text ?? "–" }
                    return (text ?? "–").shortened(columns: max(room, Self.valueColumns))
                }
        }
        guard !rows.isEmpty else {
            return runs.count > 1 ? "No recorded setting differs.\n" : ""
        }
        return table("setting", rows, columns)
    }

    private func curves(_ columns: Int, _ screen: Screen) -> String {
        let plot = CurvePlot(
            xTitle: axis == .seconds ? "seconds of training" : axis.rawValue,
            runs: runs.map { run in
                CurvePlot.Run(
                    line: run.curves.training.map(point), marks: run.curves.validation.map(point))
            })
        let text = plot.text(
            columns: min(columns, Self.plotColumns), rows: Self.plotRows, on: screen)
        guard !text.isEmpty else { return "" }
        let signs = screen.isUnicode ? ("lines", "letters") : ("small letters", "capitals")
        return "Loss: \(signs.0) in training, \(signs.1) in validation\n" + text
    }

    private func point(_ point: RecordedCurves.Point) -> CurvePlot.Point {
        let x =
            switch axis {
            case .steps: Double(point.step)
            case .tokens: Double(point.tokenCount)
            case .seconds: point.seconds
            }
        return CurvePlot.Point(x: x, y: point.loss)
    }

    private func figures(_ columns: Int) -> String {
        func row(_ title: String, _ value: (RunFigures) -> String?) -> [String] {
            [title] + runs.map { value($0.figures) ?? "–" }
        }
        let rows = [
            row("parameters") { $0.parameterCount.map(Figures.count) },
            row("steps") { $0.steps > 0 ? Figures.count($0.steps) : nil },
            row("tokens") { Figures.count($0.tokenCount) },
            row("training") { $0.trainingSeconds > 0 ? Figures.time($0.trainingSeconds) : nil },
            row("tokens/s") { $0.tokensPerSecond.map(Figures.short) },
            row("validation loss") { $0.validation.map { Figures.fixed($0.loss, 4) } },
            row("perplexity") { $0.validation.map { Figures.fixed($0.perplexity, 2) } },
            row("bits per byte") { $0.validation.map { Figures.fixed($0.bitsPerByte, 4) } },
            row("lowest loss") { $0.lowest.map { Figures.fixed($0.loss, 4) } },
            row("at step") { $0.lowest.map { Figures.count($0.step) } },
        ]
        return table("", rows, columns)
    }

    /// Losses of each source that several runs have scored, or one.
    private func sources(_ columns: Int) -> String {
        var names: [String] = []
        for source in runs.flatMap(\.figures.sources)
        where source.result.tokenCount > 0 && !names.contains(source.name) {
            names.append(source.name)
        }
        let rows = names.flatMap { name in
            let results = runs.map { run in
                run.figures.sources.first { $0.name == name && $0.result.tokenCount > 0 }?.result
            }
            func row(_ title: String, _ value: (EvaluationResult) -> String) -> [String] {
                [title] + results.map { $0.map(value) ?? "–" }
            }
            return [
                row(name.shortened(columns: 30) + ": loss") { Figures.fixed($0.loss, 4) },
                row("  perplexity") { Figures.fixed($0.perplexity, 2) },
                row("  bits per byte") { Figures.fixed($0.bitsPerByte, 4) },
            ]
        }
        return rows.isEmpty ? "" : table("source", rows, columns)
    }

    /// The last figures of each task that a run has scored.
    private func tasks(_ columns: Int) -> String {
        var names: [String] = []
        var chances: [String: Double] = [:]
        for task in runs.flatMap(\.curves.tasks) {
            if !names.contains(task.name) { names.append(task.name) }
            if let chance = task.chance { chances[task.name] = chance }
        }
        let rows = names.map { name in
            let chance = chances[name].map { ", chance \(Figures.fixed($0, 2))" } ?? ""
            return [name.shortened(columns: 30) + chance]
                + runs.map { run in
                    let values = run.curves.tasks.first { $0.name == name }?.points
                    return values?.last.map { Figures.fixed($0.value, 4) } ?? "–"
                }
        }
        return rows.isEmpty ? "" : table("task", rows, columns)
    }

    private var notes: [String] {
        func differs(_ key: String) -> Bool {
            Set(runs.compactMap { $0.settings[key] }).count > 1
        }
        if differs("vocabulary") {
            return ["The vocabularies differ: of the figures, bits per byte alone compare.\n"]
        }
        return differs("data") ? ["The data differs: the validation text may be another.\n"] : []
    }

    /// A table with a column for each run; of more runs than fit side by side, several.
    private func table(_ title: String, _ rows: [[String]], _ columns: Int) -> String {
        let titles = [title] + runs.indices.map(letter)
        let widths = titles.indices.map { column in
            ([titles] + rows).map { $0[column].columnCount }.max() ?? 0
        }
        var parts: [String] = []
        var start = 1
        while start < titles.count {
            var (end, width) = (start, widths[0])
            while end < titles.count, end == start || width + 2 + widths[end] <= columns {
                width += 2 + widths[end]
                end += 1
            }
            parts.append(
                Table.text(
                    ([titles] + rows).map { [$0[0]] + $0[start..<end] }, alignRight: true))
            start = end
        }
        return parts.joined(separator: "\n")
    }
}
