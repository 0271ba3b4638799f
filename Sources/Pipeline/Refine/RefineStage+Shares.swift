public import Corpora
import Files
import Foundation
public import Refinement
import TokenShards
public import Work

/// Refining by several processes, on any machines that share a folder.
///
/// A process does units of work of one stage after another; see `SharedStage`. Units belong to no
/// process: each takes what is free, and where one is killed another one does what it was at.
extension RefineStage {
    /// Settings of the division that do not change the result.
    public struct ShareSettings: Sendable {
        /// Stored bytes of input that make a part, which one process reads alone: whole files, and
        /// of Parquet row groups.
        public var partBytes: Int
        /// Ranges of hashes; by the number of parts if there are none.
        var partitionCount: Int?
        /// Bytes of text of a stretch of the result.
        var stretchByteCount = 128 << 20
        /// Bytes of text that a thread measures at once.
        var chunkByteCount = 1 << 20
        /// Time after which it is looked again for what other processes were at.
        var pollInterval = Duration.milliseconds(200)
        /// Called when a process has nothing to do but to wait, for tests.
        var willWait: @Sendable () -> Void = {}

        /// Settings with defaults for what is not given.
        public init(partBytes: Int = 256 << 20) { self.partBytes = partBytes }
    }

    /// Work of a process on a refinement that several make, all of which is done.
    public struct ShareOutcome: Sendable, Equatable {
        /// Parts into which the corpus is divided.
        public var partCount: Int
        /// Units of work of all stages.
        public var unitCount = 0
        /// Those that this process did.
        public var ownUnitCount = 0
    }

    /// Refines a corpus together with other processes that are given the same, up to the point from
    /// which ``finish(directory:work:)`` makes the result.
    ///
    /// Returns when all units of all stages are done, by whomever: a process that finds nothing
    /// free waits for the others, and does what they leave when they are killed. The bytes of the
    /// result are those of ``run(corpus:refinement:destination:removedPath:willReplace:work:)``.
    ///
    /// - Parameters:
    ///   - share: which of how many processes this is, which says where it begins.
    ///   - corpus: the documents, in files that can be read again.
    ///   - refinement: what becomes of them.
    ///   - directory: where the result goes; the work lies beside it.
    ///   - removedPath: a file for a list of what is removed, which the end makes.
    ///   - settings: settings of the division.
    ///   - work: threads, the signal to stop, and where events go.
    public static func runShare(
        _ share: WorkShare, corpus: CorpusConfiguration, refinement: RefinementConfiguration,
        directory: String, removedPath: String? = nil, settings: ShareSettings = .init(),
        work: WorkContext<PipelineEvent>
    ) async throws -> ShareOutcome {
        try refinement.validate(threadCount: work.threadCount)
        let refinement = refinement.limited(
            to: AvailableMemory.byteCount / 4 * 3, threadCount: work.threadCount)
        return try await runShare(
            share, corpus: corpus, refinement: refinement,
            memory: RefinementMemory(refinement.memory, threadCount: work.threadCount),
            directory: directory, removedPath: removedPath, settings: settings, work: work)
    }

    /// The same with memory shared in a chosen way, for tests of what does not fit.
    static func runShare(
        _ share: WorkShare, corpus: CorpusConfiguration, refinement: RefinementConfiguration,
        memory: RefinementMemory, directory: String, removedPath: String? = nil,
        settings: ShareSettings, work: WorkContext<PipelineEvent>
    ) async throws -> ShareOutcome {
        var corpus = corpus
        corpus.keptFields = refinement.keptFields
        try corpus.validate()
        let inputs = try corpus.findInputs()
        if let endless = inputs.endless.first {
            throw PipelineError.badValue(
                key: "corpus.inputs",
                reason: "\(endless == "-" ? "standard input" : endless) can be read only once, and "
                    + "several processes read a corpus; save it to a file")
        }
        let others = try OtherCorpus.all(of: refinement, like: corpus, inputs)
        for other in others {
            if let endless = other.inputs.endless.first {
                throw PipelineError.badValue(
                    key: "corpus.refine.against",
                    reason: "\(endless) can be read only once, and several processes read it; "
                        + "save it to a file")
            }
            try other.check(outputs: [directory] + (removedPath.map { [$0] } ?? []))
        }
        if let removedPath { try inputs.check(output: removedPath) }
        try RefinedDirectory.checkFree(directory)
        let claims = try inputs.claim(
            [
                PlannedOutput(
                    directory, .replaced, .directory(.refinedCorpus, within: .refinedCorpus))
            ], quarantinePath: corpus.keptPath, mode: .shared, work: work)
        defer { withExtendedLifetime(claims) {} }
        let plan = try RefinementPlan(
            corpus: corpus, inputs: inputs.paths, others: others, refinement: refinement,
            removedPath: removedPath, settings: settings)
        let workspace = try RefinementWorkspace(directory: claims[0].path, plan: plan)
        try inputs.check(output: workspace.path)
        try workspace.open()
        var sharing = SharedRefining(
            shared: workspace.work(refinement), plan: plan, corpus: corpus,
            others: others.map(\.reading), memory: memory, share: share, settings: settings,
            work: work)
        return try await sharing.run()
    }

