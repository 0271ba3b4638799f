import ArgumentParser
import Files
import Pipeline
import Training

/// `quern run`
struct Run: AsyncParsableCommand, ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run every stage of a pipeline that is not up to date, in order.",
        discussion: """
            Learns a vocabulary, encodes the corpus into shards, trains and evaluates a model, and \
            draws samples from it. What has not changed since the last time is not done again, and \
            a run that was stopped goes on where it was.

            A description with a list "models" is a comparison: each of them learns from the same \
            shards, under the rule "parameters", "operations" or "minutes", and all are scored \
            alike.

            Example:

              quern run pipeline.json
              quern run pipeline.json --set training.steps=100 --set name=short
              quern run comparison.json
            """)

    @Argument(help: "The pipeline's description.")
    var pipeline = "pipeline.json"

    @Flag(name: .long, help: "Write the result of a comparison as JSON.")
    var json = false

    @OptionGroup var options: PipelineOptions
    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        let comparison = try ComparisonConfiguration(path: pipeline, settings: options.set)
        guard comparison != nil || !json else {
            throw ValidationError("--json is for a comparison, and \(pipeline) has no \"models\"")
        }
        let configuration = try comparison == nil ? options.configuration(path: pipeline) : nil
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let work = reporting.work(printer, interrupts)
        if let comparison {
            let result = try await ComparisonRunner(comparison, work: work).run()
            Terminal.write(
                json ? try FileReplacement.json(of: result) + "\n" : ComparisonTable.text(result))
        } else if let configuration {
            let summary = try await PipelineRunner(configuration, work: work).run()
            Terminal.write(RunSummary.text(summary))
        }
    }
}
