import Foundation
import Models
import Pipeline
import TokenShards
import Training

/// Shows what the work reports: a bar on a terminal, a line now and then in a file, JSON lines for
/// a program, or nothing.
final class ProgressPrinter {
    /// Form in which progress is shown.
    enum Form {
        case text
        case json
        case none
    }

    private let form: Form
    private let clock = ContinuousClock()
    private let screen = Terminal.progressScreen
    private var activity = ""
    private var activityStart: ContinuousClock.Instant
    /// Progress when the activity was first shown: a resumed one does not begin at nothing.
    private var activityFirst: StageProgress?
    private var lastShown: ContinuousClock.Instant?
    private var lineIsOpen = false
    private var endIsShown = false
    private var trainingStart: ContinuousClock.Instant?
    private var plan: TrainingPlan?
    /// Evaluations so far, their time, and when the one that goes on began.
    private var evaluation: (count: Int, seconds: Double, start: ContinuousClock.Instant?) =
        (0, 0, nil)

    init(form: Form) {
        self.form = form
        activityStart = clock.now
    }

    /// Shows a sentence that belongs to no event.
    static func notice(_ text: String, form: Form) {
        switch form {
        case .none: return
        case .json: Terminal.writeMessage(line(for: PipelineEvent.notice(text)))
        case .text: Terminal.writeMessage(text + "\n")
        }
    }

    /// An error as the last event of a log of JSON lines.
    private struct Failure: Encodable {
        var event = "error"
        let message: String
        let hint: String?
    }

    /// Shows the error that the program ends with in a log of JSON lines.
    static func showLast(_ message: String, hint: String?) {
        Terminal.writeLastMessage(line(for: Failure(message: message, hint: hint)))
    }

    /// Shows an event of a command's own in a log of JSON lines.
    static func show(_ event: some Encodable) { Terminal.writeMessage(line(for: event)) }

    /// The line of an event in a log of JSON lines.
    private static func line(for event: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try? encoder.encode(event)
        return String(decoding: data ?? Data(), as: UTF8.self) + "\n"
    }

    /// Ends the bar and shows a sentence that belongs to no event.
    func notice(_ text: String) {
        endLine()
        Self.notice(text, form: form)
    }

    /// Shows one event.
    func show(_ event: PipelineEvent) {
        if case .training(.began(let plan)) = event { self.plan = plan }
        if let activity = Self.activity(of: event) { begin(activity) }
        switch form {
        case .none: showCheckpoints(event)
        case .json: if isDue(event) { Terminal.writeMessage(Self.line(for: event)) }
        case .text: showText(event)
        }
    }

    /// Ends a bar that is being drawn, so that the next message has a line of its own.
    func endLine() {
        if lineIsOpen { Terminal.writeMessage(screen.clearedLine) }
        lineIsOpen = false
    }

    /// Shows which checkpoints are used where they are not those that a person may expect, which is
    /// no progress.
    private func showCheckpoints(_ event: PipelineEvent) {
        switch event {
        case .otherCheckpoint(let text): message("note: \(text)")
        case .training(.began(let plan)): for note in plan.notes { message("note: \(note)") }
        default: break
        }
    }

    private func showText(_ event: PipelineEvent) {
        switch event {
        case .started(let stage, let source):
            message("\(stage.title(source)) …")
        case .upToDate(let stage, let source):
            message("\(stage.title(source)): up to date")
        case .notice(let text), .otherCheckpoint(let text):
            message("note: \(text)")
        case .checkedShards(let count, let byteCount):
            message(
                "\(count == 1 ? "one shard" : "\(Figures.count(count)) shards"), "
                    + "\(Figures.bytes(Double(byteCount))): as written")
        case .finished:
            endLine()
        case .progress(let progress):
            if activityFirst == nil { activityFirst = progress }
            if isDue(event) { draw(bar(for: progress)) }
        case .training(let event):
            time(event)
            showTraining(event)
        }
    }

    /// Takes the time that evaluations take.
    private func time(_ event: TrainingEvent) {
        switch event {
        case .began: evaluation = (0, 0, nil)
        case .evaluating where evaluation.start == nil: evaluation.start = clock.now
        case .evaluated:
            guard let start = evaluation.start else { break }
            evaluation = (
                evaluation.count + 1, evaluation.seconds + (clock.now - start) / .seconds(1), nil
            )
        default: break
        }
    }

