import ArgumentParser
import Pipeline
import TokenShards
import Tokenization

/// `quern encode`
struct Encode: AsyncParsableCommand, ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Encode a corpus into token shards.",
        discussion: """
            Writes train_000000.bin, val_000000.bin and so on in llm.c's layout, an index of documents \
            beside each, and manifest.json last. Each document goes to one split, chosen by the hash \
            of its text, so the split depends neither on order nor on threads.

            Example:

              quern encode --vocab vocab/kjv --output shards/kjv corpora/kjv.txt.zst --separator '\\n\\n\\n'
              quern encode --vocab vocab/web --output shards/web 'web/*.jsonl.zst' --on-error quarantine
              quern encode --vocab vocab/web --output shards/table --text-field body posts.csv.gz
              find dump -name '*.json.gz' | quern encode --vocab vocab/web --output shards/dump --inputs-from -
            """)

    @Option(name: .long, help: "The vocabulary's directory, or its tokenizer.json.")
    var vocab: String

    @Option(name: .long, help: "Where to write the shards. A data set that is there is replaced.")
    var output: String

    @Option(name: .long, help: "Where the end-of-text token stands: before, after or none.")
    var endOfText = ShardConfiguration().endOfText

    @Option(name: .long, help: "The most tokens in a shard.")
    var tokensPerShard = ShardConfiguration().tokensPerShard

    @Option(name: .long, help: "The share of documents that goes to the validation split.")
    var validationFraction = 0.05

    @OptionGroup var specials: SpecialTokenOptions
    @OptionGroup var corpus: CorpusOptions
    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        let vocabulary = try Vocabulary(directory: vocab)
        var shards = ShardConfiguration()
        shards.endOfText = endOfText
        shards.tokensPerShard = tokensPerShard
        shards.allowSpecial = specials.allowSpecial
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let manifest = try await EncodingStage.run(
            corpus: corpus.configuration(
                validationFraction: validationFraction, output: output),
            vocabulary: vocabulary, shards: shards, directory: output,
            threadCount: reporting.threadCount, stop: interrupts.stop, report: printer.show)
        printer.endLine()
        Terminal.write(ManifestSummary.text(manifest, directory: output))
    }
}
