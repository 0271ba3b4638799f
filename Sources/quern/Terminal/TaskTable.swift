import Pipeline
import Training

/// The figures of tasks as a table, a row each.
enum TaskTable {
    /// Adds the table, and the mean of CORE's tasks where there is one.
    static func add(_ tasks: TaskReport, to report: inout Report) {
        report.table(
            "tasks", ["task", "questions", "metric", "value", "±", "chance"],
            tasks.scores.flatMap { score in score.metrics.map { row($0, of: score) } })
        if let core = tasks.core { report.row("CORE", "\(core, digits: 4, "core")") }
    }

    /// The figures of a task in a line.
    static func line(_ score: TaskScore) -> String {
        let figures = score.metrics.map { "\($0.name) \(Figures.fixed($0.value, 4))" }
        let chance = score.chance.map { ", chance \(Figures.fixed($0, 4))" } ?? ""
        return score.name + " " + figures.joined(separator: ", ") + chance
    }

    private static func row(
        _ metric: TaskScore.Metric, of score: TaskScore
    ) -> [ReportText] {
        let hasChance = metric.name.hasPrefix("acc")
        return [
            "\(word: score.name, "task")", "\(count: score.itemCount, "questions")",
            "\(word: metric.name, "metric")", "\(metric.value, digits: 4, "value")",
            metric.standardError.map { "\($0, digits: 4, "standard_error")" } ?? "",
            hasChance ? score.chance.map { "\($0, digits: 4, "chance")" } ?? "" : "",
        ]
    }
}
