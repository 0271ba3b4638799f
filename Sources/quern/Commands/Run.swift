import ArgumentParser
import Files
import Pipeline
import Training

/// `quern run`
struct Run: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        abstract: "Run every stage of a pipeline that is not up to date, in order.",
        discussion: """
            Learns a vocabulary, encodes the corpus into shards, trains and evaluates a model, and \
            draws samples from it. What has not changed since the last time is not done again, and \
            a run that was stopped goes on where it was, also to more steps than it had.

            A trained model is not replaced because a setting has changed: the settings that \
            differ are named, and nothing is done. Give the pipeline another name to have both, or \
            say --keep, which moves the old run aside (runs/kjv becomes \
            runs/kjv-2026-11-29T14-05-step-600, a model like any other), with the vocabulary and \
            the shards if they change as well, or --overwrite, which removes it. The same holds \
            for a vocabulary, shards and a refined corpus that the pipeline would replace and has \
            not made, or that were changed since. Of their files those that are missing are made \
            again.

            A description with a list "models" is a comparison: each of them learns from the same \
            shards, under the rule "parameters", "operations" or "minutes", and all are scored \
            alike.
            """)

    static let examples: [Example] = [
        "quern run pipeline.json",
        "quern run pipeline.json --set training.steps=100 --set name=short",
        "quern run pipeline.json --set training.learning_rate=1e-3 --keep",
        "quern run pipeline.json --set vocabulary.vocab_size=8192 --overwrite",
        "quern run comparison.json",
    ]

    @Argument(help: "The pipeline's description; the same as --config.", completion: .file())
    var pipeline: String?

    @Flag(
        name: .long,
        help: "Move aside a model, vocabulary or shards of other settings, and begin again.")
    var keep = false

    @Flag(
        name: .long,
        help: "Remove a model, vocabulary or shards of other settings, and begin again.")
    var overwrite = false

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
        let pipeline = pipeline ?? options.file.config ?? ConfigOption.standardPath
        let comparison = try ComparisonConfiguration(path: pipeline, settings: options.set)
        let configuration =
            try comparison == nil
            ? PipelineConfiguration(path: pipeline, settings: options.set) : nil
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let work = reporting.work(printer, interrupts)
        let existing: ExistingResults = keep ? .keep : overwrite ? .overwrite : .refuse
        if let comparison {
            let result = try await ComparisonRunner(
                comparison, existing: existing, work: work
            ).run()
            Terminal.write(
                self.result.json
                    ? try FileReplacement.json(of: result) + "\n" : ComparisonTable.text(result))
        } else if let configuration {
            let summary = try await PipelineRunner(
                configuration, existing: existing, work: work
            ).run()
            try self.result.write(RunSummary.report(summary))
        }
    }
}
