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

    @Argument(
        help: "The shards, kjv or shards/kjv. (default: the pipeline's)", completion: .directory)
    var directory: String?

    @OptionGroup var file: ConfigOption

    @Option(
        name: .long, help: "The vocabulary (kjv or vocab/kjv), to decode every document.",
        completion: .directory)
    var vocab: String?

    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        try file.check(directory != nil, "the shards' directory")
        if directory != nil, file.config != nil {
            throw ValidationError("--config says which shards they are: name them, or give it")
        }
    }

    func run() async throws {
        let vocabulary = try vocab.map { try Vocabulary(named: $0) }
        var report = Report()
        var sets: [[ReportText]] = []
        for directory in try file.shards([directory].compactMap(\.self), reporting.form) {
            sets.append([try await verify(directory, vocabulary)])
        }
        report.table("data_sets", nil, sets)
        try result.write(report)
    }

    private func verify(_ directory: String, _ vocabulary: Vocabulary?) async throws -> ReportText {
        let set = try ShardSet(directory: directory, vocabulary: vocabulary)
        if let notice = set.foreignNotice {
            // Opening it has read every id, and there is nothing to compare more with.
            return "\(notice, as: directory, "directory")"
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
        return """
            \(word: directory, "directory"): \(count: set.manifest.shards.count, "shards") shards, \
            \(count: total, "tokens") tokens, all sound\
            \(decoded, as: vocabulary != nil, "is_decoded")
            """
    }
}