    /// Makes the result in `directory` of the work of several processes, which must be done.
    ///
    /// A process that is killed in it does no harm: it is called again. Where there is no
    /// unfinished work it returns the report of the result that is there.
    ///
    /// - Throws: ``PipelineError/unfinishedRefinement(directory:stage:missing:count:)``,
    ///   ``PipelineError/badRefinementPlan(path:reason:)``,
    ///   ``PipelineError/severalRefinements(directory:paths:)``,
    ///   ``PipelineError/noRefinement(directory:)``, `FileError.inUse` where a process is still at
    ///   work, and that nothing is left.
    public static func finish(
        directory: String, work: WorkContext<PipelineEvent> = .init()
    ) throws -> RefinementReport {
        let claim = try OutputClaim(
            directory, .replaced, making: .directory(.refinedCorpus, within: .refinedCorpus))
        defer { withExtendedLifetime(claim) {} }
        let directory = claim.path
        try StagingDirectory.clearRemains(beside: claim)
        let paths = RefinementWorkspace.all(of: directory)
        guard let path = paths.first else {
            guard
                let data = FileSystem.contentsIfReadable(
                    directory + "/" + RefinedDirectory.reportName),
                let report = try? JSONDecoder().decode(RefinementReport.self, from: data)
            else { throw PipelineError.noRefinement(directory: directory) }
            return report
        }
        guard paths.count == 1 else {
            throw PipelineError.severalRefinements(directory: directory, paths: paths)
        }
        let workspace = try RefinementWorkspace(directory: directory, path: path)
        let plan = workspace.plan
        let shared = workspace.work(plan.configuration)
        try check(shared, directory: directory)
        let report = try shared.report()
        guard report.kept.documents > 0 else {
            throw nothingLeft(report, inputs: plan.ownParts.flatMap { $0.map(\.path) })
        }
        // What stands beside the result comes first: once that is there, the work may go.
        if let removedPath = plan.removedPath {
            let list = try RemovedList(path: removedPath)
            var count = 0
            try shared.forEachRemoved { document in
                list.append(document)
                count += 1
                guard count & 0xFFF == 0 else { return }
                try work.show(
                    "listing", completed: count,
                    of: max(count, report.read.documents - report.kept.documents),
                    unit: .documents)
            }
            try list.commit()
        }
        if let quarantinePath = plan.quarantinePath {
            try Quarantine.join(
                shared.partsWithQuarantine().map {
                    SharedRefining.quarantinePath(ofPart: $0, in: shared)
                }, to: quarantinePath)
        }
        if !shared.isPublished {
            try FileReplacement.writeJSON(
                report, to: shared.resultPath + "/" + RefinedDirectory.reportName)
            try RefinedDirectory.publish(shared.resultPath, as: claim)
        }
        try RefinedDirectory.removeReplaced(by: claim)
        try workspace.remove(claim)
        return report
    }

    /// Throws unless all units of all stages are done.
    private static func check(_ shared: SharedRefinement, directory: String) throws {
        for stage in shared.stages {
            let count = try shared.unitCount(of: stage)
            if stage == .assemble, count > 0, shared.isPublished { return }
            let missing = (0..<count).filter { !shared.isDone(stage, $0) }
            guard missing.isEmpty else {
                throw PipelineError.unfinishedRefinement(
                    directory: directory, stage: stage.activity, missing: missing, count: count)
            }
        }
    }
}

