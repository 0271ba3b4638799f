import ArgumentParser
import Pipeline
import Tokenization
import VocabularyLearning

/// `quern vocab count`
struct VocabCount: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "count",
        abstract: "Count the pieces of a corpus, for `quern vocab learn`.",
        discussion: """
            Cuts the text into pieces and writes every distinct piece with its count, sorted: all \
            that learning needs to know of a corpus. The same text gives the same bytes, however \
            it is split over files, threads and memory. Counts of parts are put together with \
            `quern vocab merge-counts`.
            """)

    static let examples: [Example] = [
        "quern vocab count --pattern gpt4 --output part-1.counts 'data/1-*.jsonl.zst'",
        "quern vocab count --memory 512MB --output part-2.counts 'data/2-*.jsonl.zst'",
    ]

    @Option(
        name: .long, help: ArgumentHelp("The file to write.", valueName: "file"),
        completion: .file())
    var output: String

    @OptionGroup var memory: MemoryOption
    @OptionGroup var counting: CountingOptions
    @OptionGroup var excluding: ExcludingOption
    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if excluding.excludeSpecial == .all {
            throw ValidationError(
                "--exclude-special all is for vocab train, which has --special-tokens: name them "
                    + "here, with commas between")
        }
    }

    func run() async throws {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        var excluded: [String] = []
        if case .only(let contents) = excluding.excludeSpecial { excluded = contents.sorted() }
        let outcome = try await VocabStage.count(
            corpus: counting.configuration(output: output),
            pattern: counting.pattern ?? VocabularyConfiguration().pattern,
            excluding: excluded, memory: memory.memory, path: output,
            overwrites: overwriting.overwrite,
            work: reporting.work(printer, interrupts))
        printer.endLine()
        var report = Report()
        report.add(outcome.progress)
        report.add(outcome.counts)
        report.written([output])
        try result.write(report)
    }
}

extension Report {
    /// Adds what a file of counts holds.
    mutating func add(_ counts: PieceCountsFile) {
        row("pieces", "\(count: Int(clamping: counts.occurrenceCount), "pieces")")
        row("distinct pieces", "\(count: counts.pieceCount, "distinct_pieces")")
        row("their bytes", "\(count: counts.pieceByteCount, "distinct_piece_bytes")")
    }
}
