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
        commandName: "evaluate",
        abstract: "Score text in shards, or answers to questions, with a trained model.",
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

            --tasks asks questions: how likely is each answer behind its context, and is the \
            right one the likeliest? A line of a file is {"task", "context", "choices": […], \
            "answer": 0}, {"task", "context", "continuation"} or {"task", "contexts": […], \
            "continuation", "answer"}; the lines of HellaSwag, ARC and LAMBADA are read as well, \
            and simple tasks of lm-evaluation-harness, whose rules are followed and whose figures \
            come out. Without --shards, tasks alone are scored.

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
        """
        quern evaluate --model runs/kjv/checkpoints/best --tasks corpora/kjv-tasks.jsonl \
        --output results.json
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
            """
            The shards (kjv or shards/kjv), or several. (default: those that the --model learned \
            from, or the pipeline's)
            """,
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
        name: .long,
        help: """
            Windows that are read for each of the two. \
            (default: \(LossCurveMeter.defaultWindowLimit))
            """,
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

    @OptionGroup var tasks: TaskOptionGroup

    @Option(
        name: .long,
        help: """
            Windows scored at once. (default: 16)
            """, transform: Typed.whole(1...1 << 40))
    var batchSize = 16

    @Option(
        name: .long,
        help: """
            Documents to name of those that the model predicts worst, and best. (default: 0)
            """,
        transform: Typed.whole(0...1_000_000))
    var documents = 0

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

    /// Whether tasks are scored and no shards.
    private var isOfTasksAlone: Bool { tasks.isGiven && shards.isEmpty }

    func validate() throws {
        if isOfTasksAlone {
            guard request.isEmpty, curves.isEmpty, svg == nil, targets == nil, beams == nil,
                documents == 0
            else {
                throw ValidationError(
                    "options of reading text are of --shards: name them beside --tasks, or leave "
                        + "the options out")
            }
            return try file.check(model != nil, "--model")
        }
        if tasks.isGiven, !curves.isEmpty {
            throw ValidationError("--by-position and --by-context measure shards: give no --tasks")
        }
        if answers == true, stride != nil {
            throw ValidationError("conversations are read whole: give no --stride with --answers")
        }
        try file.check(model != nil, "--model")
        try file.check(
            !shards.isEmpty || model.flatMap(RunData.directories(ofModel:)) != nil, "--shards")
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
        let resultClaims = try tasks.claims(model: model, overwriting)
        defer { withExtendedLifetime(resultClaims) {} }
        if isOfTasksAlone {
            let printer = reporting.makePrinter()
            let result = try scoreTasks(model, printer)
            if self.result.json {
                return Terminal.write(try FileReplacement.json(of: result) + "\n")
            }
            var report = Report()
            TaskTable.add(result, to: &report)
            return Terminal.write(report.text)
        }
        let shards = try file.shards(shards, ofModel: self.model, reporting.form)
        try svg.map { try FilePlace.check(output: $0, inputs: [model] + shards) }
        let claim = try svg.map { try overwriting.claimDrawing($0) }
        defer { withExtendedLifetime(claim) {} }
        let printer = reporting.makePrinter()
        for (key, value) in [("targets", targets), ("beams", beams)] where value != nil {
            try EvaluateStage.requirePairs(
                modelDirectory: model, for: key, work: WorkContext(report: printer.show))
        }
        if !curves.isEmpty { return try showCurves(model, shards, printer) }
        let found = try EvaluateStage.run(
            modelDirectory: model, shardDirectories: shards, split: split, asked: request,
            batchSize: batchSize, documentCount: documents,
            work: WorkContext(threadCount: reporting.threadCount, report: printer.show))
        var accuracy: PairAccuracy?
        let targetCount = targets ?? Self.defaultTargetCount
        if targetCount > 0 {
            let interrupts = InterruptHandler(form: reporting.form)
            accuracy = try EvaluateStage.measurePairs(
                modelDirectory: model, shardDirectories: shards, split: split, limit: targetCount,
                beamCount: beams ?? 1, work: reporting.work(printer, interrupts))
        }
        let taskResult = tasks.isGiven ? try scoreTasks(model, printer) : nil
        printer.endLine()
        if self.result.json {
            return Terminal.write(
                try EvaluationTable.json(found, accuracy, taskResult))
        }
        var report = Report()
        report.row(["read", found.reading.description])
        report.row("tokens", "\(count: found.total.tokenCount, "tokens")")
        report.row("bytes of text", "\(count: found.total.byteCount, "bytes")")
        EvaluationTable.add(found.total, to: &report, confidence: found.confidence)
        for row in accuracy.map(EvaluationTable.rows) ?? [] { report.row(row) }
        if !found.sources.isEmpty {
            report.lines("\n")
            EvaluationTable.add(found.sources, found.sourceConfidences, to: &report)
        }
        for (title, list) in [("worst", found.worst), ("best", found.best)] where !list.isEmpty {
            report.lines("\n")
            EvaluationTable.add(list, title, to: &report)
        }
        if let taskResult {
            report.lines("\n")
            TaskTable.add(taskResult, to: &report)
        }
        Terminal.write(report.text)
    }

    /// Scores the tasks, and writes the results where that is asked for.
    private func scoreTasks(_ model: String, _ printer: ProgressPrinter) throws -> TaskReport {
        let interrupts = InterruptHandler(form: reporting.form)
        let result = try TaskStage.run(
            modelDirectory: model, files: tasks.tasks, options: tasks.options,
            work: reporting.work(printer, interrupts))
        printer.endLine()
        try tasks.write(result)
        return result
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