/// The work of one process on a refinement that several make.
struct SharedRefining {
    let shared: SharedRefinement
    let plan: RefinementPlan
    let corpus: CorpusConfiguration
    /// The other corpora as they are read.
    let others: [CorpusConfiguration]
    let memory: RefinementMemory
    let share: WorkShare
    let settings: RefineStage.ShareSettings
    let work: WorkContext<PipelineEvent>

    private var outcome: RefineStage.ShareOutcome
    /// Files of the result, once that is known.
    private var parts: [SharedPart] = []
    private var measure: ChunkMeasure?
    private var outlook: DiskOutlook

    init(
        shared: SharedRefinement, plan: RefinementPlan, corpus: CorpusConfiguration,
        others: [CorpusConfiguration], memory: RefinementMemory, share: WorkShare,
        settings: RefineStage.ShareSettings, work: WorkContext<PipelineEvent>
    ) {
        self.shared = shared
        self.plan = plan
        self.corpus = corpus
        self.others = others
        self.memory = memory
        self.share = share
        self.settings = settings
        self.work = work
        outcome = .init(partCount: plan.parts.count)
        // What is known of no size is no file, and read by nobody.
        outlook = DiskOutlook(
            inputByteCount: plan.parts.joined().reduce(0) { $0 + ($1.readByteCount ?? 0) },
            path: shared.path, refinement: plan.configuration, isShared: true)
    }

    /// Where what cannot be read of a part is kept until the end.
    static func quarantinePath(ofPart number: Int, in shared: SharedRefinement) -> String {
        CorpusConfiguration.quarantinePath(beside: shared.directory(.measure, number))
    }

    /// Does what is free of each stage, and waits until all of that is done.
    mutating func run() async throws -> RefineStage.ShareOutcome {
        for stage in shared.stages {
            if stage == .assemble { parts = try shared.parts() }
            var finder = try UnitFinder(shared, stage, share: share)
            outcome.unitCount += finder.count
            if stage.isOfSingleThreads {
                try await runTogether(stage, &finder)
            } else {
                try await runSingly(stage, &finder)
            }
        }
        return outcome
    }

    /// Does one unit after another, each with all threads.
    private mutating func runSingly(_ stage: SharedStage, _ finder: inout UnitFinder) async throws {
        var waiting = Waiting(stage)
        while finder.doneCount < finder.count {
            try work.checkStop()
            guard let claim = try finder.next() else {
                try await wait(&waiting, finder)
                continue
            }
            try await perform(stage, claim.number)
            finder.finish(claim.number)
            outcome.ownUnitCount += 1
            withExtendedLifetime(claim) {}
            if stage != .measure { try show(stage, finder) }
        }
    }

    /// Does as many units at once as there are threads.
    private mutating func runTogether(
        _ stage: SharedStage, _ finder: inout UnitFinder
    ) async throws {
        var waiting = Waiting(stage)
        while finder.doneCount < finder.count {
            try work.checkStop()
            guard let first = try finder.next() else {
                try await wait(&waiting, finder)
                continue
            }
            let perform = try performing(stage)
            outcome.ownUnitCount += try await withThrowingTaskGroup(of: Int.self) { group in
                var (running, done) = (0, 0)
                var next: UnitFinder.Claim? = first
                while true {
                    if let claim = next {
                        group.addTask {
                            try await perform(claim.number)
                            return withExtendedLifetime(claim) { claim.number }
                        }
                        running += 1
                    }
                    next = running < work.threadCount ? try finder.next() : nil
                    if next != nil { continue }
                    guard let number = try await group.next() else { return done }
                    finder.finish(number)
                    running -= 1
                    done += 1
                    try show(stage, finder)
                    next = try finder.next()
                }
            }
        }
    }

    private func show(_ stage: SharedStage, _ finder: UnitFinder) throws {
        try work.show(
            stage.activity, completed: finder.doneCount, of: finder.count, unit: .documents)
    }

    /// What was said of waiting in a stage.
    private struct Waiting {
        let stage: SharedStage
        var isTold = false

