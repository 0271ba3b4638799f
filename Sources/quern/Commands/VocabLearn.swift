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
            """)

    static let examples: [Example] = [
        "quern vocab learn all.counts --vocab-size 65536 --output vocab/large"
    ]

    @Argument(
        help: ArgumentHelp(
            "A file that `quern vocab count` or `quern vocab merge-counts` wrote.",
            valueName: "counts"), completion: .file())
    var input: String

    @Option(name: .long, help: "Where to write the vocabulary.", completion: .directory)
    var output: String

    @OptionGroup var learning: LearningOptions
    @OptionGroup var memory: MemoryOption
    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let counts = try PieceCountsFile(path: input)
        let outcome = try VocabStage.learn(
            counts,
            vocabulary: learning.configuration(pattern: counts.pattern, memory: memory.memory),
            directory: output, overwrites: overwriting.overwrite,
            work: reporting.work(printer, interrupts))
        printer.endLine()
        var report = Report()
        report.row("tokens", "\(count: outcome.vocabulary.count, "tokens")")
        report.row("distinct pieces", "\(count: outcome.pieceCount, "distinct_pieces")")
        report.written(outcome.files)
        try result.write(report)
    }
}
