import Foundation
import Pipeline
import Training

/// Tasks: what the model reaches in each, with its standard error, beside what guessing would.
extension ReportPage {
    private static let taskPlotLimit = 24

    var tasks: Section? {
        guard runs.contains(where: { !$0.taskResults.figures.isEmpty }) else { return nil }
        return Section(id: "tasks", title: "Tasks") { page in
            Self.writeTable(
                ["task", "chance"] + runs.map(\.place.name), runs.taskRows,
                numbers: Set(1...runs.count + 1), to: &page)
            Self.write(runs.taskNames.prefix(Self.taskPlotLimit).map(taskPlot), to: &page)
        }
    }

    /// The scores of a task along the steps, with their standard errors and a line at chance.
    private func taskPlot(_ name: String) -> Plot {
        var plot = Plot(
            title: name, xTitle: "step", yTitle: "score", curves: [], isAlongSteps: true)
        var longest = (run: 0, step: 0.0)
        for (number, run) in runs.enumerated() {
            let scores = run.metrics.tasks[name] ?? []
            guard scores.count > 1 else { continue }
            let errors = Dictionary(
                (run.metrics.tasks[name + TaskScore.errorEnding] ?? []).map {
                    (Double($0.step), $0.value)
                }
            ) { $1 }
            let points = Self.thinned(scores.map { .init(x: Double($0.step), y: $0.value) })
            plot.curves.append(
                .init(
                    name: curveName(run, runs.count > 1 ? "" : "score"), points: points,
                    style: .marked, number: number, run: number,
                    errors: points.map { errors[$0.x] ?? 0 }))
            if let last = points.last?.x, last > longest.step { longest = (number, last) }
        }
        if !plot.curves.isEmpty, let chance = runs.chance(of: name) {
            plot.note = "chance is \(Figure.percent(chance))"
            plot.curves.append(
                .init(
                    name: "chance",
                    points: [.init(x: 0, y: chance), .init(x: longest.step, y: chance)],
                    number: runs.count, run: longest.run))
        }
        if plot.curves.contains(where: { $0.errors.contains { $0 > 0 } }) {
            plot.note += (plot.note.isEmpty ? "" : " · ") + "bars are one standard error"
        }
        return plot
    }
}

extension [RunReport] {
    /// Names of the figures that any of the runs has, in their order.
    var taskNames: [String] { Set(flatMap(\.taskResults.names)).sorted() }

    /// What guessing reaches, as the first run that knows has it.
    func chance(of name: String) -> Double? {
        lazy.compactMap { $0.taskResults.chance(of: name) }.first
    }

    /// Rows of a table: a figure's name, chance, and the figure of each run.
    var taskRows: [[String]] {
        taskNames.map { name in
            [name, chance(of: name).map(Figure.percent) ?? "–"]
                + map { $0.taskResults.score(of: name) ?? "–" }
        }
    }
}
