import Files
import Foundation
public import Pipeline
import Training
public import Work

/// Keeps the report of a run while it is made: takes the events of the work, records what the run
/// is made with, and writes the page after each evaluation.
///
/// Nothing that goes wrong here ends a training: it is said once, as a notice. A page is left out
/// where the pages so far have taken more than a fiftieth of the time.
///
/// A class, because the events come to a closure that outlives the call.
public final class ReportKeeper {
    private let directory: String
    private let program: String
    private let command: [String]
    private let description: String?
    private let threadCount: Int
    private let notice: (String) -> Void

    private var stage = Stage.train
    private var provenance = Provenance()
    private var hasSession = false
    private var lastEvent: ContinuousClock.Instant?
    private let start = ContinuousClock.now
    private var pageTime = Duration.zero
    private var hasComplained = false

    /// The share of the time that pages may take.
    private static let mostShare = 0.02

    /// A keeper of the report of the run in `directory`.
    ///
    /// - Parameters:
    ///   - directory: that of the run.
    ///   - program: the program with its version, for the report.
    ///   - command: the command line that makes the run.
    ///   - description: the text of the description that it names.
    ///   - threadCount: threads of the work.
    ///   - notice: takes a sentence about what went wrong.
    public init(
        directory: String, program: String, command: [String], description: String?,
        threadCount: Int, notice: @escaping (String) -> Void
    ) {
        self.directory = directory
        self.program = program
        self.command = command
        self.description = description
        self.threadCount = threadCount
        self.notice = notice
    }

    /// Takes an event of the work.
    public func take(_ event: PipelineEvent) {
        switch event {
        case .started(let stage, _): self.stage = stage
        case .training(let event) where stage == .train: take(event)
        case .training(.evaluated) where stage == .tune: writeRunningPage()
        default: break
        }
    }

    private func take(_ event: TrainingEvent) {
        let now = ContinuousClock.now
        if let activity = Self.activity(of: event), let lastEvent, hasSession {
            let last = provenance.sessions.count - 1
            let seconds = (now - lastEvent) / .seconds(1)
            let sum = provenance.sessions[last].seconds[activity, default: 0] + seconds
            provenance.sessions[last].seconds[activity] = (sum * 1_000).rounded() / 1_000
        }
        lastEvent = now
        switch event {
        case .began(let plan): begin(plan)
        case .evaluated:
            save()
            writeRunningPage()
        case .profiled(let profile) where hasSession:
            provenance.sessions[provenance.sessions.count - 1].parts = profile.rows.map {
                Provenance.Part(part: $0.title, seconds: $0.seconds)
            }
        default: break
        }
    }

    private static func activity(of event: TrainingEvent) -> String? {
        switch event {
        case .step, .skipped: "steps"
        case .evaluating, .evaluated: "evaluation"
        case .scoringTasks, .scoredTasks: "tasks"
        case .sampling, .sampled: "samples"
        case .checkpoint: "checkpoints"
        case .began, .stoppedEarly, .profiled: nil
        }
    }

    private func begin(_ plan: TrainingPlan) {
        if plan.completedSteps > 0 {
            provenance = Provenance(runDirectory: directory) ?? Provenance()
            // What a killed process has done after its last checkpoint is done again.
            provenance.sessions.removeAll { $0.completedSteps >= plan.completedSteps }
        }
        provenance.program = program
        provenance.command = command
        provenance.description = description
        provenance.parameterCount = plan.parameterCount
        provenance.sessions.append(.init(plan, threadCount: threadCount))
        hasSession = true
        save()
    }

    private func save() {
        guard hasSession else { return }
        guarded { try provenance.write(to: directory) }
    }

    private func writeRunningPage() {
        let now = ContinuousClock.now
        guard pageTime <= (now - start) * Self.mostShare else { return }
        guarded { try writePage(isRunning: true) }
        pageTime += .now - now
        // The time of a page is none of the activity that follows.
        lastEvent = .now
    }

    private func writePage(isRunning: Bool) throws {
        var page = ReportPage(runs: [try RunReport(RunPlace(name: name, directory: directory))])
        page.isRunning = isRunning
        let path = directory + "/" + ReportFiles.pageName
        let bytes = page.html
        try ReportFiles.pageKind.check(path)
        try unsafe FileReplacement.write(bytes.span.bytes, to: path)
    }

    private var name: String {
        directory.hasPrefix("runs/") ? String(directory.dropFirst(5)) : directory
    }

    /// Writes the page of a run that has come to a stop before its end, so that it no longer reads
    /// itself again.
    public func stop() {
        save()
        guard hasSession, !FileSystem.isMissing(directory + "/" + ReportFiles.pageName) else {
            return
        }
        guarded { try writePage(isRunning: false) }
    }

    /// Measures what the report of a run that is done needs of its model, and writes it.
    ///
    /// - Returns: the files; none where it could not be written, of which a notice was given.
    public func finish(work: WorkContext<PipelineEvent>) -> [String] {
        save()
        FileReplacement.clearRemains(of: directory + "/" + Provenance.fileName)
        var files: [String] = []
        guarded {
            let report = try ReportFiles(
                [RunPlace(name: name, directory: directory)], work: work)
            files = try report.write(to: directory + "/" + ReportFiles.pageName)
            for note in report.notes { work.report(.notice("the report: \(note)")) }
        }
        return files
    }

    private func guarded(_ work: () throws -> Void) {
        do {
            try work()
        } catch {
            guard !hasComplained else { return }
            hasComplained = true
            notice("the report is not written, and all else goes on: \(error)")
        }
    }
}
