import Refinement

/// Table of the results of a refinement.
enum RefinementSummary {
    static func text(_ report: RefinementReport) -> String {
        var rows = [["", "documents", "bytes of text"], row("read", report.read)]
        for step in report.steps { rows.append(row(step.name, step.removed, sign: "−")) }
        rows.append(row("kept", report.kept))
        var text = Table.text(rows, alignRight: true)
        if report.skipped.lines > 0 || report.skipped.emptyDocuments > 0 {
            text +=
                "skipped: \(Figures.count(report.skipped.lines)) lines, "
                + "\(Figures.count(report.skipped.emptyDocuments)) empty documents\n"
        }
        for step in report.steps {
            guard let example = step.examples.first else { continue }
            text += "\(step.name): \(example.place)"
            text += example.keptPlace.map { "; \($0) stays\n" } ?? "\n"
        }
        return text
    }

    private static func row(
        _ name: String, _ amount: RefinementReport.Amount, sign: String = ""
    ) -> [String] {
        [name] + [amount.documents, amount.bytes].map { ($0 > 0 ? sign : "") + Figures.count($0) }
    }
}
