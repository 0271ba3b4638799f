import ArgumentParser
import Files
import Models
import Pipeline
import TokenShards
import Training
import Work

/// `quern evaluate`
struct Evaluate: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        abstract: "Score text in shards with a trained model.",
        discussion: """
            Slides a window over the split and scores every token once, as training did: a \
            checkpoint says whether its run read documents apart, by which stride, whether it \
            scored the answers of conversations alone, and in which precision, so that the figures \
            are those that training printed. What was read how is shown; an option asks for \
            something else. A model without such a recipe is read in whole windows, one after the \
            other. A stride shorter than the context gives each token more of the text before it. \
            Bits per byte are over the bytes of the tokens that were scored. Where the shards were \
            made from several files, each is scored by itself as well; of several data sets, each \
            of them.

            --by-position reads documents from their first tokens instead, and shows how the loss \
            falls from place to place; --by-context predicts the same places from their last 1, 2, \
            4, … tokens alone. Both read so many windows as --windows says, spread evenly.

            A model of pairs (architecture encoder_decoder) is scored on the targets. It also \
            writes those of so many pairs as --targets says, spread evenly, and what share of them \
            is right token for token is shown.
            """)

    static let examples: [Example] = [
        "quern evaluate --model runs/kjv/checkpoints/best --shards shards/kjv",
        "quern evaluate --model runs/kjv/checkpoints/best --shards shards/kjv --stride 64",
        """
        quern evaluate --model runs/kjv/checkpoints/best --shards shards/kjv --by-position \
        --by-context --svg curves.svg
        """,
    ]

    @Option(
        name: .long,
        help: """
            A run (kjv or runs/kjv), a checkpoint, or a Hugging Face model directory with its \
            vocabulary. (default: the pipeline's run)
            """, completion: .directory)
    var model: String?

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            "The shards (kjv or shards/kjv), or several. (default: the pipeline's)",
            valueName: "dir"), completion: .directory)
    var shards: [String] = []

    @OptionGroup var file: ConfigOption

    @Option(name: .long, help: "The split: train or val.")
    var split = Split.validation

    @Option(
        name: .long,
        help: "New tokens a window. (default: as in training, or the context length)",
        transform: Typed.whole(.counts))
    var stride: Int?

    @Flag(
        name: .long, inversion: .prefixedNo,
        help: "Read each document apart, or not. (default: as in training, or not)")
    var maskDocuments: Bool?

    @Flag(
        name: .long, inversion: .prefixedNo,
        help: """
            Score only the assistant's answers, in shards of conversations \
            (runs/NAME/chat/shards), or all of them. (default: as in training, or all)
            """)
    var answers: Bool?

    @Option(
        name: .long,
        help: "Products of matrices in float32 or mixed. (default: as in training, or float32)")
    var precision: Precision?

    @Flag(name: .long, help: "Show the loss by position in the document.")
    var byPosition = false

    @Flag(name: .long, help: "Show the loss by the number of tokens that the model is shown.")
    var byContext = false

    @Option(
        name: .long, help: "Windows that are read for each of the two.",
        transform: Typed.whole(.counts))
    var windows = LossCurveMeter.defaultWindowLimit

    @Option(
        name: .long,
        help: ArgumentHelp("Draw the two as an image as well.", valueName: "file"),
        completion: .file())
    var svg: String?

    @Option(
        name: .long,
        help: """
            Targets that a model of pairs writes for comparison; 0 for none. (default: \
            \(defaultTargetCount))
            """, transform: Typed.whole(0...1 << 30))
    var targets: Int?

    @Option(
        name: .long, help: "Beams of the search by which it writes them. (default: 1)",
        transform: Typed.whole(.beams))
    var beams: Int?

    private static let defaultTargetCount = 1_000

    @Option(name: .long, help: "Windows scored at once.", transform: Typed.whole(1...1 << 40))
    var batchSize = 16

    @OptionGroup var result: ResultOptions

    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var reporting: ReportOptions

    private var curves: LossCurves.Kinds {
        (byPosition ? LossCurves.Kinds.byPosition : []).union(byContext ? .byContext : [])
    }

    private var request: EvaluationReading.Request {
        var request = EvaluationReading.Request()
        request.stride = stride
        request.masksDocuments = maskDocuments
        request.answersOnly = answers
        request.precision = precision
        return request
    }

    func validate() throws {
        if answers == true, stride != nil {
            throw ValidationError("conversations are read whole: give no --stride with --answers")
        }
        try file.check(model != nil, "--model")
        try file.check(!shards.isEmpty, "--shards")
        if model != nil, !shards.isEmpty, file.config != nil {
            throw ValidationError(
                "--config says which model and shards there are: leave out what it shall say")
        }
        if beams != nil, targets == 0 {
            throw ValidationError("--beams writes targets: give none of it with --targets 0")
        }
        if !curves.isEmpty,
            stride != nil || answers != nil || maskDocuments != nil || precision != nil
        {
            throw ValidationError(
                """
                --by-position and --by-context read documents apart, each window once: give no \
                --stride, --answers, --mask-documents or --precision
                """)
        }
        if curves.isEmpty, svg != nil {
            throw ValidationError("--svg draws --by-position or --by-context: give one, or both")
        }
    }

    func run() async throws {
        let model = try file.model(model, reporting.form)
        let shards = try file.shards(shards, reporting.form)
        try svg.map { try FilePlace.check(output: $0, inputs: [model] + shards) }
        let claim = try svg.map { try overwriting.claimDrawing($0) }
        defer { withExtendedLifetime(claim) {} }
        let printer = reporting.makePrinter()
        for (key, value) in [("targets", targets), ("beams", beams)] where value != nil {
            try EvaluateStage.requirePairs(
                modelDirectory: model, for: key, work: WorkContext(report: printer.show))
        }
        if !curves.isEmpty { return try showCurves(model, shards, printer) }
        let (result, sources, reading) = try EvaluateStage.run(
            modelDirectory: model, shardDirectories: shards, split: split, asked: request,
            batchSize: batchSize,
            work: WorkContext(threadCount: reporting.threadCount, report: printer.show))
        var accuracy: PairAccuracy?
        let targetCount = targets ?? Self.defaultTargetCount
        if targetCount > 0 {
            let interrupts = InterruptHandler(form: reporting.form)
            accuracy = try EvaluateStage.measurePairs(
                modelDirectory: model, shardDirectories: shards, split: split, limit: targetCount,
                beamCount: beams ?? 1, work: reporting.work(printer, interrupts))
        }
        printer.endLine()
        if self.result.json {
            return Terminal.write(try EvaluationTable.json(result, sources, reading, accuracy))
        }
        var report = Report()
        report.row(["read", reading.description])
        report.row("tokens", "\(count: result.tokenCount, "tokens")")
        report.row("bytes of text", "\(count: result.byteCount, "bytes")")
        EvaluationTable.add(result, to: &report)
        for row in accuracy.map(EvaluationTable.rows) ?? [] { report.row(row) }
        if !sources.isEmpty {
            report.lines("\n")
            EvaluationTable.add(sources, to: &report)
        }
        Terminal.write(report.text)
    }

    private func showCurves(
        _ model: String, _ shards: [String], _ printer: ProgressPrinter
    ) throws {
        let interrupts = InterruptHandler(form: reporting.form)
        let result = try EvaluateStage.measureCurves(
            curves, modelDirectory: model, shardDirectories: shards, split: split,
            windowLimit: windows, batchSize: batchSize, work: reporting.work(printer, interrupts))
        printer.endLine()
        if let svg {
            try FileReplacement.write(
                LineChart.svg(LossCurves.charts([(model, result)])), to: svg)
        }
        Terminal.write(
            self.result.json ? try FileReplacement.json(of: result) + "\n" : CurveTable.text(result)
        )
    }
}
