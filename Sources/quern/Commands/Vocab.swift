import ArgumentParser
import Corpora
import Pipeline
import Tokenization

/// `quern vocab`
struct Vocab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn a vocabulary, exchange one with other programs, or look at one.",
        subcommands: [
            VocabTrain.self, VocabImport.self, VocabExport.self, VocabShow.self, VocabCompare.self,
        ])
}

/// `quern vocab train`
struct VocabTrain: AsyncParsableCommand, ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Learn a byte-pair vocabulary from a corpus.",
        discussion: """
            Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json, which Hugging \
            Face's tokenizers and transformers load as they are, and tokens.tsv for people.

            Example:

              quern vocab train --vocab-size 4096 --output vocab/mine corpus.jsonl.zst
              zstdcat corpus.txt.zst | quern vocab train --output vocab/mine -
            """)

    @Option(name: .long, help: "Where to write the vocabulary.")
    var output: String

    @Option(name: .long, help: "Tokens in all: special ones, 256 bytes, and merges.")
    var vocabSize = VocabularyConfiguration().vocabularySize

    @Option(name: .long, help: "How text is cut into pieces: gpt4 or gpt2.")
    var pattern = VocabularyConfiguration().pattern

    @Option(
        name: .long,
        help: "A special token; may be repeated. (default: <|endoftext|>)")
    var special: [String] = []

    @Option(name: .long, help: "The least count of a pair that is merged.")
    var minFrequency = VocabularyConfiguration().minimumFrequency

    @Option(
        name: .long,
        help: "The share of documents, chosen by hash, that is not learned from.")
    var validationFraction = 0.0

    @OptionGroup var corpus: CorpusOptions
    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = vocabSize
        configuration.pattern = pattern
        configuration.minimumFrequency = minFrequency
        if !special.isEmpty { configuration.specialTokens = special }
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let outcome = try await VocabularyStage.run(
            corpus: corpus.configuration(validationFraction: validationFraction),
            vocabulary: configuration, directory: output, threadCount: reporting.threadCount,
            stop: interrupts.stop, report: printer.show)
        printer.endLine()
        Terminal.write(
            Table.text([
                ["tokens", Figures.count(outcome.vocabulary.count)],
                ["documents read", Figures.count(outcome.progress.documents)],
                ["bytes read", Figures.count(outcome.progress.textBytes)],
                ["skipped lines", Figures.count(outcome.progress.skippedLines)],
                [
                    "written",
                    outcome.files.joined(separator: "\n" + String(repeating: " ", count: 16)),
                ],
            ]))
    }
}
