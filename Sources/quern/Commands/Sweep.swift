import ArgumentParser
import Files
import Pipeline
import Work

/// `quern sweep`
struct Sweep: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Train a pipeline's model with several settings, and say which is best.",
        discussion: """
            Every combination of the values is a trial: a run in runs/NAME-sweep, named after its \
            values. All learn from the same shards with the same vocabulary, so that keys of the \
            sections model and training can vary, and no others. All combinations are checked \
            before the first is trained.

            --random draws some of them, and takes ranges: 1e-4..1e-2 stands for any number \
            between, each factor as likely as another where the ends differ by more than ten \
            times. The same --seed draws the same trials, and a larger number the same and more.

            --minutes gives each trial as long to train, its steps being found from its speed. \
            --budget begins no trial after so many minutes of training in all, and says what is \
            left out.

            A trial that is done is not done again, and a sweep that was stopped goes on where it \
            was. The result is a table, best first, with the line that runs the pipeline so, and \
            sweep.json and report.html in runs/NAME-sweep. `quern compare NAME-sweep` and `quern \
            report NAME-sweep` show its best 26 trials, and NAME-sweep/TRIAL names a model.
            """)

    static let examples: [Example] = [
        "quern sweep --over training.learning_rate=3e-3,1e-2,3e-2",
        "quern sweep pipeline.json --over model.n_layer=2,4 --over model.n_embd=96,128 --minutes 2",
        "quern sweep --over training.learning_rate=1e-3..1e-1 --random 8 --budget 30",
        "quern sweep --over model.n_embd=128,192 --over model.n_head=4,6 --skip-invalid",
    ]

    @Argument(help: "The pipeline's description; the same as --config.", completion: .file())
    var pipeline: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Try several values of a key, or with --random a range. May be repeated.",
            valueName: "section.key=value,value"))
    var over: [String] = []

    @Option(
        name: .long, help: "Draw so many combinations. (default: try all)",
        transform: Typed.whole(SweepConfiguration.randomCounts))
    var random: Int?

    @Option(
        name: .long, help: "Chooses among the combinations, with --random. (default: 1337)",
        transform: Typed.seed)
    var seed: UInt64?

    @Option(
        name: .long,
        help: "Minutes that each trial trains. (default: the steps of the pipeline)",
        transform: Typed.real(.above(0, upTo: 1e6)))
    var minutes: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Begin no trial after so many minutes of training in all. (default: no end)",
            valueName: "minutes"),
        transform: Typed.real(.above(0, upTo: 1e6)))
    var budget: Double?

    @Flag(name: .long, help: "Leave out combinations that make no sense, and say which.")
    var skipInvalid = false

    @Flag(name: .long, help: "Move aside a trial of other settings, and begin it again.")
    var keep = false

    @Flag(name: .long, help: "Remove a trial of other settings, and begin it again.")
    var overwrite = false

    @OptionGroup var options: PipelineOptions
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if pipeline != nil, options.file.config != nil {
            throw ValidationError("give the pipeline's description once")
        }
        if keep, overwrite { throw ValidationError("give either --keep or --overwrite") }
        if over.isEmpty {
            throw ValidationError(
                "Missing expected argument: give --over with a key and its values, as in --over "
                    + "training.learning_rate=3e-3,1e-2")
        }
        if let wrong = over.first(where: { !$0.contains("=") }) {
            throw ValidationError("--over \(wrong): what varies reads section.key=value,value")
        }
        if seed != nil, random == nil { throw ValidationError("--seed goes with --random") }
    }

    func run() async throws {
        var sweep = SweepConfiguration(axes: try over.map { try SweepAxis($0) })
        sweep.randomCount = random
        sweep.seed = seed ?? sweep.seed
        sweep.minutes = minutes
        sweep.budget = budget
        sweep.skipsInvalid = skipInvalid
        let path = pipeline ?? options.file.config ?? ConfigOption.standardPath
        let plan = try SweepPlan(
            path: path, settings: options.set, sweep, threadCount: reporting.threadCount)
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let work = reporting.work(printer, interrupts)
        let outcome = try await SweepRunner(
            plan, existing: keep ? .keep : overwrite ? .overwrite : .refuse, work: work
        ).run()
        let page =
            outcome.best == nil
            ? nil
            : reporting.writeReport(
                ofRunsIn: plan.directory, printer, work)
        printer.endLine()
        let command =
            ["quern", "run"] + [pipeline ?? options.file.config].compactMap(\.self)
            + options.set.flatMap { ["--set", $0] }
        Terminal.write(
            result.json
                ? try FileReplacement.json(of: outcome) + "\n"
                : SweepTable.text(
                    outcome, plan, command: command,
                    files: [plan.directory + "/sweep.json"] + [page].compactMap(\.self)))
        // No trial is done, which is no success.
        if outcome.best == nil { throw ExitCode.failure }
    }
}
