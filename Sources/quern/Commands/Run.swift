import ArgumentParser
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

            Example:

              quern run pipeline.json
              quern run pipeline.json --set training.steps=100 --set name=short
            """)

    @Argument(help: "The pipeline's description.")
    var pipeline = "pipeline.json"

    @OptionGroup var options: PipelineOptions
    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        let configuration = try options.configuration(path: pipeline)
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let runner = PipelineRunner(
            configuration, work: reporting.work(printer, interrupts))
        let summary = try await runner.run()
        Terminal.write(RunSummary.text(summary))
    }
}
