import ArgumentParser
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
            documents, and the file and line that each came from; then its text, divided where \
            documents meet and where it is learned from or not. With --row, that row alone, and \
            place by place what is read beside what is to be predicted. Which windows a step has \
            follows from the seed, the batch size, the context and the packing: they are taken \
            from a run, of which the last step is shown unless --step names one, or from a \
            pipeline's description and --set.
            """)

    static let examples: [Example] = [
        "quern shards show shards/kjv",
        "quern shards show --run runs/kjv --step 120",
        "quern shards show --run runs/kjv --step 120 --row 0",
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
        name: .long,
        help: """
            The vocabulary (kjv or vocab/kjv), to show the text of a --step. (default: that of \
            the shards)
            """, completion: .directory)
    var vocab: String?

    @Option(
        name: .long, help: "Show this row of the step alone, counted from 0, place by place.",
        transform: Typed.whole(0...1 << 30))
    var row: Int?

    @Option(
        name: .long,
        help: "The most places of the --row that are shown; 0 for all. (default: 40)",
        transform: Typed.whole(0...1 << 30))
    var places: Int?

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
        if step == nil, run == nil, row != nil {
            throw ValidationError("--row is one of a --step: give one")
        }
        if places != nil, row == nil || result.json {
            throw ValidationError("--places are of a --row, as text: give one")
        }
        if run != nil, options.file.config != nil || !options.set.isEmpty {
            throw ValidationError("give either --run, or --config and --set")
        }
    }

    func run() async throws {
        let run = try run.map { try trainedRun($0) }
        let vocabulary = try vocabulary(of: run?.latest)
        let mixture = try mixture(of: run?.directory, vocabulary)
        if let step = step ?? run?.state.step {
            try show(step: max(1, step), of: mixture, vocabulary, run)
        } else {
            try show(mixture.sources.map(\.set))
        }
    }

    /// The vocabulary that is named, or the run's, or else the one with which the shards of a step
    /// were encoded.
    private func vocabulary(of checkpoint: String?) throws -> Vocabulary? {
        if let named = vocab ?? checkpoint { return try Vocabulary(named: named) }
        guard step != nil else { return nil }
        let first =
            try directories.first.map { try ShardPlace.path(of: $0.path) }
            ?? options.configuration().shardDirectories.first
        return try first.flatMap { try options.file.vocabulary(ofShards: $0, messages.errorForm) }
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
            }, shownCount: Self.shownRows, rest: Self.rest)
        guard !set.manifest.sources.isEmpty else { return report }
        report.lines("\n")
        report.table(
            "sources", ["source", "documents", "bytes of text"],
            set.manifest.sources.map {
                [
                    "\(word: $0.path, "path")", "\(count: $0.documents, "documents")",
                    "\(count: $0.bytes, "bytes")",
                ]
            }, shownCount: Self.shownRows, rest: Self.rest)
        return report
    }

    private func show(
        step: Int, of mixture: Mixture, _ vocabulary: Vocabulary?, _ run: TrainedRun?
    ) throws {
        let recipe = try recipe(for: mixture, vocabulary, run)
        let last = recipe.training.steps
        if step > last {
            Terminal.writeMessage(
                "training ends at step \(Figures.count(last)): these are the rows of step "
                    + "\(Figures.count(step)) if it went on\n")
        }
        var batch = try recipe.rows(ofStep: step, of: mixture)
        if let row {
            guard batch.indices.contains(row) else {
                throw ValidationError(
                    "the step has \(batch.count) rows, counted from 0: there is no --row \(row)")
            }
            batch = [batch[row]]
        }
        var titles = ["row", "window", "shard", "document", "tokens", "from"]
        if vocabulary != nil { titles.append("beginning") }
        var rows: [[ReportText]] = []
        for row in batch {
            for document in row.documents {
                let source = mixture.sources[document.dataSet]
                let name = mixture.sources.count > 1 ? source.name + "/" : ""
                let (tokens, epoch) = (document.tokens, document.epoch + 1)
                var cells: [ReportText] = [
                    "\(String(row.number), as: row.number, "row")",
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
        let drawing = WindowDrawing(
            names: vocabulary.map(TokenNames.init), columns: max(Terminal.resultColumns, 40))
        for batchRow in batch {
            report.lines("\n" + drawing.overview(batchRow, partLimit: row == nil ? nil : Int.max))
            guard row != nil else { continue }
            report.lines("\n" + drawing.places(batchRow, limit: places ?? Self.shownPlaces))
        }
        report.member("windows", batch.map { WindowJSON($0, mixture, vocabulary) })
        try result.write(report)
    }

    /// Rows of a table of shards or files that a person sees.
    private static let shownRows = 40

    private static func rest(_ count: Int) -> String {
        "and \(Figures.count(count)) more (--json has all)"
    }

    /// Tokens of a document's beginning that are shown.
    private static let shownTokens = 12

    /// Places of a row that are shown unless another number is asked for.
    private static let shownPlaces = 40

    /// The recipe of the step. A run that learned from other data is noted.
    private func recipe(
        for mixture: Mixture, _ vocabulary: Vocabulary?, _ run: TrainedRun?
    ) throws -> StepRecipe {
        guard let run else {
            return try StepRecipe(options.configuration(), vocabulary: vocabulary)
        }
        let recipe = try StepRecipe(runDirectory: run.directory)
        if !recipe.isOf(mixture) {
            Terminal.writeMessage(
                "these shards, or their weights, are not those of \(run.directory): its steps had "
                    + "other rows\n")
        }
        return recipe
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
