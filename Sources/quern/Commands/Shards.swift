import ArgumentParser
import Pipeline
import TokenShards
import Tokenization

/// `quern shards`
struct Shards: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at a data set, or check every byte of it.",
        subcommands: [ShardsShow.self, ShardsVerify.self])
}

/// `quern shards show`
struct ShardsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a data set holds.",
        discussion: """
            Example:

              quern shards show shards/kjv
            """)

    @Argument(help: "The data set's directory.")
    var directory: String

    func run() async throws {
        let set = try ShardSet(directory: directory)
        Terminal.write(ManifestSummary.text(set.manifest, directory: directory) + "\n")
        var rows = [["shard", "tokens", "documents", "bytes of text", "checksum"]]
        for shard in set.manifest.shards {
            rows.append([
                shard.name, Figures.count(shard.tokens), Figures.count(shard.documents),
                Figures.count(shard.bytes), shard.checksum,
            ])
        }
        Terminal.write(Table.text(rows))
        rows = [["source", "documents", "bytes of text"]]
        for source in set.manifest.sources {
            rows.append([
                source.path, Figures.count(source.documents), Figures.count(source.bytes),
            ])
        }
        Terminal.write("\n" + Table.text(rows))
    }
}

/// `quern shards verify`
struct ShardsVerify: AsyncParsableCommand, ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every byte of a data set and check it.",
        discussion: """
            Checks headers, sizes, checksums, the range of every id, the index and the place of each \
            end-of-text token. With --vocab, every document is decoded too, and its text compared with \
            the hash of what was encoded.

            Example:

              quern shards verify shards/kjv --vocab vocab/kjv
            """)

    @Argument(help: "The data set's directory.")
    var directory: String

    @Option(name: .long, help: "The vocabulary, to decode every document.")
    var vocab: String?

    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        let vocabulary = try vocab.map { try Vocabulary(directory: $0) }
        let set = try ShardSet(directory: directory, vocabulary: vocabulary)
        let printer = reporting.makePrinter()
        let total = set.manifest.train.tokens + set.manifest.validation.tokens
        try set.verify(decodingWith: vocabulary) { done in
            printer.show(
                .progress(
                    StageProgress(
                        activity: "verifying", completed: done, total: total, unit: .tokens)))
        }
        printer.endLine()
        let decoded = vocabulary == nil ? "" : ", every document decodes to its source's hash"
        Terminal.write(
            "\(directory): \(set.manifest.shards.count) shards, \(Figures.count(total)) tokens, "
                + "all sound\(decoded)\n")
    }
}
