import ArgumentParser
import Files
import Pipeline
import Tokenization
import VocabularyLearning
import Work

/// `quern vocab extend`
struct VocabExtend: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "extend",
        abstract: "Add tokens to a vocabulary whose ids all stay.",
        discussion: """
            Adds the --seed-tokens, special tokens, and then what further merges learn from \
            --counts, which `quern vocab count` made with the vocabulary's pattern. The old merges \
            come first, so that a text without the new pairs keeps its ids. A model grows with \
            `quern model import --vocab`.
            """)

    static let examples: [Example] = [
        "quern vocab count --pattern gpt4 --output law.counts law.jsonl.zst",
        "quern vocab extend vocab/kjv --counts law.counts --vocab-size 8192 --output vocab/law",
        "quern vocab extend vocab/kjv --seed-tokens ' plaintiff' --output vocab/law",
    ]

    @Argument(
        help: "The vocabulary (kjv or vocab/kjv), or a model that has one.",
        completion: .directory)
    var vocab: String

    @Option(name: .long, help: "Where to write the vocabulary.", completion: .directory)
    var output: String

    @Option(
        name: .long,
        help: "A file that `quern vocab count` or `quern vocab merge-counts` wrote, to learn from.",
        completion: .file())
    var counts: String?

    @Option(
        name: .long, help: "With --counts: tokens in all.",
        transform: Typed.whole(
            VocabularyConfiguration.range(of: VocabularyConfiguration.CodingKeys.vocabularySize)))
    var vocabSize: Int?

    @Option(name: .long, help: "A token to add, with those on the way to it; may be repeated.")
    var seedTokens: [String] = []

    @Option(name: .long, help: "A special token to add; may be repeated.")
    var specialTokens: [String] = []

    @Option(
        name: .long, help: "With --counts: the least count of a pair that is merged.",
        transform: Typed.whole(
            VocabularyConfiguration.range(of: VocabularyConfiguration.CodingKeys.minimumFrequency)))
    var minFrequency = VocabularyConfiguration().minimumFrequency

    @Option(
        name: .long,
        help: "With --counts: the most bytes of a learned token. (default: no limit)",
        transform: Typed.whole(
            VocabularyConfiguration.range(of: VocabularyConfiguration.CodingKeys.maximumTokenLength)
        ))
    var maxTokenLength: Int?

    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if counts == nil, seedTokens.isEmpty, specialTokens.isEmpty {
            throw ValidationError("give --counts, --seed-tokens or --special-tokens")
        }
        if (counts == nil) != (vocabSize == nil) {
            throw ValidationError("--counts and --vocab-size go together")
        }
    }

    func run() async throws {
        try FilePlace.check(output: output, inputs: [vocab] + (counts.map { [$0] } ?? []))
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let base = try Vocabulary(named: vocab)
        var growth = VocabStage.Growth()
        growth.specialTokens = specialTokens
        growth.seedTokens = seedTokens
        growth.counts = try counts.map { try PieceCountsFile(path: $0) }
        growth.vocabularySize = vocabSize ?? 0
        growth.minimumFrequency = minFrequency
        growth.maximumTokenLength = maxTokenLength
        let outcome = try VocabStage.extend(
            base, by: growth, directory: output, overwrites: overwriting.overwrite,
            work: reporting.work(printer, interrupts))
        printer.endLine()
        let (extended, files) = (outcome.vocabulary, outcome.files)
        var report = Report()
        report.row("tokens", "\(count: extended.count, "tokens")")
        report.row("new tokens", "\(count: extended.count - base.count, "new_tokens")")
        report.written(files)
        try result.write(report)
    }
}
