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

    @Argument(help: "The vocabulary's directory, or its tokenizer.json.")
    var vocab: String

    @Option(
        name: .long,
        help: ArgumentHelp("Print these tokens, one a line.", valueName: "first..last"))
    var tokens: String?

    @Option(name: .long, help: "Print the tree of merges of this word, white space included.")
    var word: String?

    @Option(
        name: .long, help: "How many of the longest tokens to show.",
        transform: Typed.whole(0...1 << 30))
    var longest = 20

    @Option(
        name: .long, help: "With --input: how many of the tokens that never occurred to show.",
        transform: Typed.whole(0...1 << 30))
    var unused = 20

    @OptionGroup var sample: SampleTextOptions

    var reporting: ReportOptions { sample.reporting }

    func validate() throws {
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
        let vocabulary = try Vocabulary(directory: vocab)
        if let range = try range() {
            guard range.lowerBound < vocabulary.count else {
                throw PipelineError.badValue(
                    key: "--tokens", reason: "ids are from 0 to \(vocabulary.count - 1)")
            }
            for id in range.prefix(while: { $0 < vocabulary.count }) {
                Terminal.write("\(id)\t\(quoted(id, vocabulary))\n")
            }
        } else if let word {
            let trees = vocabulary.mergeTrees(of: Array(word.utf8).span)
            Terminal.write(MergeTreeText.text(trees, vocabulary))
        } else {
            var outcome: CompareStage.Outcome?
            if !sample.input.isEmpty { outcome = try await encodeSample(vocabulary) }
            let endOfText = vocabulary.endOfText.map(\.description) ?? "none"
            Terminal.write(
                Table.text(VocabularySummary.rows(vocabulary) + [["end of text", endOfText]]))
            Terminal.write("\nLongest tokens\n" + tokenRows(longestTokens(vocabulary), vocabulary))
            if let outcome { show(outcome, vocabulary) }
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

    private func show(_ outcome: CompareStage.Outcome, _ vocabulary: Vocabulary) {
        Terminal.write("\n" + Table.text(SourceTable.rows(outcome), alignRight: true))
        let special = Set(vocabulary.specialTokens.map(\.id))
        let unusedIDs = Set(vocabulary.unusedIDs)
        let ordinary = (0..<vocabulary.count).filter {
            let id = TokenID($0)
            return !special.contains(id) && !unusedIDs.contains(id)
        }
        let never = ordinary.filter { outcome.occurrences[0][$0] == 0 }
        let share = Figures.percent(Double(never.count) / Double(max(ordinary.count, 1)))
        Terminal.write("\nNever used: \(Figures.count(never.count)) tokens (\(share))\n")
        Terminal.write(tokenRows(Array(never.prefix(unused)), vocabulary))
    }

    private func longestTokens(_ vocabulary: Vocabulary) -> [Int] {
        let special = Set(vocabulary.specialTokens.map(\.id))
        let lengths = (0..<vocabulary.count).map { vocabulary.bytes(of: TokenID($0)).count }
        return Array(
            lengths.indices.filter { !special.contains(TokenID($0)) }
                .sorted { (lengths[$1], $0) < (lengths[$0], $1) }.prefix(longest))
    }

    private func tokenRows(_ ids: [Int], _ vocabulary: Vocabulary) -> String {
        Table.text(ids.map { [String($0), quoted($0, vocabulary)] }, indent: 2)
    }

    private func quoted(_ id: Int, _ vocabulary: Vocabulary) -> String {
        Pieces.quoted(vocabulary.bytes(of: TokenID(id)))
    }
}
