import ArgumentParser
import Pipeline
import Work

/// A command that reports what it does.
protocol ReportingCommand: ParsableCommand {
    var reporting: ReportOptions { get }
}

/// Options of showing progress, and the number of threads.
struct ReportOptions: ParsableArguments {
    /// The form of progress.
    enum LogFormat: String, ExpressibleByArgument, CaseIterable {
        /// A bar on a terminal, a line now and then elsewhere.
        case text
        /// A JSON object a line.
        case json
    }

    @Option(
        name: .long,
        help: "Threads to use. Results do not depend on it. (default: one for each processor)")
    var threads: Int?

    @Flag(name: .long, help: "Show no progress.")
    var quiet = false

    @Option(name: .long, help: "The form of progress: text or json.")
    var logFormat = LogFormat.text

    func validate() throws {
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("--threads is from 1 to 256")
        }
    }

    var threadCount: Int { threads ?? ThreadTeam.processorCount }

    /// Form of progress that the options choose.
    var form: ProgressPrinter.Form { quiet ? .none : logFormat == .json ? .json : .text }

    /// Work on the threads of these options, which `printer` shows and `interrupts` stop.
    func work(
        _ printer: ProgressPrinter, _ interrupts: InterruptHandler
    ) -> WorkContext<PipelineEvent> {
        WorkContext(threadCount: threadCount, stop: interrupts.stop, report: printer.show)
    }

    /// A printer for these options.
    func makePrinter() -> ProgressPrinter { ProgressPrinter(form: form) }
}

/// Options of the pipeline, and of what is set beside its file.
struct PipelineOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Set a key of the configuration, for example --set training.batch_size=8. May be \
            repeated.
            """, valueName: "section.key=value"))
    var set: [String] = []

    func configuration(path: String?) throws -> PipelineConfiguration {
        try PipelineConfiguration(path: path, settings: set)
    }
}
