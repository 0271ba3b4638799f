import ArgumentParser
import Files
import Pipeline
import Work

/// `quern plan`
struct Plan: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        abstract: "Plan a run of so many minutes: what to train, and what to expect of it.",
        discussion: """
            Looks at the corpus of a pipeline, trains twice for some seconds on a sample of it, \
            and chooses vocabulary, model, batch, learning rates and steps for the minutes that \
            training may take on this machine, by the rules of `quern init`. What --set says \
            stays, and so do a batch and rates that the description says.

            Shown are the bits per byte that are expected, with a range, memory, tokens for each \
            parameter, and how often the text is read. The loss is extended from the two short \
            trainings by a law; it is the rougher, the longer the run is beside them: --measure \
            makes them longer.

            Nothing is written. The line at the end runs exactly the plan; `quern run --minutes` \
            plans and runs.
            """)

    static let examples: [Example] = [
        "quern plan --minutes 5",
        "quern plan pipeline.json --minutes 60 --measure 60",
        "quern plan --minutes 5 --set vocabulary.vocab_size=2048",
    ]

    @Argument(help: "The pipeline's description; the same as --config.", completion: .file())
    var pipeline: String?

    @Option(
        name: .long, help: "Minutes that training may take on this machine.",
        transform: Typed.real(.above(0, upTo: 1e6)))
    var minutes: Double

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Seconds of the short trainings. (default: 10)", valueName: "seconds"),
        transform: Typed.real(.above(0, upTo: 1e6)))
    var measure = RunPlanner.standardSeconds

    @OptionGroup var options: PipelineOptions
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if pipeline != nil, options.file.config != nil {
            throw ValidationError("give the pipeline's description once")
        }
    }

    func run() async throws {
        let path = pipeline ?? options.file.config ?? ConfigOption.standardPath
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let plan = try await RunPlanner(
            path: path, settings: options.set, minutes: minutes,
            work: reporting.work(printer, interrupts)
        ).plan(seconds: measure)
        printer.endLine()
        if result.json { return Terminal.write(try FileReplacement.json(of: plan) + "\n") }
        let command =
            ["quern", "run"] + [pipeline ?? options.file.config].compactMap(\.self)
            + (options.set + plan.settings).flatMap { ["--set", $0] }
        Terminal.write(PlanText.text(plan, command: command))
    }
}
