import ArgumentParser
import Files
import Pipeline
import Refinement
import Work

/// `quern corpus finish`
struct CorpusFinish: ParsableCommand, MessagingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "finish",
        abstract: "Make a refined corpus of what several processes did.",
        discussion: """
            Checks that all units of all stages are done, names those that are not, writes the \
            list of what was removed if one was asked for, the quarantine and the report, and \
            gives the directory its name; an earlier result is replaced at that moment. The bytes \
            are those of `quern corpus refine` in a single process, which does this by itself. \
            Killed at any moment, it is run again.
            """)

    static let examples: [Example] = [
        """
        mpirun -n 4 quern corpus refine web/ --output clean/web --remove-near-duplicates && quern \
        corpus finish clean/web
        """
    ]

    @Argument(
        help: "The directory that was given to `quern corpus refine` as --output.",
        completion: .directory)
    var directory: String

    @OptionGroup var result: ResultOptions
    @OptionGroup var messages: MessageOptions

    func run() throws {
        let printer = ProgressPrinter(form: messages.form)
        let outcome = try RefineStage.finish(
            directory: directory, work: WorkContext(threadCount: 1, report: printer.show))
        printer.endLine()
        var table = RefinementSummary.report(outcome)
        table.written([directory])
        try result.write(table)
    }
}
