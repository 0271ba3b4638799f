import Pipeline
import Tokenization

/// What vocabularies make of texts, as rows.
enum SourceTable {
    /// A row a file and one for all, for the first vocabulary of a comparison.
    static func rows(_ outcome: ComparisonStage.Outcome) -> [[String]] {
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
        _ outcome: ComparisonStage.Outcome
    ) -> some Collection<ComparisonStage.Outcome.Source> {
        outcome.sources.prefix(mostSources)
    }

    /// A row that says how many files have none.
    static func hiddenSources(_ outcome: ComparisonStage.Outcome) -> [[String]] {
        let hidden = outcome.sources.count - mostSources
        return hidden > 0 ? [["\(Figures.count(hidden)) more files"]] : []
    }
}
