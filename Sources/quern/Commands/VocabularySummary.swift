import Tokenization
import VocabularyFiles

/// Summary of a vocabulary, for the commands that read and write one.
enum VocabularySummary {
    /// A report of what decides about ids.
    static func report(
        _ vocabulary: Vocabulary, format: VocabularyFormat, remarks: [String] = [], files: [String]
    ) -> Report {
        var report = Report()
        report.row("format", "\(word: format.rawValue, "format")")
        add(vocabulary, to: &report)
        report.written(files)
        for remark in remarks { report.note(remark) }
        return report
    }

    /// Adds the settings that decide about ids, and the fingerprint of them all.
    static func add(_ vocabulary: Vocabulary, to report: inout Report) {
        let special = vocabulary.specialTokens
        let unused = vocabulary.unusedIDs
        report.row("tokens", "\(count: vocabulary.count - unused.count, "tokens")")
        report.row("model", "\(word: vocabulary.model.rawValue, "model")")
        if vocabulary.model == .bpe {
            report.row("merges", "\(count: vocabulary.mergeCount, "merges")")
            let semantics = vocabulary.mergeSemantics
            report.row(
                "merging", "\(description(of: semantics), as: semantics.rawValue, "merging")")
        } else {
            report.row(["other \(vocabulary.model.rawValue)s", "become their bytes"])
        }
        report.row("pattern", "\(word: vocabulary.pattern.rawValue, "pattern")")
        let ids = Dictionary(
            special.map { ($0.content, $0.id.index) }, uniquingKeysWith: { first, _ in first })
        let shown = list(special.map { "\($0.content) = \($0.id)" })
        report.row("special tokens", "\(shown, as: ids, "special_tokens")")
        if !unused.isEmpty {
            let shown = list(unused.map(\.description))
            report.row("unused numbers", "\(shown, as: unused.map(\.index), "unused_ids")")
        }
        let lacked = vocabulary.lackedBytes
        if !lacked.isEmpty {
            let shown = list(lacked.map { "0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) })
            report.row(
                "bytes without a token", "\(shown, as: lacked.map(Int.init), "lacked_bytes")")
        }
        let fingerprint = String(vocabulary.fingerprint, radix: 16)
        report.row("fingerprint", "\(word: fingerprint, "fingerprint")")
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
