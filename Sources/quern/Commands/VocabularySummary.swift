import Tokenization
import VocabularyFiles

/// Summary of a vocabulary, for the commands that read and write one.
enum VocabularySummary {
    /// A table of what decides about ids.
    static func text(
        _ vocabulary: Vocabulary, format: VocabularyFormat, remarks: [String] = [], files: [String]
    ) -> String {
        var rows = [["format", format.rawValue]] + rows(vocabulary)
        for (index, file) in files.enumerated() {
            rows.append([index == 0 ? "written" : "", file])
        }
        return Table.text(rows) + remarks.map { "note: \($0)\n" }.joined()
    }

    /// Settings that decide about ids, and the fingerprint of them all.
    static func rows(_ vocabulary: Vocabulary) -> [[String]] {
        let special = vocabulary.specialTokens
        let unused = vocabulary.unusedIDs
        var rows = [
            ["tokens", Figures.count(vocabulary.count - unused.count)],
            ["model", vocabulary.model.rawValue],
        ]
        if vocabulary.model == .bpe {
            rows += [
                ["merges", Figures.count(vocabulary.mergeCount)],
                ["merging", description(of: vocabulary.mergeSemantics)],
            ]
        } else {
            rows.append(["other \(vocabulary.model.rawValue)s", "become their bytes"])
        }
        rows += [
            ["pattern", vocabulary.pattern.rawValue],
            ["special tokens", list(special.map { "\($0.content) = \($0.id)" })],
        ]
        if !unused.isEmpty {
            rows.append(["unused numbers", list(unused.map(\.description))])
        }
        rows.append(["fingerprint", String(vocabulary.fingerprint, radix: 16)])
        return rows
    }

    /// Description of merging, in words.
    static func description(of semantics: MergeSemantics) -> String {
        switch semantics {
        case .listedMerges: "listed merges, in order"
        case .wholePieceFirst: "a whole piece first, then listed merges in order"
        }
    }

    /// The first few of `names`, and how many there are.
    private static func list(_ names: [String]) -> String {
        if names.isEmpty { return "none" }
        guard names.count > 4 else { return names.joined(separator: ", ") }
        return names.prefix(3).joined(separator: ", ") + ", … \(Figures.count(names.count)) in all"
    }
}
