import ArgumentParser
import Pipeline
import Tokenization

/// `quern vocab compare`
struct VocabCompare: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Put vocabularies side by side.",
        discussion: """
            How large they are and how many tokens they share; with --input, for each file, how \
            many bytes a token stands for, how many tokens there are, and which share of words \
            lies in one token (a word is a run of letters and marks).
            """)

    static let examples: [Example] = [
        "quern vocab compare vocab/kjv vocab/mine",
        "quern vocab compare vocab/kjv vocab/mine --input corpora/kjv.txt.zst news.jsonl.zst",
    ]

    @Argument(
        help: "The vocabularies (kjv or vocab/kjv), or models that have one.",
        completion: .directory)
    var vocabs: [String]

    @OptionGroup var result: ResultOptions
    @OptionGroup var sample: SampleTextOptions

    var reporting: ReportOptions { sample.reporting }

    func validate() throws {
        if vocabs.count < 2 { throw ValidationError("give two vocabularies or more") }
    }

    func run() async throws {
        let vocabularies = try vocabs.map { try Vocabulary(named: $0) }
        var outcome: CompareStage.Outcome?
        if !sample.input.isEmpty {
            let printer = reporting.makePrinter()
            let interrupts = InterruptHandler(form: reporting.form)
            defer { printer.endLine() }
            outcome = try await CompareStage.run(
                vocabularies: vocabularies,
                corpus: sample.reading.configuration(inputs: sample.input),
                work: reporting.work(printer, interrupts))
        }
        var report = Report()
        report.row(
            "", vocabs.map { "\(word: $0, "name")" }, key: "vocabularies")
        report.row(
            "tokens",
            vocabularies.map { "\(count: $0.count - $0.unusedIDs.count, "tokens")" },
            key: "tokens")
        let words: [(title: String, key: String, word: (Vocabulary) -> String)] = [
            ("model", "model", \.model.rawValue), ("pattern", "pattern", \.pattern.rawValue),
            ("merging", "merging", \.mergeSemantics.rawValue),
        ]
        for (title, key, word) in words {
            report.row(title, vocabularies.map { "\(word: word($0), key)" }, key: key)
        }
        report.row(
            "special tokens",
            vocabularies.map { "\(count: $0.specialTokens.count, "special_tokens")" },
            key: "special_tokens")
        report.table(
            "shared_tokens", nil,
            zip(vocabs, vocabularies).map { name, vocabulary in
                ["\("shared with " + name, as: name, "with")"]
                    + zip(vocabs, vocabularies).map {
                        "\(count: $1.sharedTokenCount(with: vocabulary), $0)"
                    }
            }, alignRight: true)
        if let outcome { Self.add(outcome, to: &report) }
        try result.write(report)
    }

    /// Adds a group of rows for each kind of number: a row a file, and one for all.
    private static func add(_ outcome: CompareStage.Outcome, to report: inout Report) {
        typealias Kind = (
            title: String, key: String, figure: (EncodingCounts, String) -> ReportText
        )
        let kinds: [Kind] = [
            ("bytes per token", "bytes_per_token", { "\($0.bytesPerToken, digits: 3, $1)" }),
            ("tokens in the text", "text_tokens", { "\(count: $0.tokenCount, $1)" }),
            ("words in one token", "whole_word_share", { "\(share: $0.wholeWordShare, $1)" }),
        ]
        for (title, key, figure) in kinds {
            report.row([""], alignRight: true)
            report.row([title], alignRight: true)
            for source in SourceTable.shownSources(outcome) {
                report.row(
                    ["  " + source.path] + source.counts.map { figure($0, key).text },
                    alignRight: true)
            }
            for row in SourceTable.hiddenSources(outcome) {
                report.row(["  " + row[0]], alignRight: true)
            }
            report.row("  all", outcome.total.map { figure($0, key) }, key: key)
            report.member(
                key + "_by_file",
                Dictionary(
                    outcome.sources.map { source in
                        (source.path, JSONValue.array(source.counts.map { figure($0, key).value }))
                    }, uniquingKeysWith: { $1 }))
        }
        report.row([""], alignRight: true)
        report.row(
            "tokens that occurred",
            outcome.occurrences.map { "\(count: $0.count { $0 > 0 }, "used_tokens")" },
            key: "used_tokens")
    }
}
