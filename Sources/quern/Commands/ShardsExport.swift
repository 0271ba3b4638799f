import ArgumentParser
import Files
import Pipeline
import TokenShards
import Tokenization

/// `quern shards export`
struct ShardsExport: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a data set in the layout of another program.",
        discussion: """
            nanogpt    train.bin and val.bin: 16-bit ids and nothing else
            megatron   train_text_document.bin and .idx: an indexed data set of Megatron-LM
            datatrove  train/00000_unshuffled.ds with .index and .metadata, for datatrove and \
            nanotron
            olmo       train/part-00-00000.npy and .csv.gz, for OLMo-core and dolma
            mds        train/index.json and .mds files of samples of --length tokens, for Streaming
            litdata    train/index.json and chunk-0-0.bin, for litdata's TokensLoader (LitGPT)

            llm.c reads Quern's own shards as they are. The directory appears whole or not at all.
            """)

    static let examples: [Example] = [
        "quern shards export shards/kjv --format megatron --output export/kjv"
    ]

    @Argument(help: "The shards, kjv or shards/kjv.", completion: .directory)
    var directory: String

    @Option(name: .long, help: "The layout of the files.")
    var format: ExportFormat

    @Option(name: .long, help: "The directory to make.", completion: .directory)
    var output: String

    @Option(
        name: .long, help: "Tokens a sample, for mds. (default: 2048)",
        transform: Typed.whole(1...1 << 24))
    var length: Int?

    @Option(
        name: .long, help: "The vocabulary, for a data set that has no manifest.",
        completion: .directory)
    var vocab: String?

    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if length != nil, format != .mds { throw ValidationError("--length is only for mds") }
    }

    func run() async throws {
        let directory = try ShardPlace.path(of: directory)
        let vocab = try vocab.map(VocabularyPlace.path(of:))
        try FilePlace.check(output: output, inputs: [vocab].compactMap(\.self))
        let vocabulary = try vocab.map { try Vocabulary(directory: $0) }
        let set = try ShardSet(directory: directory, vocabulary: vocabulary)
        let export = try ShardExport(of: set, as: format, sampleLength: length ?? 2_048)
        let printer = reporting.makePrinter()
        let total = set.manifest.train.tokens + set.manifest.validation.tokens
        let files = try export.write(to: output, overwrites: overwriting.overwrite) { done in
            printer.show(
                .progress(
                    StageProgress(
                        activity: "exporting", completed: done, total: total, unit: .tokens)))
        }
        printer.endLine()
        var report = Report()
        report.lines(files.map { $0 + "\n" }.joined())
        report.member("written", files)
        try result.write(report)
    }
}
