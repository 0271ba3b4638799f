import ArgumentParser
import Pipeline
import Tokenization
import VocabularyLearning

/// `quern vocab learn`
struct VocabLearn: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "learn",
        abstract: "Learn a vocabulary from counts of pieces.",
        discussion: """
            Writes what `quern vocab train` would have written for the text that was counted. The \
            pattern is that of the counts.

            Counting works in any memory, but learning holds every distinct piece: about ten bytes \
            for each of their bytes. What it will take is said before it begins, if it is much.

            With --parity each counts file is a source, such as a language, and none is compressed \
            much worse than the others: each merge is the most frequent pair of the source that \
            has the fewest bytes a token by then. Scripts differ in their bytes a character, so \
            that it is better to say by --parallel how the sources compare: counts of texts that \
            say the same, of which the worst has the most tokens.

            With --superwords-from two counts files are given: one of words, of any pattern, and \
            one of the same texts by the pattern superbpe. From so many tokens on, merges may \
            join words. The result is that of \
            `quern vocab train --superwords-from`.
            """)

    static let examples: [Example] = [
        "quern vocab learn all.counts --vocab-size 65536 --output vocab/large",
        """
        quern vocab learn --parity en.counts de.counts --vocab-size 65536 --output vocab/fair
        """,
        """
        quern vocab learn words.counts texts.counts --superwords-from 49152 --vocab-size 65536 \
        --output vocab/super
        """,
    ]

    @Argument(
        help: ArgumentHelp(
            """
            A file that `quern vocab count` or `quern vocab merge-counts` wrote; with --parity one \
            for each source, with --superwords-from two.
            """,
            valueName: "counts"), completion: .file())
    var inputs: [String]

    @Option(name: .long, help: "Where to write the vocabulary.", completion: .directory)
    var output: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Counts of a text that says the same as the others; once for each source, in order.",
            valueName: "counts"), completion: .file())
    var parallel: [String] = []

    @OptionGroup var learning: LearningOptions
    @OptionGroup var memory: MemoryOption
    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        guard learning.superwordsFrom == nil || !learning.parity && inputs.count == 2 else {
            throw ValidationError(
                "--superwords-from is for two counts files, one of words and one of the pattern "
                    + "superbpe, and not for --parity")
        }
        guard learning.parity || inputs.count == 1 || learning.superwordsFrom != nil else {
            throw ValidationError(
                "several counts are for --parity; to learn from all as one, use "
                    + "`quern vocab merge-counts` first")
        }
        guard parallel.isEmpty || learning.parity && parallel.count == inputs.count else {
            throw ValidationError("give --parallel with --parity, once for each counts file")
        }
    }

    func run() async throws {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let counts = try inputs.map { try PieceCountsFile(path: $0) }
        // The counts of texts, where there are such, go last.
        let (words, texts): (PieceCountsFile, PieceCountsFile?) =
            learning.superwordsFrom == nil
            ? (counts[0], nil)
            : counts[1].pattern == .superbpe ? (counts[0], counts[1]) : (counts[1], counts[0])
        let vocabulary = learning.configuration(
            pattern: words.pattern, memory: memory.memory)
        let work = reporting.work(printer, interrupts)
        let outcome: VocabStage.Outcome
        if learning.parity {
            outcome = try VocabStage.learn(
                parity: counts, parallel: try parallel.map { try PieceCountsFile(path: $0) },
                vocabulary: vocabulary, directory: output, overwrites: overwriting.overwrite,
                work: work)
        } else {
            outcome = try VocabStage.learn(
                words, superwords: texts, vocabulary: vocabulary, directory: output,
                overwrites: overwriting.overwrite, work: work)
        }
        printer.endLine()
        var report = Report()
        report.add(bytesPerToken: outcome, of: inputs, "counts")
        report.row("tokens", "\(count: outcome.vocabulary.count, "tokens")")
        report.row("distinct pieces", "\(count: outcome.pieceCount, "distinct_pieces")")
        report.written(outcome.files)
        try result.write(report)
    }
}

extension Report {
    /// Adds the bytes a token of each source, where they were learned from by parity, with its path
    /// by the name `key`.
    mutating func add(
        bytesPerToken outcome: VocabStage.Outcome, of inputs: [String], _ key: String
    ) {
        guard !outcome.bytesPerToken.isEmpty else { return }
        table(
            "sources", nil,
            zip(inputs, outcome.bytesPerToken).map { path, rate in
                [
                    "\("bytes a token of " + path, as: path, key)",
                    "\(rate, digits: 2, "bytes_per_token")",
                ]
            })
    }
}
