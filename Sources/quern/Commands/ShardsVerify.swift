import ArgumentParser
import Pipeline
import TokenShards
import Tokenization

/// `quern shards verify`
struct ShardsVerify: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every byte of a data set and check it.",
        discussion: """
            Checks the manifest, headers, sizes, checksums, the range of every id, the index, and \
            that end-of-text tokens stand where they should and nowhere else. With --vocab, every \
            document is decoded too, and its text compared with the hash of what was encoded.
            """)

    static let examples: [Example] = [
        "quern shards verify shards/kjv --vocab vocab/kjv"
    ]

    @Argument(help: "The data set's directory.")
    var directory: String

    @Option(name: .long, help: "The vocabulary, to decode every document.")
    var vocab: String?

    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        let vocabulary = try vocab.map { try Vocabulary(directory: $0) }
        let set = try ShardSet(directory: directory, vocabulary: vocabulary)
        if let notice = set.foreignNotice {
            // Opening it has read every id, and there is nothing to compare more with.
            Terminal.write(notice + "\n")
            return
        }
        let printer = reporting.makePrinter()
        let total = set.manifest.train.tokens + set.manifest.validation.tokens
        try await set.verify(
            decodingWith: vocabulary, threadCount: reporting.threadCount
        ) { done in
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
