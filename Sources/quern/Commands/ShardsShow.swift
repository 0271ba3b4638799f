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
            or from a pipeline's description and --set.
            """)

    static let examples: [Example] = [
        "quern shards show shards/kjv",
        "quern shards show --step 120 --run runs/kjv --vocab vocab/kjv",
        "quern shards show shards/web=0.7 shards/code=0.3 --step 1 --config pipeline.json",
        "quern shards show --step 1 --config pipeline.json",
    ]

    @Argument(
        help: ArgumentHelp(
            """
            The data set's directory, or those of a mixture, each with its weight. (default: those \
            that --config says, or the one that quern run has made for --run)
            """))
    var directories: [WeightedDirectory] = []

    @Option(
        name: .long, help: "Show the rows of this step, counted from 1.",
        transform: Typed.whole(.steps))
    var step: Int?

    @Option(
        name: .long, help: "The run whose step it is: its newest checkpoint says how it trains.")
    var run: String?

    @Option(name: .long, help: "The pipeline's description that says how it trains.")
    var config: String?

    @Option(name: .long, help: "The vocabulary, to show how each document begins.")
    var vocab: String?

    @OptionGroup var options: PipelineOptions

    @OptionGroup var messages: MessageOptions

    func validate() throws {
        if directories.isEmpty, config == nil, run == nil {
            throw ValidationError(
                "name the data set's directory, or a --config or --run that says it")
        }
        if step == nil,
            !directories.isEmpty && (run != nil || config != nil || !options.set.isEmpty)
        {
            throw ValidationError("--run, --config and --set say how a --step is made: give one")
        }
        if run != nil, config != nil || !options.set.isEmpty {
            throw ValidationError("give either --run, or --config and --set")
        }
    }

    func run() async throws {
        let vocabulary = try vocab.map { try Vocabulary(directory: $0) }
        var directories = directories
        if directories.isEmpty, let run { directories = [try shards(of: run)] }
        let mixture =
            directories.isEmpty
            ? try options.configuration(path: config).dataSets(vocabulary: vocabulary)
            : try Mixture(directories, vocabulary: vocabulary)
        if let step {
            try show(step: step, of: mixture, vocabulary)
        } else {
            for source in mixture.sources { show(source.set) }
        }
    }

    /// The shards that a run learned from, which must be as they were then.
    private func shards(of run: String) throws -> WeightedDirectory {
        guard let directory = PipelineRunner.shardDirectory(ofRun: run) else {
            throw ValidationError(
                "\(run) does not say which shards it learned from: name their directories")
        }
        return WeightedDirectory(directory)
    }

    private func show(_ set: ShardSet) {
        Terminal.write(ManifestSummary.text(set.manifest, directory: set.directory) + "\n")
        if let notice = set.foreignNotice { Terminal.write(notice + "\n\n") }
        var rows = [["shard", "tokens", "documents", "bytes of text", "checksum"]]
        for shard in set.manifest.shards {
            rows.append([
                shard.name, Figures.count(shard.tokens), Figures.count(shard.documents),
                Figures.count(shard.bytes), shard.checksum,
            ])
        }
        Terminal.write(Table.text(rows))
        guard !set.manifest.sources.isEmpty else { return }
        rows = [["source", "documents", "bytes of text"]]
        for source in set.manifest.sources {
            rows.append([
                source.path, Figures.count(source.documents), Figures.count(source.bytes),
            ])
        }
        Terminal.write("\n" + Table.text(rows))
    }

    private func show(step: Int, of mixture: Mixture, _ vocabulary: Vocabulary?) throws {
        let (training, context) = try recipe(for: mixture)
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
        var rows = [["row", "window", "shard", "document", "tokens", "from"]]
        if vocabulary != nil { rows[0].append("beginning") }
        for row in 0..<loader.batchSize {
            for document in provenance.documents(ofRowAt: first + row) {
                let source = mixture.sources[document.dataSet]
                let name = mixture.sources.count > 1 ? source.name + "/" : ""
                var cells = [
                    String(row), "\(document.window) (epoch \(document.epoch + 1))",
                    name + document.shardName, String(document.document),
                    "\(document.tokens.lowerBound)–\(document.tokens.upperBound - 1)",
                    document.origin,
                ]
                if let vocabulary {
                    let shard = source.set.shards(of: .train)[document.shard]
                    let range = shard.textRange(ofDocument: document.document)
                    let beginning = shard.tokens(range.prefix(Self.shownTokens))
                    cells.append(Pieces.quoted(try vocabulary.decode(beginning)))
                }
                rows.append(cells)
            }
        }
        Terminal.write(Table.text(rows))
    }

    /// Tokens of a document's beginning that are shown.
    private static let shownTokens = 12

    /// Recipe of the run, and its context. A run that learned from other data is noted.
    private func recipe(for mixture: Mixture) throws -> (TrainingConfiguration, context: Int) {
        guard let directory = run else {
            let configuration = try options.configuration(path: config)
            try configuration.training.validate(for: configuration.model.shape)
            return (configuration.training, configuration.model.shape.positionCount)
        }
        let store = CheckpointStore(runDirectory: directory)
        guard let latest = store.latest, let state = try store.latestState() else {
            throw TrainingError.noCheckpoint(directory: directory)
        }
        if state.dataFingerprint != mixture.fingerprint {
            Terminal.writeMessage(
                "these shards, or their weights, are not those of \(directory): its steps had "
                    + "other rows\n")
        }
        return (state.configuration, try ModelConfiguration(directory: latest).shape.positionCount)
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
