import Training
import Transformer

/// Profile of a run's steps, as rows of a table.
enum ProfileTable {
    static func rows(_ profile: ProfileReport) -> [[String]] {
        func row(_ title: String, _ seconds: Double) -> [String] {
            [
                title, Figures.fixed(seconds * 1_000, 2),
                Figures.percent(seconds / max(profile.secondsPerStep, 1e-12)),
            ]
        }
        return [["part of a step", "ms", "share"]]
            + profile.rows.map { row($0.title, $0.seconds) }
            + [row("a step, of \(Figures.count(profile.stepCount))", profile.secondsPerStep)]
    }
}
