import ArgumentParser
import Models
import Pipeline
import TokenShards
import Tokenization
import Training

/// `quern shards show`
struct ShardsShow: AsyncParsableCommand, MessagingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a data set holds, or what a step of training learns from.",
        discussion: """
            With --step, each row of the step's batches is taken apart: the window, the shard, its \
            documents, and the file and line that each came from. Which windows a step has follows \
            from the seed, the batch size, the context and the packing: they are taken from a run, \
            of which the last step is shown unless --step names one, or from a pipeline's \
            description and --set.
            """)

    static let examples: [Example] = [
        "quern shards show shards/kjv",
        "quern shards show --run runs/kjv --step 120",
        "quern shards show shards/web=0.7 shards/code=0.3 --step 1 --config pipeline.json",
        "quern shards show --step 1 --config pipeline.json",
    ]

    @Argument(
        help: ArgumentHelp(
            """
            The shards (kjv or shards/kjv), or those of a mixture, each with its weight. (default: \
            those that --run learned from, or else the pipeline's)
            """), completion: .directory)
    var directories: [WeightedDirectory] = []

    @Option(
        name: .long,
        help: "Show the rows of this step, counted from 1. (default: with --run, its last)",
        transform: Typed.whole(.steps))
    var step: Int?

    @Option(
        name: .long,
        help: """
            The run whose step it is, kjv or runs/kjv: its newest checkpoint says how it trains, \
            and has the vocabulary.
            """, completion: .directory)
    var run: String?

    @Option(
        name: .long, help: "The vocabulary (kjv or vocab/kjv), to show how each document begins.",
        completion: .directory)
    var vocab: String?

    @OptionGroup var options: PipelineOptions

    @OptionGroup var result: ResultOptions
    @OptionGroup var messages: MessageOptions

    func validate() throws {
        if run == nil { try options.file.check(!directories.isEmpty, "the shards or --run") }
        if step == nil, run == nil, !directories.isEmpty,
            options.file.config != nil || !options.set.isEmpty
        {
            throw ValidationError("--config and --set say how a --step is made: give one")
        }
        if run != nil, options.file.config != nil || !options.set.isEmpty {
            throw ValidationError("give either --run, or --config and --set")
        }
    }

    func run() async throws {
        let run = try run.map { try trainedRun($0) }
        let vocabulary = try (vocab ?? run?.latest).map { try Vocabulary(named: $0) }
        let mixture = try mixture(of: run?.directory, vocabulary)
        if let step = step ?? run?.state.step {
            try show(step: max(1, step), of: mixture, vocabulary, run)
        } else {
            try show(mixture.sources.map(\.set))
        }
    }

    /// The run that says how a step is made.
    private struct TrainedRun {
        let directory: String
        /// Its newest checkpoint.
        let latest: String
        let state: TrainingState
    }

    private func trainedRun(_ name: String) throws -> TrainedRun {
        let directory = ModelPlace.run(named: name) ?? name
        let store = CheckpointStore(runDirectory: directory)
        guard let latest = store.latest, let state = try store.latestState() else {
            throw TrainingError.noCheckpoint(directory: directory)
        }
        return TrainedRun(directory: directory, latest: latest, state: state)
    }

    /// The data sets that are named, or those that a run learned from, which must be as they were
    /// then, or else the pipeline's.
    private func mixture(of run: String?, _ vocabulary: Vocabulary?) throws -> Mixture {
        guard directories.isEmpty else {
            return try Mixture(directories, vocabulary: vocabulary)
        }
        guard let run else { return try options.configuration().dataSets(vocabulary: vocabulary) }
        guard let data = RunData(runDirectory: run) else {
            throw ValidationError(
                "\(run) does not say which shards it learned from: name their directories")
        }
        return try data.mixture(vocabulary: vocabulary)
    }

    /// Writes what the data sets hold, one below the other, or as a list of objects.
    private func show(_ sets: [ShardSet]) throws {
        let reports = sets.map(report)
        guard result.json else { return Terminal.write(reports.map(\.text).joined()) }
        var all = Report()
        all.member("data_sets", reports.map(\.value))
        try result.write(all)
    }

    private func report(_ set: ShardSet) -> Report {
        var report = Report()
        report.add(set.manifest, directory: set.directory)
        report.lines("\n" + (set.foreignNotice.map { $0 + "\n\n" } ?? ""))
        report.table(
            "shards", ["shard", "tokens", "documents", "bytes of text", "checksum"],
            set.manifest.shards.map {
                [
                    "\(word: $0.name, "name")", "\(count: $0.tokens, "tokens")",
                    "\(count: $0.documents, "documents")", "\(count: $0.bytes, "bytes")",
                    "\(word: $0.checksum, "checksum")",
                ]
            })
        guard !set.manifest.sources.isEmpty else { return report }
        report.lines("\n")
        report.table(
            "sources", ["source", "documents", "bytes of text"],
            set.manifest.sources.map {
                [
                    "\(word: $0.path, "path")", "\(count: $0.documents, "documents")",
                    "\(count: $0.bytes, "bytes")",
                ]
            })
        return report
    }

    private func show(
        step: Int, of mixture: Mixture, _ vocabulary: Vocabulary?, _ run: TrainedRun?
    ) throws {
        let (training, context) = try recipe(for: mixture, run)
        let loader = try mixture.loader(
            packing: training.packing, length: context, stride: training.stride,
            marksDocuments: training.masksDocuments, batchSize: training.windowsPerStep,
            seed: training.seed, isContinuous: training.carriesState)
        let provenance = BatchProvenance(mixture, loader)
        let (place, overflows) = (step - 1).multipliedReportingOverflow(by: loader.batchSize)
        guard !overflows, place <= Int.max - loader.batchSize else {
            throw PipelineError.badValue(
                key: "--step",
                reason: "it is \(step), and no run of \(loader.batchSize) windows a step is so long"
            )
        }
        let first = training.overfitOneBatch ? 0 : place
        var titles = ["row", "window", "shard", "document", "tokens", "from"]
        if vocabulary != nil { titles.append("beginning") }
        var rows: [[ReportText]] = []
        for row in 0..<loader.batchSize {
            for document in provenance.documents(ofRowAt: first + row) {
                let source = mixture.sources[document.dataSet]
                let name = mixture.sources.count > 1 ? source.name + "/" : ""
                let (tokens, epoch) = (document.tokens, document.epoch + 1)
                var cells: [ReportText] = [
                    "\(String(row), as: row, "row")",
                    """
                    \(String(document.window), as: document.window, "window") (epoch \
                    \(String(epoch), as: epoch, "epoch"))
                    """,
                    "\(word: name + document.shardName, "shard")",
                    "\(String(document.document), as: document.document, "document")",
                    """
                    \(String(tokens.lowerBound), as: tokens.lowerBound, "first_token")–\
                    \(String(tokens.upperBound - 1), as: tokens.upperBound - 1, "last_token")
                    """,
                    "\(word: document.origin, "from")",
                ]
                if let vocabulary {
                    let shard = source.set.shards(of: .train)[document.shard]
                    let range = shard.textRange(ofDocument: document.document)
                    let beginning = shard.tokens(range.prefix(Self.shownTokens))
                    let text = try vocabulary.decode(beginning)
                    let readable = String(decoding: text, as: UTF8.self)
                    cells.append("\(Pieces.quoted(text), as: readable, "beginning")")
                }
                rows.append(cells)
            }
        }
        var report = Report()
        report.table("rows", titles, rows)
        report.member("step", step)
        try result.write(report)
    }

    /// Tokens of a document's beginning that are shown.
    private static let shownTokens = 12

    /// Recipe of the run, and its context. A run that learned from other data is noted.
    private func recipe(
        for mixture: Mixture, _ run: TrainedRun?
    ) throws -> (TrainingConfiguration, context: Int) {
        guard let run else {
            let configuration = try options.configuration()
            try configuration.training.validate(for: configuration.model.shape)
            return (configuration.training, configuration.model.shape.positionCount)
        }
        if run.state.dataFingerprint != mixture.fingerprint {
            Terminal.writeMessage(
                "these shards, or their weights, are not those of \(run.directory): its steps had "
                    + "other rows\n")
        }
        return (
            run.state.configuration,
            try ModelConfiguration(directory: run.latest).shape.positionCount
        )
    }
}

extension RowDocument {
    /// `corpus.jsonl, line 3` or `book.txt, document 3`, or less where less is known.
    var origin: String {
        let name = source.map { $0 == "-" ? "standard input" : $0 } ?? "?"
        return switch place {
        case .line(let number): "\(name), line \(number)"
        case .part(let number): "\(name), document \(number)"
        case .item(let number): "\(name), item \(number)"
        case .row(let number): "\(name), row \(number)"
        case nil: name
        }
    }
}
