import Pipeline

/// The results of a sweep as a table, with the command that makes the best trial's model again.
enum SweepTable {
    /// - Parameters:
    ///   - result: the results.
    ///   - plan: what was tried.
    ///   - command: words of the command that runs the pipeline as all trials have it.
    ///   - files: files with the results.
    static func text(
        _ result: SweepResult, _ plan: SweepPlan, command: [String], files: [String]
    ) -> String {
        var text = "\n" + table(result)
        for trial in result.trials {
            if let failure = trial.failure { text += "\n\(trial.name) failed: \(failure)\n" }
        }
        if !result.leftOut.isEmpty {
            text +=
                "\nThe budget is spent; left out: \(result.leftOut.joined(separator: ", "))\n"
        }
        for invalid in result.invalid {
            text += "\n\(invalid.name) makes no sense: \(invalid.reason)\n"
        }
        if let best = result.best {
            let words = command + best.settings.flatMap { ["--set", $0] }
            text += "\nBest: \(plan.directory)/\(best.name)\n"
            text += "  " + words.map(\.shellWord).joined(separator: " ") + "\n"
        }
        return text + "\nFiles\n" + files.map { "  \($0)\n" }.joined()
    }

    private static func table(_ result: SweepResult) -> String {
        let keys = result.trials.first?.settings.map(\.key) ?? []
        let names = keys.map { key in
            let name = String(key.split(separator: ".").last ?? "")
            return keys.count { $0.hasSuffix("." + name) } == 1 ? name : key
        }
        let titles = [""] + names + ["bits per byte", "loss", "steps", "time", "tokens/s"]
        let rows = result.trials.enumerated().map { number, trial in
            let figures =
                trial.failure != nil
                ? ["failed", "–"]
                : [trial.bitsPerByte, trial.loss].map { $0.map { Figures.fixed($0, 4) } ?? "–" }
            return ["\(number + 1)"] + trial.settings.map(\.value) + figures + [
                Figures.count(trial.steps), trial.seconds.map(Figures.time) ?? "–",
                trial.tokensPerSecond.map(Figures.short) ?? "–",
            ]
        }
        return Table.text([titles] + rows, alignRight: true)
    }
}