        init(_ stage: SharedStage) { self.stage = stage }
    }

    private func wait(_ waiting: inout Waiting, _ finder: UnitFinder) async throws {
        guard finder.doneCount < finder.count else { return }
        settings.willWait()
        if !waiting.isTold {
            waiting.isTold = true
            work.report(
                .notice(
                    """
                    \(waiting.stage.activity): nothing is free, and other processes are at work \
                    on \(finder.count - finder.doneCount) of \(finder.count) units; waiting for them
                    """))
        }
        try await Task.sleep(for: settings.pollInterval)
    }

    /// Does a unit of a stage whose units have all threads each.
    private mutating func perform(_ stage: SharedStage, _ number: Int) async throws {
        switch stage {
        case .measure:
            let measure = try self.measure ?? ChunkMeasure(shared.configuration)
            self.measure = measure
            try await measurePart(number, measure)
        case .order:
            try shared.decide(memory: memory) { done, total in
                try work.show(stage.activity, completed: done, of: total, unit: .documents)
            }
        case .write:
            try await shared.write(number, memory: memory, threadCount: work.threadCount) {
                try work.checkStop()
            }
        case .assemble:
            try shared.assemble(parts[number], number: number) { try work.checkStop() }
        case .exact, .bands, .scatter:
            preconditionFailure("units of this stage have a thread each")
        }
    }

    /// The work on a unit of a stage whose units have a thread each.
    private func performing(
        _ stage: SharedStage
    ) throws -> @Sendable (Int) async throws -> Void {
        let (shared, memory, stop) = (shared, memory, work.stop)
        let threadCount = work.threadCount
        let checkpoint: @Sendable () throws -> Void = {
            if stop.isRequested { throw PipelineError.interrupted }
        }
        switch stage {
        case .exact:
            let byteCount = memory.byteCountOfMatching / threadCount
            return { try shared.matchExact($0, byteCount: byteCount, checkpoint: checkpoint) }
        case .bands:
            let duplicates = try shared.duplicates(byteCount: memory.byteCountOfSets)
            let byteCount = memory.byteCountOfComparing / threadCount
            let clusterByteCount = memory.byteCountOfSets
            return {
                try shared.compareBands(
                    $0, without: duplicates, byteCount: byteCount,
                    clusterByteCount: clusterByteCount, checkpoint: checkpoint)
            }
        default:
            let byteCount = memory.byteCountOfComparing / threadCount
            return { try shared.scatter($0, byteCount: byteCount, checkpoint: checkpoint) }
        }
    }

    /// Reads a part of the corpus.
    private mutating func measurePart(_ number: Int, _ measure: ChunkMeasure) async throws {
        let inputs = plan.parts[number]
        try checkUnchanged(inputs)
        let other = shared.other(ofPart: number)
        var corpus = other.map { others[$0] } ?? corpus
        corpus.inputs = inputs.map(\.path)
        corpus.inputsFrom = nil
        for input in inputs {
            corpus.rowGroupShares[input.path] = input.share.map { RowGroupShare($0) }
        }
        if corpus.keptPath != nil {
            corpus.quarantinePath = Self.quarantinePath(ofPart: number, in: shared)
        }
        var reader = try CorpusReader(corpus, threadCount: work.threadCount, stop: work.stop)
        let part = try PartMeasuring(shared, part: number, measure: measure, memory: memory)
        try await forEachChunk(
            of: &reader, byteCount: settings.chunkByteCount, work: work
        ) {
            try measure($0, isOther: other != nil)
        } consume: { chunk, progress in
            try part.append(chunk)
            work.report(
                .progress(
                    StageProgress(activity: SharedStage.measure.activity, reading: progress)))
            outlook.tell(progress, work)
        }
        try checkUnchanged(inputs)
        let progress = reader.progress
        try part.finish(
            progress,
            hasQuarantine: corpus.keptPath != nil
                && (progress.quarantinedLines > 0 || progress.brokenFileCount > 0))
    }

    /// Throws when a file is not as it was planned any more.
    private func checkUnchanged(_ inputs: [RefinementPlan.Input]) throws {
        for input in inputs where EncodingPlan.input(asNow: input) != input {
            throw PipelineError.changedWhileRefined(path: input.path)
        }
    }
}
