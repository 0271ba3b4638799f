import Foundation
import Pipeline

/// A run, or several beside each other, in short, as Markdown for a pull request.
struct ReportSummary {
    /// The runs.
    let runs: [RunReport]

    /// The text.
    var markdown: String {
        var lines = [ReportFiles.markdownMark, ""]
        lines.append("# " + runs.map { Self.escaped($0.place.name) }.joined(separator: ", "))
        lines.append("")
        let headlines = runs.map(\.headline)
        var titles: [String] = []
        for figure in headlines.flatMap(\.self) where !titles.contains(figure.title) {
            titles.append(figure.title)
        }
        lines += Self.table(
            [runs.count > 1 ? "" : "figure"]
                + (runs.count > 1 ? runs.map(\.place.name) : ["value"]),
            titles.map { title in
                [title]
                    + headlines.map { figures in
                        figures.first { $0.title == title }.map {
                            $0.value + ($0.note.isEmpty ? "" : " (\($0.note))")
                        } ?? "–"
                    }
            })
        addTasks(to: &lines)
        addSettings(to: &lines)
        addSamples(to: &lines)
        for run in runs {
            if let line = run.reproducingLine {
                lines += ["", "## To reproduce", "", "    " + Self.oneLine(line)]
                break
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let taskLimit = 24

    private func addTasks(to lines: inout [String]) {
        let rows = runs.taskRows.prefix(Self.taskLimit)
        guard !rows.isEmpty else { return }
        lines += ["", "## Tasks", ""]
        lines += Self.table(
            ["task", "chance"] + (runs.count > 1 ? runs.map(\.place.name) : ["value"]),
            Array(rows))
    }

    private func addSettings(to lines: inout [String]) {
        if runs.count > 1 {
            let differences = runs.compactMap(\.recorded).settingDifferences
            guard !differences.isEmpty else { return }
            lines += ["", "## Settings that differ", ""]
            lines += Self.table(
                ["setting"] + runs.filter { $0.recorded != nil }.map(\.place.name),
                differences.map { [$0.key] + $0.values.map { $0 ?? "–" } })
        } else if let run = runs.first {
            let changed = run.settings.filter { $0.standard != nil }
            guard !changed.isEmpty else { return }
            lines += ["", "## Settings that are not the default", ""]
            lines += Self.table(
                ["setting", "value", "default"],
                changed.map { [$0.key, $0.value, $0.standard ?? ""] })
        }
    }

    private func addSamples(to lines: inout [String]) {
        for run in runs {
            guard let sample = run.samples.first else { continue }
            lines += [
                "", "## Sample" + (runs.count > 1 ? " of \(Self.escaped(run.place.name))" : ""),
            ]
            lines.append("")
            // A quotation of one line: nothing in it begins a line of Markdown.
            lines.append("> " + Self.escaped(String(sample.prefix(300))))
        }
    }

    private static func table(_ head: [String], _ rows: [[String]]) -> [String] {
        func row(_ cells: [String]) -> String {
            "| " + cells.map(escaped).joined(separator: " | ") + " |"
        }
        return [row(head), "|" + head.map { _ in " --- |" }.joined()] + rows.map(row)
    }

    private static func oneLine(_ text: String) -> String {
        text.unicodeScalars.map { $0 == "\n" || $0 == "\t" ? " " : MarkupText.shown($0) }.joined()
    }

    /// Text on one line in which nothing is Markdown, nor HTML.
    static func escaped(_ text: String) -> String {
        let marks = "\\`*_{}[]()#+!|~".unicodeScalars
        var result = ""
        for scalar in oneLine(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            // Mentions and links that a forge would make of themselves.
            case "@": result += "&#64;"
            case ":" where result.hasSuffix("http") || result.hasSuffix("https"): result += "&#58;"
            case _ where marks.contains(scalar):
                result += "\\"
                result.unicodeScalars.append(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
