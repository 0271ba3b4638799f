import Corpora
import Files
import Foundation
import TokenShards

/// The directory `unfinished-FINGERPRINT` in that of a data set, where its parts are made. The
/// fingerprint is that of the settings, and a part is called by the fingerprint of its files' names
/// and sizes.
///
///     plan.json           what is made from what
///     lock                shared by processes that encode, exclusive for one that removes it
///     part-PRINT.lock     held by the process that makes the part
///     part-PRINT/         journal.json, and the part's shards under names of their own
///     part-PRINT.quarantine   what of the part could not be read, and its .reasons.jsonl
struct EncodingWorkspace {
    /// The data set's directory.
    let directory: String
    /// The workspace's own.
    let path: String
    let plan: EncodingPlan
    /// The fingerprint of the plan's settings.
    let fingerprint: String
    /// The directory of each part, seen from the workspace.
    let partNames: [String]

    /// The workspace of `plan` in `directory`, whether it is there or not.
    init(directory: String, plan: EncodingPlan) throws {
        self.directory = directory
        self.plan = plan
        fingerprint = try plan.fingerprint
        partNames = plan.partNames
        path = directory + "/" + ShardManifest.workspacePrefix + fingerprint
    }

    /// The names of workspaces in `directory`, sorted.
    static func names(in directory: String) -> [String] {
        ((try? FileSystem.namesInDirectory(directory)) ?? []).filter {
            $0.hasPrefix(ShardManifest.workspacePrefix)
        }
    }

    /// Makes the workspace, unless another one is in the way, and keeps others from removing it.
    ///
    /// - Parameter existing: what to do about work on something else.
    func open(_ existing: EncodeStage.ExistingWork, share: WorkShare) throws -> FileLock {
        try checkEarlierPlan(existing, share: share)
        try DataSetAssembly.checkReplaceable(directory)
        // One rank is enough, and two would be in each other's way.
        if share.rank == 0 { try? DataSetAssembly.removeRemains(in: directory) }
        for name in Self.names(in: directory) where directory + "/" + name != path {
            let other = directory + "/" + name
            if existing == .refuse, Self.holdsWork(other) {
                let otherPlan = SealedJSON.read(
                    EncodingPlan.self, from: other + "/" + EncodingPlan.fileName)
                throw PipelineError.unfinishedWork(
                    directory: directory,
                    difference: otherPlan.map { plan.difference(from: $0) } ?? "another version")
            }
            if share.rank == 0 { try Self.remove(other) }
        }
        try FileSystem.makeDirectory(directory)
        try FileSystem.makeDirectory(path)
        guard let lock = try FileLock(path: path + "/lock", .shared) else {
            throw PipelineError.busy(directory: directory)
        }
        let planPath = path + "/" + EncodingPlan.fileName
        if (try? EncodingPlan(path: planPath)) != plan {
            // Every rank writes the same bytes.
            try SealedJSON.write(plan, to: planPath)
        }
        return lock
    }

    /// Throws when what was planned here before would be lost: work on inputs that are as they were
    /// and not in the plan. Of a data set that is whole but for its place, that is anything else.
    private func checkEarlierPlan(
        _ existing: EncodeStage.ExistingWork, share: WorkShare
    ) throws {
        guard let earlier = try? EncodingPlan(path: path + "/" + EncodingPlan.fileName),
            earlier != plan
        else { return }
        if DataSetAssembly.isCommitted(in: path) {
            guard existing == .replace else {
                throw PipelineError.unfinishedWork(
                    directory: directory, difference: "other inputs, all of which are encoded")
            }
            if share.rank == 0 { _ = try assemble() }
        } else if existing == .refuse, let input = inputLeftOut(of: earlier) {
            throw PipelineError.unfinishedWork(
                directory: directory, difference: "other inputs (\(input))")
        }
    }

    /// An input of which there is work by `earlier`, that is as it was and not in the plan.
    private func inputLeftOut(of earlier: EncodingPlan) -> String? {
        func key(_ input: EncodingPlan.Input) -> String {
            "\(input.name)/\(input.bytes.map { "\($0)" } ?? "")"
        }
        let wanted = Set(plan.parts.joined().map(key))
        for (inputs, name) in zip(earlier.parts, earlier.partNames) {
            let left = inputs.first { input in
                !wanted.contains(key(input))
                    && (input.path == "-"
                        || input.isUntouched(since: EncodingPlan.input(asNow: input)))
            }
            if let left, PartJournal.isThere(inDirectory: path + "/" + name) { return left.path }
        }
        return nil
    }

    /// The directory of a part.
    func directory(ofPart number: Int) -> String { path + "/" + partNames[number] }

    /// Path of what cannot be read of a part, until the data set is made.
    func quarantinePath(ofPart number: Int) -> String {
        CorpusConfiguration.quarantinePath(beside: directory(ofPart: number))
    }

    /// Place of a quarantine at `path` for a journal: one beside the data set goes where that goes.
    func quarantinePlace(_ path: String) -> PartJournal.QuarantinePlace {
        let isBeside = path == CorpusConfiguration.quarantinePath(beside: directory)
        return .init(path: isBeside ? nil : URL(fileURLWithPath: path).path)
    }

