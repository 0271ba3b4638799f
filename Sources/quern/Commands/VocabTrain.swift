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

            With --parity each input, such as the files of a language, is a source, and none is \
            compressed much worse than the others: each merge is the most frequent pair of the \
            source that has the fewest bytes a token by then. With --parallel, once for each \
            input, the sources are compared by texts that say the same, of which the worst has the \
            most tokens.
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
        """
        quern vocab train --parity --vocab-size 65536 --output vocab/fair 'en/*.jsonl.zst' \
        'de/*.jsonl.zst'
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

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            A text that says the same as the others; with --parity, once for each input, in order.
            """, valueName: "file"), completion: .file())
    var parallel: [String] = []

    @OptionGroup var learning: LearningOptions
    @OptionGroup var memory: MemoryOption
    @OptionGroup var counting: CountingOptions
    @OptionGroup var excluding: ExcludingOption
    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        guard parallel.isEmpty || learning.parity else {
            throw ValidationError("give --parallel with --parity, once for each input")
        }
        guard learning.parity else { return }
        guard counts == nil else {
            throw ValidationError(
                "--counts keeps the counts of one source; with --parity use `quern vocab count` "
                    + "for each and `quern vocab learn --parity`")
        }
        guard counting.corpus.reading.onError != .quarantine else {
            throw ValidationError(
                "--on-error quarantine keeps what cannot be read of one source; with --parity use "
                    + "skip")
        }
    }

    func run() async throws {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        var vocabulary = learning.configuration(pattern: counting.pattern, memory: memory.memory)
        vocabulary.excludeSpecial = excluding.excludeSpecial
        let corpus = try counting.configuration(output: output)
        let work = reporting.work(printer, interrupts)
        let outcome: VocabStage.Outcome
        if learning.parity {
            let reading = counting.corpus.reading
            outcome = try await VocabStage.run(
                parity: corpus.inputs.map { input in
                    var source = corpus
                    source.inputs = [input]
                    return source
                }, parallel: try parallel.map { try reading.configuration(inputs: [$0]) },
                vocabulary: vocabulary, directory: output, overwrites: overwriting.overwrite,
                work: work)
        } else {
            outcome = try await VocabStage.run(
                corpus: corpus, vocabulary: vocabulary, directory: output, countsPath: counts,
                overwrites: overwriting.overwrite, work: work)
        }
        printer.endLine()
        var report = Report()
        report.add(bytesPerToken: outcome, of: corpus.inputs, "input")
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