    private func showTraining(_ event: TrainingEvent) {
        switch event {
        case .began(let plan):
            trainingStart = clock.now
            message(Table.text(TrainingPlanTable.rows(plan), indent: 2), end: "")
            for note in plan.notes { message("note: \(note)") }
            if !plan.changes.isEmpty {
                message(
                    "note: it goes on with other settings than before: "
                        + plan.changes.map(\.description).joined(separator: "; "))
            }
        case .step(let report):
            if isDue(.training(event)) { draw(bar(for: report)) }
        case .skipped(let report, let finding, let origins):
            var places: [String] = []
            for place in origins.map(\.text) where !places.contains(place) { places.append(place) }
            message(
                "step \(Figures.count(report.step)) skipped: \(finding). It read "
                    + places.joined(separator: ", "))
        case .sampling(let done, let count):
            showText(.progress(GenerateStage.progress(done, count)))
        case .scoringTasks(let done, let count):
            showText(
                .progress(
                    StageProgress(
                        activity: "scoring tasks", completed: done, total: count, unit: .tokens)))
        case .scoredTasks(let step, let scores):
            for score in scores {
                message("step \(Figures.count(step)): \(TaskTable.line(score))")
            }
        case .sampled(let step, let texts):
            for text in texts { message("step \(Figures.count(step)): \(text)") }
        case .stoppedEarly(let step, let bestStep):
            message(
                "step \(Figures.count(step)): no better than step \(Figures.count(bestStep)) for "
                    + "as long as training.early_stop_patience says; the run ends")
        case .profiled:
            // A result: the command writes it.
            endLine()
        case .evaluating(let done, let count):
            if isDue(.training(event)) {
                draw(ProgressBar("evaluating", share: Double(done) / Double(count)))
            }
        case .evaluated(let step, let result, let sources):
            let each = sources.map {
                "\($0.name) \(Figures.fixed($0.result.bitsPerByte, 4))"
            }
            let loss = "validation loss \(Figures.fixed(result.loss, 4))"
            let bits = "bits per byte \(Figures.fixed(result.bitsPerByte, 4))"
            let front = "step \(Figures.count(step)): "
            let line = "\(front)\(loss), perplexity \(Figures.fixed(result.perplexity, 2)), \(bits)"
            // On a narrow screen goes what follows from the loss.
            let isNarrow = screen.movesCursor && line.count >= Terminal.width
            message(
                (isNarrow ? "\(front)\(loss), \(bits)" : line)
                    + (each.isEmpty ? "" : " (\(each.joined(separator: ", ")))"))
        case .checkpoint(let step, let path):
            message("step \(Figures.count(step)): checkpoint \(path)")
        }
    }

    private func message(_ text: String, end: String = "\n") {
        endLine()
        Terminal.writeMessage(text + end)
    }

    /// Name of the activity whose progress an event tells; nil for one that tells none.
    private static func activity(of event: PipelineEvent) -> String? {
        switch event {
        // The first activity of a stage may have the name of the last one before it.
        case .started: ""
        case .progress(let progress): progress.activity
        case .training(let event): event.activity
        default: nil
        }
    }

    private func begin(_ activity: String) {
        guard activity != self.activity else { return }
        self.activity = activity
        activityStart = clock.now
        activityFirst = nil
        lastShown = nil
        endIsShown = false
    }

    /// Whether it is time to show this: a bar ten times a second, a line every five seconds. The
    /// end of an activity is always shown in a file, where nothing draws over it.
    private func isDue(_ event: PipelineEvent) -> Bool {
        let isEnd: Bool
        switch event {
        case .progress(let progress): isEnd = progress.completed == progress.total
        case .training(.step(let report)): isEnd = report.step == plan?.stepCount
        case .training(.evaluating), .training(.sampling), .training(.scoringTasks): isEnd = false
        default: return true
        }
        let now = clock.now
        let interval: Duration =
            form == .text && screen.movesCursor
            ? .milliseconds(100) : .seconds(form == .json ? 1 : 5)
        // Work that takes less than a moment is not shown, except its end.
        let last = lastShown ?? activityStart
        guard isEnd && !endIsShown || now - last >= interval else { return false }
        lastShown = now
        endIsShown = isEnd
        return true
    }

