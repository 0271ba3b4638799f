import ArgumentParser
import Pipeline
import Tokenization
import VocabularyLearning

/// `quern vocab learn`
struct VocabLearn: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "learn",
        abstract: "Learn a vocabulary from counts of pieces.",
        discussion: """
            Writes what `quern vocab train` would have written for the text that was counted. The \
            pattern is that of the counts.

            Counting works in any memory, but learning holds every distinct piece: about ten bytes \
            for each of their bytes. What it will take is said before it begins, if it is much.

            With --parity each counts file is a source, such as a language, and none is compressed \
            much worse than the others: each merge is the most frequent pair of the source that \
            has the fewest bytes a token by then. Scripts differ in their bytes a character, so \
            that it is better to say by --parallel how the sources compare: counts of texts that \
            say the same, of which the worst has the most tokens.
            """)

    static let examples: [Example] = [
        "quern vocab learn all.counts --vocab-size 65536 --output vocab/large",
        """
        quern vocab learn --parity en.counts de.counts --vocab-size 65536 --output vocab/fair
        """,
    ]

    @Argument(
        help: ArgumentHelp(
            """
            A file that `quern vocab count` or `quern vocab merge-counts` wrote; with --parity one \
            for each source.
            """,
            valueName: "counts"), completion: .file())
    var inputs: [String]

    @Option(name: .long, help: "Where to write the vocabulary.", completion: .directory)
    var output: String

    @Flag(
        name: .long, help: "Take each counts file for a source, none to be compressed much worse.")
    var parity = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Counts of a text that says the same as the others; once for each source, in order.",
            valueName: "counts"), completion: .file())
    var parallel: [String] = []

    @OptionGroup var learning: LearningOptions
    @OptionGroup var memory: MemoryOption
    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        guard parity || inputs.count == 1 else {
            throw ValidationError(
                "several counts are for --parity; to learn from all as one, use "
                    + "`quern vocab merge-counts` first")
        }
        guard parallel.isEmpty || parity && parallel.count == inputs.count else {
            throw ValidationError("give --parallel with --parity, once for each counts file")
        }
    }

    func run() async throws {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let counts = try inputs.map { try PieceCountsFile(path: $0) }
        let vocabulary = learning.configuration(
            pattern: counts[0].pattern, memory: memory.memory)
        let work = reporting.work(printer, interrupts)
        var report = Report()
        let outcome: VocabStage.Outcome
        if parity {
            let learned = try VocabStage.learn(
                parity: counts, parallel: try parallel.map { try PieceCountsFile(path: $0) },
                vocabulary: vocabulary, directory: output, overwrites: overwriting.overwrite,
                work: work)
            outcome = learned.outcome
            printer.endLine()
            report.table(
                "sources", nil,
                zip(inputs, learned.bytesPerToken).map { path, rate in
                    [
                        "\("bytes a token of " + path, as: path, "counts")",
                        "\(rate, digits: 2, "bytes_per_token")",
                    ]
                })
        } else {
            outcome = try VocabStage.learn(
                counts[0], vocabulary: vocabulary, directory: output,
                overwrites: overwriting.overwrite, work: work)
            printer.endLine()
        }
        report.row("tokens", "\(count: outcome.vocabulary.count, "tokens")")
        report.row("distinct pieces", "\(count: outcome.pieceCount, "distinct_pieces")")
        report.written(outcome.files)
        try result.write(report)
    }
}
