import ArgumentParser
import Pipeline
import TokenShards
import Training
import Work

/// `quern evaluate`
struct Evaluate: AsyncParsableCommand, ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score text in shards with a trained model.",
        discussion: """
            Slides a window over the split and scores every token once. A stride shorter than the \
            context gives each token more of the text before it. Where the shards were made from \
            several files, each is scored by itself as well; of several data sets, each of them.

            Example:

              quern evaluate --model runs/kjv/checkpoints/best --shards shards/kjv
              quern evaluate --model runs/kjv/checkpoints/best --shards shards/kjv --stride 64
            """)

    @Option(
        name: .long, help: "A checkpoint, or a Hugging Face model directory with its vocabulary.")
    var model: String

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("The shards' directory, or several.", valueName: "dir"))
    var shards: [String]

    @Option(name: .long, help: "The split: train or val.")
    var split = Split.validation

    @Option(name: .long, help: "New tokens a window. (default: the context length)")
    var stride: Int?

    @Flag(
        name: .long,
        help: "Read each document apart, as a model trained with mask_documents expects.")
    var maskDocuments = false

    @Flag(
        name: .long,
        help: """
            Score only the assistant's answers, in shards of conversations \
            (runs/NAME/chat/shards).
            """)
    var answers = false

    @Option(name: .long, help: "Windows scored at once.")
    var batchSize = 16

    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if let stride, stride < 1 { throw ValidationError("--stride is at least 1") }
        if answers, stride != nil {
            throw ValidationError("conversations are read whole: give no --stride with --answers")
        }
        if shards.isEmpty { throw ValidationError("--shards takes at least one directory") }
        if batchSize < 1 { throw ValidationError("--batch-size is at least 1") }
    }

    func run() async throws {
        let printer = reporting.makePrinter()
        let (result, sources) = try EvaluateStage.run(
            modelDirectory: model, shardDirectories: shards, split: split, stride: stride,
            masksDocuments: maskDocuments, answersOnly: answers, batchSize: batchSize,
            work: WorkContext(threadCount: reporting.threadCount, report: printer.show))
        printer.endLine()
        Terminal.write(
            Table.text(
                [
                    ["tokens", Figures.count(result.tokenCount)],
                    ["bytes of text", Figures.count(result.byteCount)],
                ] + EvaluationTable.rows(result)))
        guard !sources.isEmpty else { return }
        Terminal.write("\n" + Table.text(EvaluationTable.rows(of: sources)))
    }
}
