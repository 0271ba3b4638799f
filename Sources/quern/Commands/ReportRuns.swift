import ArgumentParser
import Files
import Pipeline
import Reports
import Work

/// `quern report`
struct ReportRuns: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write a run, or several beside each other, as one page of HTML.",
        discussion: """
            The page shows the corpus, the vocabulary, the curves of training, the samples, the \
            tasks, attention, the loss by position, calibration, tuning, and where the run comes \
            from with a line to reproduce it. It is one file that opens from the disk, loads \
            nothing and needs no script to be read; beside it lies the same in short, .md, for a \
            pull request. Several runs are drawn over each other, and the settings in which they \
            differ are named.

            run and train write it by themselves, after each evaluation and at the end. What needs \
            the shards and the model is measured once and kept in measurements.json beside the \
            run; --no-measure leaves it out. The same run gives the same bytes.

            A run is named as for compare; a comparison stands for each of its models, and a \
            sweep for its best 26 trials. A directory with event files of TensorBoard, whichever \
            program has written them, is a run too, of which the scalars are drawn.
            """)

    static let examples: [Example] = [
        "quern report kjv",
        "quern report runs/kjv runs/short --output both.html",
        "quern report families --output families.html",
        Example(
            "quern report ../nanogpt/logs --output logs.html",
            remark: "The event files of another program:"),
    ]

    @Argument(
        help: ArgumentHelp(
            "The runs, comparisons, or directories of event files.", valueName: "run"),
        completion: .directory)
    var runs: [String]

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            The page. (default: report.html in the directory of one run; of several, and of event \
            files, here)
            """, valueName: "file"), completion: .file())
    var output: String?

    @Flag(
        name: .long, inversion: .prefixedNo,
        help: "Measure what needs the shards and the model, where that was not done.")
    var measure = true

    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    /// Curves of more runs could not be told apart.
    private static let runLimit = 26

    func validate() throws {
        if let output, !output.hasSuffix(".html") {
            throw ValidationError("--output takes a file that ends in .html")
        }
    }

    func run() async throws {
        let places = try runs.flatMap { try RunPlace.places(named: $0) }
        guard places.count <= Self.runLimit else {
            throw ValidationError(
                "these are \(places.count) runs: show at most \(Self.runLimit) at once")
        }
        let path = output ?? Self.standardPath(places)
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let report = try ReportFiles(
            places, isMeasured: measure, work: reporting.work(printer, interrupts))
        let files = try report.write(to: path, overwrites: overwriting.overwrite)
        printer.endLine()
        for note in report.notes { printer.notice("note: \(note)") }
        var table = Report()
        table.row("page", "\(word: files[0], "page")")
        table.row("summary", "\(word: files[1], "summary")")
        table.row("size", "\(count: report.page.count, "bytes") bytes")
        try result.write(table)
    }

    private static func standardPath(_ places: [RunPlace]) -> String {
        guard places.count == 1, !places[0].isForeign else { return ReportFiles.pageName }
        return places[0].directory + "/" + ReportFiles.pageName
    }
}
