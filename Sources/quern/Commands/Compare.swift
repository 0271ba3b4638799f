import ArgumentParser
import Pipeline
import Training

/// `quern compare`
struct Compare: AsyncParsableCommand, MessagingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare runs: their settings, their curves and their figures.",
        discussion: """
            Shows the settings in which the runs differ, the loss of training and of validation \
            along their steps, tokens or seconds, and what came out in the end, also of each \
            source. Runs that are under way are shown as far as they have come.

            A run is named by its directory or its name (runs/kjv, kjv, kjv/chat), a comparison by \
            its own: it stands for each of its models, and a sweep for its best 26 trials. Losses \
            compare where the vocabulary and the validation text are the same, and bits per byte \
            where the text alone is.
            """)

    static let examples: [Example] = [
        "quern compare kjv short",
        "quern compare runs/kjv runs/short --by seconds",
        "quern compare families --json",
    ]

    /// A horizontal axis of the curves.
    enum Axis: String, ExpressibleByArgument, CaseIterable {
        case steps, tokens, seconds
    }

    @Argument(help: ArgumentHelp("The runs.", valueName: "run"))
    var runs: [String]

    @Option(name: .long, help: "What the curves are drawn along: steps, tokens or seconds.")
    var by = Axis.steps

    @OptionGroup var result: ResultOptions

    @OptionGroup var messages: MessageOptions

    /// Each run has a letter.
    private static let runLimit = 26

    func run() async throws {
        let found = try runs.flatMap { try RecordedRun.runs(named: $0) }
        guard found.count <= Self.runLimit else {
            throw ValidationError(
                "these are \(found.count) runs: compare at most \(Self.runLimit) at once")
        }
        for run in found where run.curves.unreadableLines > 0 {
            ProgressPrinter.notice(
                "note: \(run.curves.unreadableLines) lines of the metrics of \(run.directory) "
                    + "are none of a run, and were passed over", form: messages.form)
        }
        if result.json { return Terminal.write(try RunComparisonJSON(found).text() + "\n") }
        Terminal.write(
            RunComparisonText(runs: found, axis: by).text(
                columns: Terminal.resultColumns, on: Terminal.resultScreen))
    }
}