    /// Journal of a part, whose files may have been changed or moved since; nil when it was not
    /// begun or nothing of it can be kept.
    func journal(ofPart number: Int) -> PartJournal? {
        let inputs = plan.parts[number]
        guard let journal = PartJournal(directory: directory(ofPart: number)),
            journal.settings == fingerprint, journal.inputs.map(\.name) == inputs.map(\.name),
            journal.inputs.map(\.bytes) == inputs.map(\.bytes),
            journal.inputs.map(\.share) == inputs.map(\.share)
        else { return nil }
        return journal
    }

    /// Whether a part is made of the files of the plan, which were not touched since.
    func isUntouched(_ journal: PartJournal, part number: Int) -> Bool {
        zip(journal.inputs, plan.parts[number]).allSatisfy { $0.isUntouched(since: $1) }
    }

    /// Whether something in the workspace at `path` would be lost with it.
    static func holdsWork(_ path: String) -> Bool {
        if DataSetAssembly.isCommitted(in: path) { return true }
        return ((try? FileSystem.namesInDirectory(path)) ?? []).contains {
            PartJournal.isThere(inDirectory: path + "/" + $0)
        }
    }

    /// Removes a workspace that no process works in.
    static func remove(_ path: String) throws {
        try retire(path)
        try DataSetAssembly.removeRemains(in: FileSystem.parentDirectory(of: path))
    }

    /// Takes the workspace for this process alone, and its name from it.
    private static func retire(_ path: String) throws {
        guard let lock = try FileLock(path: path + "/lock", .exclusive) else {
            throw PipelineError.busy(directory: path)
        }
        try withExtendedLifetime(lock) { try DataSetAssembly.retire(path) }
    }

    /// Makes the data set of the parts, which must be done. The caller has claimed the data set's
    /// directory for itself.
    ///
    /// - Parameters:
    ///   - quarantinePath: where what could not be read is kept; nil for the place that the parts
    ///     say.
    ///   - willReplace: called with the manifest before anything of what is there is replaced.
    ///   - afterStep: called after each change of a file.
    func assemble(
        quarantinePath: String? = nil, willReplace: (ShardManifest) throws -> Void = { _ in },
        afterStep: () -> Void = {}
    ) throws -> ShardManifest {
        if !DataSetAssembly.isCommitted(in: path) {
            try commit(quarantinePath, willReplace, afterStep)
            afterStep()
        }
        let manifest = try DataSetAssembly.complete(
            from: path, to: directory, afterStep: afterStep)
        try DataSetAssembly.removeRemains(in: directory)
        return manifest
    }

    private func commit(
        _ quarantinePath: String?, _ willReplace: (ShardManifest) throws -> Void,
        _ afterStep: () -> Void
    ) throws {
        let journals = plan.parts.indices.map { number in
            journal(ofPart: number).flatMap { isUntouched($0, part: number) ? $0 : nil }
        }
        let missing = plan.parts.indices.filter { journals[$0]?.completion == nil }
        guard missing.isEmpty else {
            let world = journals.compactMap { $0?.world }.max()
            throw PipelineError.missingParts(
                directory: directory, count: plan.parts.count,
                missing: missing.map { number in
                    .init(
                        number: number,
                        rank: journals[number].map { ($0.rank, $0.world) }.map {
                            "rank \($0.0) of \($0.1)"
                        } ?? world.map { "rank \(number % $0) of \($0)" },
                        first: plan.parts[number].first?.path ?? "",
                        documents: journals[number]?.documents)
                })
        }
        // Before the data set is there, for then what the parts kept goes.
        try joinQuarantines(journals.compactMap { $0?.completion }, at: quarantinePath)
        afterStep()
        var parts: [(directory: String, state: PartState)] = []
        var sources: [ShardManifest.Source] = []
        var skipped = ShardManifest.Skipped()
        for (number, journal) in journals.enumerated() {
            guard let journal, let completion = journal.completion else { continue }
            parts.append((partNames[number], journal.shards))
            for source in completion.sources {
                // A file in several parts, which stand one after the other.
                if sources.last?.path == source.path, !sources.isEmpty {
                    sources[sources.count - 1] += source
                } else {
                    sources.append(source)
                }
            }
            skipped += completion.skipped
        }
        guard parts.contains(where: { !$0.state.shards.isEmpty }) else {
            throw PipelineError.emptyCorpus(
                inputs: plan.parts.flatMap { $0.map(\.path) },
                skipped: skipped.lines + (skipped.brokenFiles ?? 0),
                reason: skipped.examples.first)
        }
        skipped.examples = Array(skipped.examples.prefix(CorpusProgress.keptErrorCount))
        try DataSetAssembly.commit(
            parts: parts, format: plan.format, sources: sources, skipped: skipped,
            validationCut: plan.validationCut, from: path, willReplace: willReplace)
    }

    /// Puts what the parts could not read into one place, in their order, if any of them kept it.
    private func joinQuarantines(
        _ completions: [PartJournal.Completion], at path: String?
    ) throws {
        let places = completions.compactMap(\.quarantine)
        guard path != nil || !places.isEmpty else { return }
        let kept = completions.indices.filter { number in
            let skipped = completions[number].skipped
            return skipped.quarantinedLines != nil
                || skipped.brokenFiles != nil && completions[number].quarantine != nil
        }
        try Quarantine.join(
            kept.map { quarantinePath(ofPart: $0) },
            to: path ?? places.compactMap(\.path).first
                ?? CorpusConfiguration.quarantinePath(beside: directory))
    }
}
