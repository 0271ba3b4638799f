import ArgumentParser
import Files
import Pipeline
import Training
import Work

/// `quern plan`
struct Plan: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Plan a run of so many minutes, or of so many ranks, and say what to expect.",
        discussion: """
            Looks at the corpus of a pipeline, trains twice for some seconds on it, or on a \
            sample of a large one, and chooses vocabulary, model, batch, learning rates and steps \
            for the minutes that training may take on this machine, by the rules of `quern init`. \
            What --set says stays, and so do a batch and rates that the description says. Texts \
            that no description names are planned for with --corpus.

            Shown are the bits per byte that are expected, with a range, memory, tokens for each \
            parameter, and how often the text is read. The loss is extended from the two short \
            trainings by a law; it is the rougher, the longer the run is beside them: --measure \
            makes them longer.

            Nothing is written. The line at the end runs exactly the plan; `quern run --minutes` \
            plans and runs.

            With --ranks nothing of the corpus is looked at. Shown is what so many processes that \
            train together, as `quern train` says, would send each other in a step over a network \
            of --bandwidth and --latency, beside the arithmetic of one of them. That is measured \
            on this machine with any tokens, or assumed by --gflops for another machine. Where \
            messages take more than a fifth of the time, it says what to change.
            """)

    static let examples: [Example] = [
        "quern plan --minutes 5",
        "quern plan pipeline.json --minutes 60 --measure 60",
        "quern plan --minutes 5 --set vocabulary.vocab_size=2048",
        "quern plan --minutes 5 --corpus texts",
        "quern plan --ranks 4 --bandwidth 1Gbit --set training.batch_size=64",
    ]

    @Argument(help: "The pipeline's description; the same as --config.", completion: .file())
    var pipeline: String?

    @Option(
        name: .long, help: "Minutes that training may take on this machine.",
        transform: Typed.real(.above(0, upTo: 1e6)))
    var minutes: Double?

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            "Texts to plan for instead of a description's, looked at as `quern init` does.",
            valueName: "file"), completion: .file())
    var corpus: [String] = []

    @Option(
        name: .long, help: "Processes that would train together.",
        transform: Typed.whole(2...1 << 16))
    var ranks: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What a rank can send in a second, as 10Gbit, or 1.2GB of bytes.", valueName: "speed"),
        transform: NetworkSpeed.read)
    var bandwidth: NetworkSpeed?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Milliseconds of the shortest exchange among all ranks. (default: 0.1)",
            valueName: "ms"),
        transform: Typed.real(.real(0...1e6)))
    var latency: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Billions of operations that a rank trains with in a second. (default: measured on \
            this machine)
            """, valueName: "number"),
        transform: Typed.real(.above(0, upTo: 1e9)))
    var gflops: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Seconds of the short trainings, or of a rank's arithmetic. (default: 10)",
            valueName: "seconds"),
        transform: Typed.real(.above(0, upTo: 1e6)))
    var measure = RunPlanner.standardSeconds

    @OptionGroup var options: PipelineOptions
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    /// Milliseconds of an exchange in a local network.
    private static let usualLatency = 0.1

    func validate() throws {
        if pipeline != nil, options.file.config != nil {
            throw ValidationError("give the pipeline's description once")
        }
        if !corpus.isEmpty {
            guard pipeline == nil, options.file.config == nil else {
                throw ValidationError("give a description, or texts with --corpus")
            }
            guard ranks == nil else { throw ValidationError("--corpus belongs to --minutes") }
        }
        guard (minutes == nil) != (ranks == nil) else {
            throw ValidationError("give --minutes to plan a run, or --ranks to plan its machines")
        }
        if ranks != nil {
            guard bandwidth != nil else {
                throw ValidationError("give --bandwidth, the speed of the network, with --ranks")
            }
        } else if bandwidth != nil || latency != nil || gflops != nil {
            throw ValidationError("--bandwidth, --latency and --gflops belong to --ranks")
        }
    }

    func run() async throws {
        let path = pipeline ?? options.file.config ?? ConfigOption.standardPath
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let work = reporting.work(printer, interrupts)
        if let ranks, let bandwidth {
            let forecast = try RankPlanner(
                path: path, settings: options.set, work: work
            ).forecast(
                RankForecast.Assumption(
                    count: ranks, bytesPerSecond: bandwidth.bytesPerSecond,
                    latency: (latency ?? Self.usualLatency) / 1_000,
                    operationsPerSecond: gflops.map { $0 * 1e9 }),
                seconds: measure)
            printer.endLine()
            return Terminal.write(
                result.json
                    ? try FileReplacement.json(of: forecast) + "\n"
                    : RankForecastText.text(forecast))
        }
        guard let minutes else { return }
        let reading =
            corpus.isEmpty
            ? []
            : PipelineProposal.readingSettings(
                of: try CorpusSurveyor.survey(corpus, work: work))
        let plan = try await RunPlanner(
            path: corpus.isEmpty ? path : nil, settings: reading + options.set, minutes: minutes,
            work: work
        ).plan(seconds: measure)
        printer.endLine()
        if result.json { return Terminal.write(try FileReplacement.json(of: plan) + "\n") }
        let run = ["quern", "run"] + [pipeline ?? options.file.config].compactMap(\.self)
        func set(_ settings: [String]) -> [String] { settings.flatMap { ["--set", $0] } }
        // A run needs a description, which `init` writes, by the same rules, with names for what is
        // made.
        let commands =
            corpus.isEmpty
            ? [run + set(options.set + plan.settings)]
            : [
                ["quern", "init"] + corpus + ["--minutes", Figures.significant(minutes, 6)],
                run + set(options.set),
            ]
        Terminal.write(PlanText.text(plan, commands: commands))
    }
}
