import ArgumentParser
import Files
import Pipeline
import TokenShards
import Tokenization
import Work

/// `quern encode`
struct Encode: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "encode",
        abstract: "Encode a corpus into token shards.",
        discussion: """
            Writes train_000000.bin, val_000000.bin and so on in llm.c's layout, an index of \
            documents beside each, and manifest.json last. Each document goes to one split, chosen \
            by the hash of its text, so the split depends neither on order nor on threads.

            Killed at any moment and started again with the same arguments, it goes on where it \
            was, to the same bytes; a data set that is there stays until the new one is whole.

            Several processes, on any machines that share the directory, encode a part each: start \
            the same command in each under srun, mpirun, a Slurm array or a Kubernetes Indexed \
            Job, or with --rank and --world, and then run `quern shards finish`. The bytes are the \
            same.
            """)

    static let examples: [Example] = [
        """
        quern encode --vocab vocab/kjv --output shards/kjv corpora/kjv.txt.zst \
        --text-separator '\\n\\n\\n'
        """,
        """
        quern encode --vocab vocab/web --output shards/web 'web/*.jsonl.zst' --on-error quarantine
        """,
        "quern encode --vocab vocab/web --output shards/table --text-field body posts.csv.gz",
        """
        find dump -name '*.json.gz' | quern encode --vocab vocab/web --output shards/dump \
        --inputs-from -
        """,
        """
        mpirun -n 4 quern encode --vocab vocab/web --output shards/web web \
        && quern shards finish shards/web
        """,
    ]

    @Option(
        name: .long, help: "The vocabulary (kjv or vocab/kjv), or a model that has one.",
        completion: .directory)
    var vocab: String

    @Option(
        name: .long,
        help: """
            Where to write the shards. Another data set that is there stays, unless --overwrite \
            is given.
            """,
        completion: .directory)
    var output: String

    @Option(
        name: .long,
        help: """
            Where the end-of-text token stands: before, after or none. \
            (default: \(ShardConfiguration().endOfText.rawValue))
            """)
    var endOfText: EndOfTextPolicy?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A special token before each document, in place of the end-of-text token.",
            valueName: "token"))
    var beginToken: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A special token behind each document, in place of the end-of-text token.",
            valueName: "token"))
    var endToken: String?

    @Option(
        name: .long,
        help: """
            The most tokens in a shard; a longer document has a shard of its own. \
            (default: \(ShardConfiguration().tokensPerShard))
            """,
        transform: Typed.whole(
            ShardConfiguration.range(of: ShardConfiguration.CodingKeys.tokensPerShard)))
    var tokensPerShard = ShardConfiguration().tokensPerShard

    @Option(
        name: .long,
        help: """
            The share of documents that goes to the validation split. (default: 0.05)
            """,
        transform: Typed.real(.real(0...1)))
    var validationFraction = 0.05

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Stored bytes of input that make a part, which one process encodes alone; shards end \
            with it. (default: 1GiB)
            """, valueName: "size"), transform: Typed.size(.fileSizes))
    var partBytes: ByteSize?

    @Flag(
        name: .long,
        help: """
            Replace another data set, and remove unfinished work on another corpus or \
            vocabulary, or with other settings; standard input is encoded from its beginning.
            """)
    var overwrite = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            How often the place to go on from is written down: the work that a kill can cost. \
            (default: 1)
            """,
            valueName: "seconds"), transform: Typed.real(.real(0...1e9)))
    var journalEvery = 1.0

    @OptionGroup var ranks: ShareOptions
    @OptionGroup var specials: SpecialTokenOptions
    @OptionGroup var corpus: CorpusOptions
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if endOfText != nil, beginToken != nil || endToken != nil {
            throw ValidationError(
                "--begin-token and --end-token stand in place of the end-of-text token: leave "
                    + "--end-of-text out")
        }
    }

    func run() async throws {
        let vocab = try VocabularyPlace.path(of: vocab)
        try FilePlace.check(output: output, inputs: [vocab])
        let vocabulary = try Vocabulary(directory: vocab)
        var shards = ShardConfiguration()
        if let endOfText { shards.endOfText = endOfText }
        (shards.beginToken, shards.endToken) = (beginToken, endToken)
        shards.tokensPerShard = tokensPerShard
        shards.allowSpecial = specials.allowSpecial
        if let partBytes { shards.partBytes = partBytes.byteCount }
        let (share, origin) = try ranks.find()
        let corpus = try corpus.configuration(
            validationFraction: validationFraction, output: output)
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let surroundings = EncodeStage.Surroundings(
            existing: overwrite ? .replace : .refuse, journalInterval: .seconds(journalEvery),
            overwrites: overwrite)
        let work = reporting.work(printer, interrupts)
        let start = ContinuousClock.now
        guard share.world > 1 else {
            let manifest = try await EncodeStage.run(
                corpus: corpus, vocabulary: vocabulary, shards: shards, directory: output,
                surroundings: surroundings, work: work)
            printer.endLine()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let bytes = Double(manifest.train.bytes + manifest.validation.bytes)
            var report = Report()
            report.add(manifest, directory: output)
            let speed = bytes / max(seconds, 1e-9)
            report.row(
                "time",
                """
                \(time: seconds, "seconds"), \
                \(Figures.bytes(speed), as: speed, "bytes_per_second") of text/s
                """)
            return try result.write(report)
        }
        if let origin { printer.notice("rank \(share.rank) of \(share.world), from \(origin)") }
        let outcome = try await EncodeStage.encodeShare(
            share, corpus: corpus, vocabulary: vocabulary, shards: shards, directory: output,
            surroundings: surroundings, work: work)
        printer.endLine()
        if outcome.ownPartCount == 0 {
            printer.notice(
                "rank \(share.rank) has no part to do, for there are fewer parts than ranks: a "
                    + "part is one file or more, so a smaller --part-bytes makes more of them only "
                    + "where several files share a part; cut large files for more")
        }
        var report = Report()
        report.lines(
            "rank \(share.rank) of \(share.world): \(Figures.count(outcome.ownPartCount)) of "
                + "\(Figures.count(outcome.partCount)) parts, all done; when every rank is, run: "
                + "quern shards finish \(output)\n")
        report.member("directory", output)
        report.member("rank", share.rank)
        report.member("world", share.world)
        report.member("own_parts", outcome.ownPartCount)
        report.member("parts", outcome.partCount)
        try result.write(report)
    }
}
