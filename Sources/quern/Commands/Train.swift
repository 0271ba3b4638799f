import ArgumentParser
import Pipeline
import Tokenization
import Training

/// `quern train`
struct Train: AsyncParsableCommand, ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model from shards.",
        discussion: """
            Takes the sections "model" and "training" of the pipeline's description, and the shards and \
            the vocabulary of its name unless others are given. Writes checkpoints that transformers \
            loads as they are, and metrics.jsonl. Ctrl-C writes a checkpoint and leaves; --resume goes \
            on from it, with the same result as if nothing had happened.

            Example:

              quern train --config pipeline.json
              quern train --config pipeline.json --resume
              quern train --config pipeline.json --set training.steps=20 --profile --overwrite
              quern train --shards shards/kjv --vocab vocab/kjv --output runs/big --set model.n_layer=6
            """)

    @Option(name: .long, help: "The pipeline's description. (default: the built-in values)")
    var config: String?

    @Option(name: .long, help: "The shards' directory. (default: shards/NAME)")
    var shards: String?

    @Option(name: .long, help: "The vocabulary's directory. (default: vocab/NAME)")
    var vocab: String?

    @Option(name: .long, help: "The run's directory. (default: runs/NAME)")
    var output: String?

    @Flag(name: .long, help: "Continue from the newest checkpoint.")
    var resume = false

    @Flag(name: .long, help: "Remove the run's checkpoints and begin again.")
    var overwrite = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The most memory that training may need, such as 8GB or 900MB. (default: what is free)",
            valueName: "size"))
    var memory: ByteCount?

    @Flag(
        name: .long, help: "Measure the parts of a step, and show at the end where its time went.")
    var profile = false

    @OptionGroup var options: PipelineOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if resume, overwrite { throw ValidationError("give either --resume or --overwrite") }
    }

    func run() async throws {
        let configuration = try options.configuration(path: config)
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let runDirectory = output ?? configuration.runDirectory
        var measured: ProfileReport?
        let summary = try await TrainingStage.run(
            configuration, shardDirectory: shards ?? configuration.shardDirectory,
            vocabulary: Vocabulary(directory: vocab ?? configuration.vocabularyDirectory),
            surroundings: Trainer.Surroundings(
                runDirectory: runDirectory, threadCount: reporting.threadCount,
                existing: resume ? .resume : overwrite ? .overwrite : .refuse,
                memoryLimit: memory?.bytes, isProfiled: profile),
            stop: interrupts.stop
        ) { event in
            if case .training(.profiled(let report)) = event { measured = report }
            printer.show(event)
        }
        printer.endLine()
        var rows = [
            ["run", runDirectory],
            ["steps", Figures.count(summary.steps)],
            ["tokens", Figures.count(summary.tokenCount)],
            [
                "training",
                "\(Figures.short(summary.tokensPerSecond)) tokens/s, "
                    + "\(Figures.time(summary.trainingSeconds)) in all",
            ],
        ]
        if let result = summary.validation { rows += EvaluationTable.rows(result) }
        Terminal.write(Table.text(rows))
        if let measured { Terminal.write("\n" + Table.text(ProfileTable.rows(measured))) }
        if !summary.isComplete {
            printer.notice("stopped before the end; continue with --resume")
            throw ExitCode(130)
        }
    }
}

/// An evaluation as rows of a table.
enum EvaluationTable {
    static func rows(_ result: EvaluationResult) -> [[String]] {
        [
            ["loss", "\(Figures.fixed(result.loss, 4)) nats a token"],
            ["perplexity", Figures.fixed(result.perplexity, 2)],
            ["bits per byte", Figures.fixed(result.bitsPerByte, 4)],
        ]
    }
}
