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

    @Argument(help: "The vocabularies' directories, or their tokenizer.json files.")
    var vocabs: [String]

    @OptionGroup var sample: SampleTextOptions

    var reporting: ReportOptions { sample.reporting }

    func validate() throws {
        if vocabs.count < 2 { throw ValidationError("give two vocabularies or more") }
    }

    func run() async throws {
        let vocabularies = try vocabs.map { try Vocabulary(directory: $0) }
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
        var rows = [[""] + vocabs]
        rows += [
            ["tokens"] + vocabularies.map { Figures.count($0.count - $0.unusedIDs.count) },
            ["model"] + vocabularies.map(\.model.rawValue),
            ["pattern"] + vocabularies.map(\.pattern.rawValue),
            ["merging"] + vocabularies.map(\.mergeSemantics.rawValue),
            ["special tokens"] + vocabularies.map { Figures.count($0.specialTokens.count) },
        ]
        for (name, vocabulary) in zip(vocabs, vocabularies) {
            rows.append(
                ["shared with \(name)"]
                    + vocabularies.map { Figures.count($0.sharedTokenCount(with: vocabulary)) })
        }
        if let outcome { rows += Self.rows(outcome) }
        Terminal.write(Table.text(rows, alignRight: true))
    }

    /// A group of rows for each kind of number: a row a file, and one for all.
    private static func rows(_ outcome: CompareStage.Outcome) -> [[String]] {
        let kinds: [(String, (EncodingCounts) -> String)] = [
            ("bytes per token", { Figures.fixed($0.bytesPerToken, 3) }),
            ("tokens in the text", { Figures.count($0.tokenCount) }),
            ("words in one token", { Figures.percent($0.wholeWordShare) }),
        ]
        var rows: [[String]] = []
        for (title, figure) in kinds {
            rows += [[""], [title]]
            rows += SourceTable.shownSources(outcome).map { source in
                ["  " + source.path] + source.counts.map(figure)
            }
            rows += SourceTable.hiddenSources(outcome).map { ["  " + $0[0]] }
            rows.append(["  all"] + outcome.total.map(figure))
        }
        let used = outcome.occurrences.map { $0.count { $0 > 0 } }
        return rows + [[""], ["tokens that occurred"] + used.map(Figures.count)]
    }
}
