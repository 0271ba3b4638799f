import ArgumentParser
import Files
import Pipeline
import Processes
import Reports
import Training
import Work

/// `quern run`
struct Run: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run every stage of a pipeline that is not up to date, in order.",
        discussion: """
            Learns a vocabulary, encodes the corpus into shards, trains and evaluates a model, and \
            draws samples from it. A page that shows the run, report.html, is written beside it \
            after each evaluation and at the end. What has not changed since the last time is not \
            done again, and a run that was stopped goes on where it was, also to more steps than \
            it had.

            A trained model is not replaced because a setting has changed: the settings that \
            differ are named, and nothing is done. Give the pipeline another name to have both, or \
            say --keep, which moves the old run aside (runs/kjv becomes \
            runs/kjv-2026-11-29T14-05-step-600, a model like any other), with the vocabulary and \
            the shards if they change as well, or --overwrite, which removes it. The same holds \
            for a vocabulary, shards and a refined corpus that the pipeline would replace and has \
            not made, or that were changed since. Of their files those that are missing are made \
            again.

            Paths in the description count from the current directory, wherever the description \
            lies, and so do vocab, shards and runs, in which the results are.

            --minutes plans first, as `quern plan` does: it looks at the corpus, measures this \
            machine for ten seconds, and chooses vocabulary, model, batch, rates and steps for so \
            many minutes of training. The plan is kept beside the run, so that the same command \
            goes on with it.

            A description with a list "models" is a comparison: each of them learns from the same \
            shards, under the rule "parameters", "operations" or "minutes", and all are scored \
            alike.

            Started several times together by mpirun, srun or torchrun, it trains on all of the \
            machines, with the same bits as alone; the other stages are done by the first process, \
            while the others wait.
            """)

    static let examples: [Example] = [
        "quern run pipeline.json",
        "quern run pipeline.json --set training.steps=100 --set name=short",
        "quern run pipeline.json --set training.learning_rate=1e-3 --keep",
        "quern run pipeline.json --set vocabulary.vocab_size=8192 --overwrite",
        "quern run --minutes 5",
        "quern run comparison.json",
    ]

    @Argument(help: "The pipeline's description; the same as --config.", completion: .file())
    var pipeline: String?

    @Option(
        name: .long,
        help: """
            Plan a run of so many minutes of training, and run it. (default: the description's \
            model and steps)
            """,
        transform: Typed.real(.above(0, upTo: 1e6)))
    var minutes: Double?

    @Flag(
        name: .long,
        help: "Move aside a model, vocabulary or shards of other settings, and begin again.")
    var keep = false

    @Flag(
        name: .long,
        help: "Remove a model, vocabulary or shards of other settings, and begin again.")
    var overwrite = false

    @OptionGroup var ranks: RankOptions
    @OptionGroup var options: PipelineOptions
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if pipeline != nil, options.file.config != nil {
            throw ValidationError("give the pipeline's description once")
        }
        if keep, overwrite { throw ValidationError("give either --keep or --overwrite") }
    }

    func run() async throws {
        let group = try ranks.join()
        let processes = SharedTraining(group, programVersion: Quern.version)
        let interrupts = InterruptHandler(
            form: reporting.form, politeSignals: group.politeSignals)
        let (isComplete, isInterrupted) = try await group.whole(interrupts) {
            if group.rank > 0 {
                // The first tells what all do.
                try await processes.follow(
                    work: WorkContext(
                        threadCount: reporting.threadCount, stop: interrupts.stop))
                return true
            }
            do {
                try await runStages(processes, interrupts)
            } catch  where Quern.isInterruption(error) {
                // The others have stopped training with this one.
                try processes.end()
                return false
            }
            try processes.end()
            return true
        }
        guard !isComplete else { return }
        if isInterrupted { throw PipelineError.interrupted }
        if group.rank == 0 {
            ProgressPrinter.notice("\(PipelineError.interrupted)", form: reporting.form)
        }
    }

    /// Runs the stages, and shows the results.
    private func runStages(
        _ processes: SharedTraining, _ interrupts: InterruptHandler
    ) async throws {
        let pipeline = pipeline ?? options.file.config ?? ConfigOption.standardPath
        let threadCount = reporting.threadCount
        let comparison = try ComparisonConfiguration(
            path: pipeline, settings: options.set, forRunWith: threadCount)
        let printer = reporting.makePrinter()
        var work = reporting.work(printer, interrupts)
        if comparison != nil, minutes != nil {
            throw ValidationError(
                "\(pipeline) compares several models: its rule and minutes say how long they train")
        }
        let configuration =
            comparison == nil
            ? try await configuration(pipeline, threadCount, printer, work) : nil
        let existing: ExistingResults = keep ? .keep : overwrite ? .overwrite : .refuse
        if let comparison {
            let result = try await ComparisonRunner(
                comparison, existing: existing, processes: processes, work: work
            ).run()
            reporting.writeReport(ofRunsIn: comparison.runDirectory, printer, work)
            Terminal.write(
                self.result.json
                    ? try FileReplacement.json(of: result) + "\n" : ComparisonTable.text(result))
        } else if let configuration {
            let keeper = reporting.reportKeeper(
                of: configuration.runDirectory, description: pipeline, printer)
            work.report = { event in
                keeper.take(event)
                printer.show(event)
            }
            let summary: PipelineRunner.Summary
            do {
                summary = try await PipelineRunner(
                    configuration, existing: existing, processes: processes, work: work
                ).run()
            } catch {
                keeper.stop()
                throw error
            }
            let files = keeper.finish(work: work)
            printer.endLine()
            try self.result.write(RunSummary.report(summary, reports: files))
        }
    }

    /// The pipeline that is run: as it is described, or as it is planned for some minutes.
    private func configuration(
        _ pipeline: String, _ threadCount: Int, _ printer: ProgressPrinter,
        _ work: WorkContext<PipelineEvent>
    ) async throws -> PipelineConfiguration {
        guard let minutes else {
            return try PipelineConfiguration(
                path: pipeline, settings: options.set, forRunWith: threadCount)
        }
        let planner = try RunPlanner(
            path: pipeline, settings: options.set, minutes: minutes, work: work)
        let plan = try await planner.recordedPlan()
        printer.notice(
            "the plan: \(plan.settings.joined(separator: ", ")); expected "
                + "\(PlanText.expectation(plan))")
        for warning in plan.warnings { printer.notice("note: \(warning)") }
        return try planner.configuration(plan)
    }
}
