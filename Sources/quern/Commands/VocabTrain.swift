import ArgumentParser
import Corpora
import Pipeline
import Tokenization
import VocabularyLearning

/// `quern vocab train`
struct VocabTrain: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Learn a vocabulary from a corpus.",
        discussion: """
            Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json, which \
            Hugging Face's tokenizers and transformers load as they are, and tokens.tsv for people.

            The corpus may be larger than memory: --memory bounds what counting takes. To use many \
            machines, count parts with `quern vocab count` and learn from all with \
            `quern vocab learn`; the result is the same.

            With --model, its tokens are subwords (bpe), words or characters. All can write every \
            text: words and characters that are no tokens become their bytes.

            With --superwords-from the corpus is read twice: tokens up to there are learned within \
            words, and those behind across them, so that a frequent phrase may be one token.
            """)

    static let examples: [Example] = [
        "quern vocab train --vocab-size 4096 --output vocab/mine corpus.jsonl.zst",
        "zstdcat corpus.txt.zst | quern vocab train --output vocab/mine -",
        """
        quern vocab train --memory 2G --counts corpus.counts --vocab-size 65536 \
        --output vocab/large 'data/*.jsonl.zst'
        """,
        """
        quern vocab train --exclude-special all --special-tokens '<|endoftext|>' \
        --output vocab/mine corpus.txt.zst
        """,
        "quern vocab train --model word --vocab-size 8192 --output vocab/words corpus.txt.zst",
        "quern vocab train --model character --output vocab/characters corpus.txt.zst",
        """
        quern vocab train --superwords-from 24576 --vocab-size 32768 --output vocab/super \
        corpus.txt.zst
        """,
    ]

    @Option(name: .long, help: "Where to write the vocabulary.", completion: .directory)
    var output: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Keep the counts in this file; if they are there and the corpus has not changed since, \
            it is not read again. Counts that were made in another way are left alone.
            """, valueName: "file"), completion: .file())
    var counts: String?

    @OptionGroup var learning: LearningOptions
    @OptionGroup var memory: MemoryOption
    @OptionGroup var counting: CountingOptions
    @OptionGroup var excluding: ExcludingOption
    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        var vocabulary = learning.configuration(pattern: counting.pattern, memory: memory.memory)
        vocabulary.excludeSpecial = excluding.excludeSpecial
        let outcome = try await VocabStage.run(
            corpus: counting.configuration(output: output), vocabulary: vocabulary,
            directory: output, countsPath: counts, overwrites: overwriting.overwrite,
            work: reporting.work(printer, interrupts))
        printer.endLine()
        var report = Report()
        report.row("tokens", "\(count: outcome.vocabulary.count, "tokens")")
        report.row("distinct pieces", "\(count: outcome.pieceCount, "distinct_pieces")")
        if let progress = outcome.progress { report.add(progress) }
        report.written(outcome.files)
        try result.write(report)
    }
}

extension Report {
    /// Adds what was read of a corpus.
    mutating func add(_ progress: CorpusProgress) {
        row("documents read", "\(count: progress.documents, "documents")")
        row("bytes read", "\(count: progress.textBytes, "bytes")")
        row("skipped lines", "\(count: progress.skippedLines, "skipped_lines")")
        if progress.brokenFileCount > 0 {
            row("broken files", "\(count: progress.brokenFileCount, "broken_files")")
        }
        if progress.damagedMemberCount > 0 {
            row("damaged members", "\(count: progress.damagedMemberCount, "damaged_members")")
        }
        if progress.quarantinedLines > 0 {
            row("in quarantine", "\(count: progress.quarantinedLines, "quarantined_lines")")
        }
        if progress.invalidUTF8Documents > 0 {
            row(
                "not all UTF-8",
                "\(count: progress.invalidUTF8Documents, "invalid_utf8_documents") documents")
        }
    }
}