    private func draw(_ bar: ProgressBar) {
        guard screen.movesCursor else { return Terminal.writeMessage(bar.text + "\n") }
        // The last column stays free: in it the cursor would be on the next line.
        Terminal.writeMessage(screen.redrawn(bar.text(columns: Terminal.width - 1)))
        lineIsOpen = true
    }

    private func bar(for progress: StageProgress) -> ProgressBar {
        let elapsed = (clock.now - activityStart) / .seconds(1)
        // A rate over less than a moment says nothing.
        let done = progress.completed - (activityFirst?.completed ?? 0)
        let rate = elapsed > 0.01 ? Double(done) / elapsed : 0
        // Of a corpus, the share and the time left are those of the files, which may be compressed;
        // what a person compares is the rate of its text.
        let shown = progress.textBytes ?? progress.completed
        let shownFirst = activityFirst?.textBytes ?? activityFirst?.completed ?? 0
        let amount =
            switch progress.unit {
            case .bytes: Figures.bytes(Double(shown))
            case .pieces: "\(Figures.short(Double(progress.completed))) pieces"
            case .merges: "\(Figures.count(progress.completed)) merges"
            case .tokens: "\(Figures.short(Double(progress.completed))) tokens"
            case .documents: Figures.count(progress.completed)
            case .parameters: "\(Figures.short(Double(progress.completed))) parameters"
            }
        var bar = ProgressBar(progress.activity, share: nil)
        bar.details = [
            progress.textBytes == nil
                ? .init(amount, .result) : .init(amount + " of text", .result, short: amount)
        ]
        if rate > 0 {
            let speed =
                progress.unit == .bytes
                ? Figures.bytes(Double(shown - shownFirst) / elapsed) : Figures.short(rate)
            bar.details.append(.init("\(speed)/s", .rate))
        }
        guard let total = progress.total, total > 0 else { return bar }
        bar.share = Double(progress.completed) / Double(total)
        if rate > 0, progress.completed < total {
            let left = Double(total - progress.completed) / rate
            bar.details.append(.init("\(Figures.time(left)) left", .rate))
        }
        return bar
    }

    /// Time that the evaluations to come will take: as long as those so far, or, until there was
    /// one, a third of what steps take for as many tokens, for a pass forward is a third of a step.
    private func evaluationSecondsLeft(after report: StepReport) -> Double {
        guard let plan else { return 0 }
        let places = Double(plan.evaluationPlaces)
        let each =
            evaluation.count > 0
            ? evaluation.seconds / Double(evaluation.count)
            : places / 3 / max(report.tokensPerSecond, 1)
        return each * Double(plan.evaluations(after: report.step))
    }

    private func bar(for report: StepReport) -> ProgressBar {
        let count = plan?.stepCount ?? report.step
        let doneHere = report.step - (plan?.completedSteps ?? 0)
        let elapsed = trainingStart.map { (clock.now - $0) / .seconds(1) } ?? 0
        let ownSeconds = max(elapsed - evaluation.seconds, 0)
        let left =
            ownSeconds / Double(max(doneHere, 1)) * Double(count - report.step)
            + evaluationSecondsLeft(after: report)
        return ProgressBar(
            "step", count: "\(Figures.count(report.step))/\(Figures.count(count))",
            share: Double(report.step) / Double(count),
            details: [
                .init("loss \(Figures.fixed(report.loss, 3))", .result),
                .init("lr \(Figures.significant(report.learningRate, 3))", .more),
                .init("|g| \(Figures.fixed(report.gradientNorm, 2))", .more),
                .init("\(Figures.short(report.tokensPerSecond)) tok/s", .rate),
                .init("\(Figures.fixed(report.matrixPeakShare * 100, 0)) % of peak", .more),
                .init("\(Figures.time(left)) left", .rate),
            ])
    }
}

extension WindowOrigin {
    /// The window's documents, for a person.
    var text: String {
        let (first, last) = (documents.lowerBound, documents.upperBound)
        let numbers = first == last ? "document \(first)" : "documents \(first)–\(last)"
        return "\(shard) \(numbers)"
    }
}

extension Stage {
    /// Title of the stage, with the source, for a person.
    func title(_ source: String?) -> String { title + (source.map { " of \($0)" } ?? "") }

    private var title: String {
        switch self {
        case .refine: "Refinement"
        case .vocab: "Vocabulary"
        case .encode: "Shards"
        case .train: "Training"
        case .evaluate: "Scores"
        case .generate: "Samples"
        case .tune: "Instruction tuning"
        }
    }
}
