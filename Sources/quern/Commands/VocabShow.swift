import ArgumentParser
import Pipeline
import Tokenization

/// `quern vocab show`
struct VocabShow: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a vocabulary holds, and what it makes of a text or a word.",
        discussion: """
            With --input, for each file: how many bytes a token stands for, and which share of \
            words lies in one token (a word is a run of letters and marks); then which tokens \
            never occurred. With --word, how merges make the tokens of a word.
            """)

    static let examples: [Example] = [
        "quern vocab show vocab/kjv",
        "quern vocab show vocab/kjv --tokens 300..320",
        #"quern vocab show vocab/kjv --word " beginning""#,
        "quern vocab show vocab/kjv --input corpora/kjv.txt.zst",
    ]

    @Argument(
        help: """
            The vocabulary (kjv or vocab/kjv), or a model that has one. (default: the pipeline's)
            """, completion: .directory)
    var vocab: String?

    @OptionGroup var file: ConfigOption

    @Option(
        name: .long,
        help: ArgumentHelp("Print these tokens, one a line.", valueName: "first..last"))
    var tokens: String?

    @Option(name: .long, help: "Print the tree of merges of this word, white space included.")
    var word: String?

    @Option(
        name: .long,
        help: """
            How many of the longest tokens to show. (default: 20)
            """,
        transform: Typed.whole(0...1 << 30))
    var longest = 20

    @Option(
        name: .long,
        help: """
            With --input: how many of the tokens that never occurred to show. (default: 20)
            """,
        transform: Typed.whole(0...1 << 30))
    var unused = 20

    @OptionGroup var result: ResultOptions
    @OptionGroup var sample: SampleTextOptions

    var reporting: ReportOptions { sample.reporting }

    func validate() throws {
        try file.check(vocab != nil, "the vocabulary")
        if vocab != nil, file.config != nil {
            throw ValidationError("--config says which vocabulary it is: name it, or give --config")
        }
        if tokens != nil, try range() == nil {
            throw ValidationError("--tokens reads first..last, for example 300..320")
        }
        if [tokens != nil, word != nil, !sample.input.isEmpty].count(where: { $0 }) > 1 {
            throw ValidationError("give one of --tokens, --word and --input")
        }
    }

    private func range() throws -> ClosedRange<Int>? {
        guard let tokens else { return nil }
        let ends = tokens.split(separator: ".", omittingEmptySubsequences: true).map { Int($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 0, first <= last
        else { return nil }
        return first...last
    }

    func run() async throws {
        let vocabulary = try Vocabulary(named: file.vocabulary(vocab, reporting.form))
        if let range = try range() {
            guard range.lowerBound < vocabulary.count else {
                throw PipelineError.badValue(
                    key: "--tokens", reason: "ids are from 0 to \(vocabulary.count - 1)")
            }
            let ids = range.prefix { $0 < vocabulary.count }
            if result.json {
                var report = Report()
                report.table("tokens", nil, ids.map { cells($0, vocabulary) })
                return try result.write(report)
            }
            for id in ids { Terminal.write("\(id)\t\(quoted(id, vocabulary))\n") }
        } else if let word {
            let trees = vocabulary.mergeTrees(of: Array(word.utf8).span)
            var report = Report()
            report.lines(MergeTreeText.text(trees, vocabulary))
            report.member("tokens", trees.map { MergeTreeText.value($0, vocabulary) })
            try result.write(report)
        } else {
            var outcome: CompareStage.Outcome?
            if !sample.input.isEmpty { outcome = try await encodeSample(vocabulary) }
            var report = Report()
            VocabularySummary.add(vocabulary, to: &report)
            let end = vocabulary.endOfText
            report.row(
                "end of text",
                "\(end.map(\.description) ?? "none", as: end?.index, "end_of_text_id")")
            report.lines("\nLongest tokens\n")
            report.table(
                "longest_tokens", nil, longestTokens(vocabulary).map { cells($0, vocabulary) },
                indent: 2)
            if let outcome { add(outcome, vocabulary, to: &report) }
            try result.write(report)
        }
    }

    private func encodeSample(_ vocabulary: Vocabulary) async throws -> CompareStage.Outcome {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        defer { printer.endLine() }
        return try await CompareStage.run(
            vocabularies: [vocabulary],
            corpus: sample.reading.configuration(inputs: sample.input),
            work: reporting.work(printer, interrupts))
    }

    private func add(
        _ outcome: CompareStage.Outcome, _ vocabulary: Vocabulary, to report: inout Report
    ) {
        report.lines("\n")
        SourceTable.add(outcome, to: &report)
        let special = Set(vocabulary.specialTokens.map(\.id))
        let unusedIDs = Set(vocabulary.unusedIDs)
        let ordinary = (0..<vocabulary.count).filter {
            let id = TokenID($0)
            return !special.contains(id) && !unusedIDs.contains(id)
        }
        let never = ordinary.filter { outcome.occurrences[0][$0] == 0 }
        let share = Double(never.count) / Double(max(ordinary.count, 1))
        report.lines(
            "\nNever used: \(Figures.count(never.count)) tokens (\(Figures.percent(share)))\n")
        report.member("never_used_tokens", never.count)
        report.member("never_used_share", share)
        report.table(
            "never_used", nil, never.prefix(unused).map { cells($0, vocabulary) }, indent: 2)
    }

    private func longestTokens(_ vocabulary: Vocabulary) -> [Int] {
        let special = Set(vocabulary.specialTokens.map(\.id))
        let lengths = (0..<vocabulary.count).map { vocabulary.bytes(of: TokenID($0)).count }
        return Array(
            lengths.indices.filter { !special.contains(TokenID($0)) }
                .sorted { (lengths[$1], $0) < (lengths[$0], $1) }.prefix(longest))
    }

    private func cells(_ id: Int, _ vocabulary: Vocabulary) -> [ReportText] {
        let token = TokenValue(id: id, bytes: vocabulary.bytes(of: TokenID(id)))
        return [
            "\(String(id), as: id, "id")",
            "\(quoted(id, vocabulary), as: token.text, "text")\("", as: token.bytes, "bytes")",
        ]
    }

    private func quoted(_ id: Int, _ vocabulary: Vocabulary) -> String {
        Pieces.quoted(vocabulary.bytes(of: TokenID(id)))
    }
}
