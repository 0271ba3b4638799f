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
            rows.map { column < $0.count ? $0[column].columnCount : 0 }.max() ?? 0
        }
        var text = ""
        for row in rows {
            var line = String(repeating: " ", count: indent)
            for (column, cell) in row.enumerated() {
                if column > 0 { line += "  " }
                if alignRight, column > 0 {
                    line += cell.padded(columns: widths[column], atEnd: false)
                } else {
                    line += column + 1 < row.count ? cell.padded(columns: widths[column]) : cell
                }
            }
            text += line + "\n"
        }
        return text
    }
}

/// Rows of a table of what vocabularies make of texts.
enum SourceTable {
    /// Adds a row a file and one for all, for the first vocabulary of a comparison.
    static func add(_ outcome: CompareStage.Outcome, to report: inout Report) {
        func row(_ name: String, _ counts: EncodingCounts) -> [ReportText] {
            [
                "\(word: name, "path")", "\(count: counts.documentCount, "documents")",
                "\(count: counts.byteCount, "bytes")", "\(count: counts.tokenCount, "tokens")",
                "\(counts.bytesPerToken, digits: 3, "bytes_per_token")",
                "\(share: counts.wholeWordShare, "whole_word_share")",
            ]
        }
        report.table(
            "sources",
            ["source", "documents", "bytes", "tokens", "bytes/token", "words in one token"],
            outcome.sources.map { row($0.path, $0.counts[0]) }, alignRight: true,
            shownCount: mostSources,
            rest: { "and \(Figures.count($0)) more files (--json has all)" },
            total: row("all", outcome.total[0]))
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
        return hidden > 0 ? [["and \(Figures.count(hidden)) more files (--json has all)"]] : []
    }
}
