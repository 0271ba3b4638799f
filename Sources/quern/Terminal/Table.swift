import Pipeline
import Tokenization

/// Rows of text in columns.
enum Table {
    /// Each column as wide as its widest cell, two spaces between.
    ///
    /// - Parameter alignRight: whether all columns but the first end, rather than begin, at the
    ///   same place, as numbers should.
    static func text(_ rows: [[String]], indent: Int = 0, alignRight: Bool = false) -> String {
        let columnCount = rows.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        var text = ""
        for row in rows {
            var line = String(repeating: " ", count: indent)
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                if alignRight, column > 0 {
                    line += "  " + padding + cell
                } else {
                    line += column > 0 ? "  " : ""
                    line += cell
                    if column + 1 < row.count { line += padding }
                }
            }
            text += line + "\n"
        }
        return text
    }
}

/// Rows of a table of what vocabularies make of texts.
enum SourceTable {
    /// A row a file and one for all, for the first vocabulary of a comparison.
    static func rows(_ outcome: CompareStage.Outcome) -> [[String]] {
        func row(_ name: String, _ counts: EncodingCounts) -> [String] {
            [
                name, Figures.count(counts.documentCount), Figures.count(counts.byteCount),
                Figures.count(counts.tokenCount), Figures.fixed(counts.bytesPerToken, 3),
                Figures.percent(counts.wholeWordShare),
            ]
        }
        var rows = [
            ["source", "documents", "bytes", "tokens", "bytes/token", "words in one token"]
        ]
        rows += shownSources(outcome).map { row($0.path, $0.counts[0]) }
        rows += hiddenSources(outcome)
        rows.append(row("all", outcome.total[0]))
        return rows
    }

    /// The most files that have a row.
    private static let mostSources = 40

    static func shownSources(
        _ outcome: CompareStage.Outcome
    ) -> some Collection<CompareStage.Outcome.Source> {
        outcome.sources.prefix(mostSources)
    }

    /// A row that says how many files have none.
    static func hiddenSources(_ outcome: CompareStage.Outcome) -> [[String]] {
        let hidden = outcome.sources.count - mostSources
        return hidden > 0 ? [["\(Figures.count(hidden)) more files"]] : []
    }
}
