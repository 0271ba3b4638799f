import Pipeline
import Tokenization

/// Vocabularies, and what they make of texts, as rows.
enum VocabularyTable {
    /// What a vocabulary is.
    static func summary(_ vocabulary: Vocabulary) -> [[String]] {
        let special = vocabulary.specialTokens
        let ids = (0..<vocabulary.count).map { TokenID(UInt32($0)) }
        let bytes = ids.reduce(0) { $0 + vocabulary.bytes(of: $1).count }
        return [
            ["tokens", Figures.count(vocabulary.count)],
            ["pattern", vocabulary.pattern.rawValue],
            ["merges", Figures.count(vocabulary.mergeCount)],
            ["merging", vocabulary.mergeSemantics.rawValue],
            ["special tokens", list(special.map { "\($0.content) = \($0.id)" })],
            ["end of text", vocabulary.endOfText.map { "\($0)" } ?? "none"],
            ["fingerprint", String(vocabulary.fingerprint, radix: 16)],
            [
                "mean length",
                "\(Figures.fixed(Double(bytes) / Double(max(ids.count, 1)), 2)) bytes",
            ],
        ]
    }

    private static func list(_ names: [String]) -> String {
        guard !names.isEmpty else { return "none" }
        let shown = names.prefix(8).joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }

    /// A row a file and one for all, for the first vocabulary of a comparison.
    static func sources(_ outcome: ComparisonStage.Outcome) -> [[String]] {
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
