import ArgumentParser
import Pipeline
import Processes
import Work

/// A command that has messages, if only of what went wrong.
protocol MessagingCommand: ParsableCommand {
    var messages: MessageOptions { get }
}

/// A command that reports what it does.
protocol ReportingCommand: MessagingCommand {
    var reporting: ReportOptions { get }
}

extension ReportingCommand {
    var messages: MessageOptions { reporting.messages }
}

/// Options of messages and progress.
struct MessageOptions: ParsableArguments {
    /// The form of progress.
    enum LogFormat: String, ExpressibleByArgument, CaseIterable {
        /// A bar on a terminal, a line now and then elsewhere.
        case text
        /// A JSON object a line.
        case json
    }

    @Flag(name: .long, help: "Show no progress.")
    var quiet = false

    @Option(name: .long, help: "The form of progress: text or json.")
    var logFormat = LogFormat.text

    /// Form of progress that the options choose.
    var form: ProgressPrinter.Form { quiet ? .none : logFormat == .json ? .json : .text }

    /// The form of an error: it is shown also where progress is not.
    var errorForm: ProgressPrinter.Form { logFormat == .json ? .json : .text }

    /// The same of arguments that could not be parsed.
    static func errorForm(of arguments: [String]) -> ProgressPrinter.Form {
        let words = arguments.prefix { $0 != "--" }
        let isJSON =
            words.contains("--log-format=json")
            || zip(words, words.dropFirst()).contains { $0 == ("--log-format", "json") }
        return isJSON ? .json : .text
    }
}

/// Options of showing progress, and the number of threads.
struct ReportOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "Threads to use. Results do not depend on it. (default: one for each processor)",
        transform: Typed.whole(.threads))
    var threads: Int?

    @OptionGroup var messages: MessageOptions

    /// Threads to use: fewer than are asked for where there is too little memory for them.
    var threadCount: Int { AvailableMemory.threadCount(threads ?? ThreadTeam.processorCount) }

    /// Whether no progress is shown.
    var quiet: Bool { messages.quiet }

    /// Form of progress that the options choose.
    var form: ProgressPrinter.Form { messages.form }

    /// Work on the threads of these options, which `printer` shows and `interrupts` stop.
    func work(
        _ printer: ProgressPrinter, _ interrupts: InterruptHandler
    ) -> WorkContext<PipelineEvent> {
        WorkContext(threadCount: threadCount, stop: interrupts.stop, report: printer.show)
    }

    /// A printer for these options.
    func makePrinter() -> ProgressPrinter { ProgressPrinter(form: form) }

    /// A printer of one of several processes: the first alone shows what all do.
    func makePrinter(of group: any ProcessGroup) -> ProgressPrinter {
        ProgressPrinter(form: group.rank == 0 ? form : .none)
    }
}

/// Option of the form of a command's result.
struct ResultOptions: ParsableArguments {
    @Flag(name: .long, help: "Write the result as JSON.")
    var json = false

    /// Writes a result in the form that is asked for.
    func write(_ report: Report) throws {
        Terminal.write(json ? try report.json : report.text)
    }
}
