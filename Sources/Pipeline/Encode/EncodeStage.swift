public import Corpora
import Files
import Foundation
public import TokenShards
public import Tokenization
import Training
public import Work

/// Packs a corpus into shards, in parts that any number of processes make independently.
///
/// A process that is killed loses at most what it did since it last wrote down where it was:
/// started again with the same arguments it goes on from there, to the bytes that it would have
/// come to anyway. The data set appears when all of it is there, and until then one that was in its
/// place is untouched.
public enum EncodeStage {
    /// Treatment of unfinished work on something else in the data set's directory.
    public enum ExistingWork: Sendable {
        /// Leave it and throw.
        case refuse
        /// Remove it. Standard input and pipes are then encoded from their beginning too.
        case replace
    }

    /// Settings that do not change the result.
    public struct Surroundings: Sendable {
        /// Treatment of unfinished work on something else.
        public var existing: ExistingWork
        /// Most work that a kill may cost: the time between two writings of the place.
        public var journalInterval: Duration
        /// Whether the data set may take the place of another one. If not, the other stays, and
        /// what was encoded is kept beside it.
        public var overwrites: Bool
        /// Kind of the results in which the data set may lie: that of a source in that of a corpus
        /// that had no sources before.
        var outerKind: ResultKind?
        /// Text of a chunk, in bytes.
        var chunkByteCount = 1 << 20
        /// Bytes of ids that are brought to the disk together while more are made; what is left is
        /// waited for at the end.
        var syncedByteCount = 16 << 20
        /// Called after each step that changes a file, for tests that kill there.
        var afterStep: @Sendable () -> Void = {}

        /// Surroundings with defaults for what is not given.
        public init(
            existing: ExistingWork = .refuse, journalInterval: Duration = .seconds(1),
            overwrites: Bool = true
        ) {
            self.existing = existing
            self.journalInterval = journalInterval
            self.overwrites = overwrites
        }
    }

    /// Share of a process in a data set that several make.
    public struct ShareOutcome: Sendable {
        /// Parts that the data set has.
        public var partCount: Int
        /// Number of the parts that belong to the process: all are done.
        public var ownPartCount: Int
    }

    /// Throws unless documents can be packed this way.
    static func validate(_ shards: ShardConfiguration) throws {
        try shards.checkNumbers(in: "shards")
    }

    /// Encodes a corpus and finishes the data set.
    ///
    /// The bytes depend on neither threads nor interruptions. Memory is that of the encoders, a few
    /// chunks and the reader's buffers.
    ///
    /// - Parameters:
    ///   - corpus: the documents.
    ///   - vocabulary: the vocabulary of the ids.
    ///   - shards: settings of packing.
    ///   - directory: where the data set goes.
    ///   - surroundings: settings that do not change the result.
    ///   - willReplace: called with the manifest before the data set that is in the directory is
    ///     replaced; where it throws, that stays, and so does what was encoded.
    ///   - work: threads, the signal to stop, and where events go.
    public static func run(
        corpus: CorpusConfiguration, vocabulary: Vocabulary, shards: ShardConfiguration,
        directory: String, surroundings: Surroundings = .init(),
        willReplace: (ShardManifest) throws -> Void = { _ in },
        work: WorkContext<PipelineEvent>
    ) async throws -> ShardManifest {
        let (workspace, corpus, claims) = try workspace(
            for: corpus, vocabulary: vocabulary, shards: shards, directory: directory,
            within: surroundings.outerKind, mode: .exclusive, work: work)
        defer { withExtendedLifetime(claims) {} }
        try checkExisting(in: workspace, vocabulary, surroundings)
        return try await tidying(workspace) {
            try await encode(
                .whole, of: corpus, vocabulary: vocabulary, in: workspace,
                surroundings: surroundings, work: work)
            let made = try workspace.assemble(
                quarantinePath: corpus.keptPath,
                willReplace: { made in
                    try willReplace(made)
                    try checkReplaced(by: made, in: directory, surroundings, work)
                }, afterStep: surroundings.afterStep)
            // Of a small corpus this was told before.
            if corpus.validationFraction > 0, made.validation.documents == 0,
                workspace.plan.parts.joined().contains(where: { $0.bytes == nil })
                    || made.train.documents > CorpusConfiguration.smallCorpusDocumentCount
            {
                work.report(.notice(ValidationOutlook.nothingText(made.train)))
            }
            return made
        }
    }

    /// Says that another data set is replaced, if one is.
    ///
    /// - Throws: ``PipelineError/otherDataSet(directory:tokens:isEncoded:)`` if none may be.
    private static func checkReplaced(
        by made: ShardManifest, in directory: String, _ surroundings: Surroundings,
        _ work: WorkContext<PipelineEvent>
    ) throws {
        guard let old = try? ShardManifest(directory: directory),
            old.fingerprint != made.fingerprint
        else { return }
        let tokens = old.train.tokens + old.validation.tokens
        guard surroundings.overwrites else {
            throw PipelineError.otherDataSet(
                directory: directory, tokens: tokens, isEncoded: true)
        }
        work.report(
            .notice(
                """
                the data set that was in \(directory), of \(old.train.tokens) and \
                \(old.validation.tokens) tokens, is replaced by another one
                """))
    }

    /// Throws where a data set that is to stay has files or a vocabulary that `workspace` does not
    /// have. What else is different shows when all is encoded.
    private static func checkExisting(
        in workspace: EncodingWorkspace, _ vocabulary: Vocabulary, _ surroundings: Surroundings
    ) throws {
        guard !surroundings.overwrites, !DataSetAssembly.isCommitted(in: workspace.path),
            let old = try? ShardManifest(directory: workspace.directory)
        else { return }
        func name(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }
        let names = Set(workspace.plan.parts.joined().map { name($0.path) })
        let isOther =
            UInt64(old.vocabulary.fingerprint, radix: 16) != vocabulary.fingerprint
            || old.sources.contains { !names.contains(name($0.path)) }
        guard isOther else { return }
        throw PipelineError.otherDataSet(
            directory: workspace.directory, tokens: old.train.tokens + old.validation.tokens,
            isEncoded: false)
    }

    /// Encodes the parts of a corpus that belong to one of several processes.
    ///
    /// When all have done theirs, `finish` makes the data set.
    public static func encodeShare(
        _ share: WorkShare, corpus: CorpusConfiguration, vocabulary: Vocabulary,
        shards: ShardConfiguration, directory: String, surroundings: Surroundings = .init(),
        work: WorkContext<PipelineEvent>
    ) async throws -> ShareOutcome {
        let (workspace, corpus, claims) = try workspace(
            for: corpus, vocabulary: vocabulary, shards: shards, directory: directory,
            within: nil, mode: .shared, work: work)
        defer { withExtendedLifetime(claims) {} }
        try checkExisting(in: workspace, vocabulary, surroundings)
        return try await tidying(workspace) {
            try await encode(
                share, of: corpus, vocabulary: vocabulary, in: workspace,
                surroundings: surroundings, work: work)
            let count = workspace.plan.parts.count
            return ShareOutcome(
                partCount: count,
                ownPartCount: share.parts(of: count).reduce(0) { sum, _ in sum + 1 })
        }
    }

    /// Makes the data set in `directory` of the parts that are there.
    ///
    /// - Parameters:
    ///   - directory: the data set.
    ///   - overwrites: whether it may take the place of another one. If not, the other stays, and
    ///     so does what was encoded.
    ///   - work: where events go.
    /// - Throws: ``PipelineError/missingParts(directory:count:missing:)``,
    ///   ``PipelineError/badPlan(path:reason:)``, ``PipelineError/severalWorks(directory:names:)``,
    ///   ``PipelineError/otherDataSet(directory:tokens:isEncoded:)``.
    public static func finish(
        directory: String, overwrites: Bool = true, work: WorkContext<PipelineEvent> = .init()
    ) throws -> ShardManifest {
        guard !EncodingWorkspace.names(in: directory).isEmpty else {
            return try ShardManifest(directory: directory)
        }
        let claim = try OutputClaim(directory, .filled, making: .directory(.dataSet))
        defer { withExtendedLifetime(claim) {} }
        // Until the claim another process may have made the data set of what was there.
        let names = EncodingWorkspace.names(in: directory)
        guard let first = names.first else { return try ShardManifest(directory: directory) }
        if let name = names.first(where: {
            DataSetAssembly.isCommitted(in: directory + "/" + $0)
        }) {
            let manifest = try DataSetAssembly.complete(
                from: directory + "/" + name, to: directory)
            try DataSetAssembly.removeRemains(in: directory)
            return manifest
        }
        guard names.count == 1 else {
            throw PipelineError.severalWorks(directory: directory, names: names)
        }
        let plan = try EncodingPlan(path: directory + "/" + first + "/" + EncodingPlan.fileName)
        return try EncodingWorkspace(directory: directory, plan: plan).assemble(willReplace: {
            try checkReplaced(by: $0, in: directory, .init(overwrites: overwrites), work)
        })
    }

    /// The place of the work, the corpus with the cut of its validation, and the claims of what is
    /// made: a process that encodes all of a corpus has the directory alone, and processes that
    /// have a share each have it together.
    private static func workspace(
        for corpus: CorpusConfiguration, vocabulary: Vocabulary, shards: ShardConfiguration,
        directory: String, within outerKind: ResultKind?, mode: FileLock.Mode,
        work: WorkContext<PipelineEvent>
    ) throws -> (EncodingWorkspace, CorpusConfiguration, claims: [OutputClaim]) {
        try SpecialTokenPolicy.only(shards.documentTokens).validate(for: vocabulary)
        guard
            !shards.documentTokens.isEmpty || shards.endOfText == .none
                || vocabulary.endOfText != nil
        else {
            throw PipelineError.badValue(
                key: "shards.end_of_text",
                reason: "the vocabulary has no end-of-text token; choose \"none\"")
        }
        try validate(shards)
        try shards.allowSpecial.validate(for: vocabulary)
        try corpus.validate()
        let inputs = try corpus.findInputs()
        let claims = try inputs.claim(
            [PlannedOutput(directory, .filled, .directory(.dataSet, within: outerKind))],
            quarantinePath: corpus.keptPath, mode: mode, work: work)
        let corpus = try corpus.settlingValidation(of: inputs, work: work)
        return (
            try EncodingWorkspace(
                directory: directory,
                plan: EncodingPlan(
                    corpus: corpus, inputs: inputs.paths,
                    format: ShardFormat(shards, vocabulary: vocabulary),
                    partBytes: shards.partBytes)),
            corpus, claims
        )
    }

    /// Removes the workspace when `body` fails before there is anything to go on with.
    @inline(never)
    private static func tidying<Result>(
        _ workspace: EncodingWorkspace, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await body()
        } catch {
            var isWorthless = !EncodingWorkspace.holdsWork(workspace.path)
            if case PipelineError.emptyCorpus = error { isWorthless = true }
            // The error is what the caller has to know; what cannot be tidied stays.
            if isWorthless { try? EncodingWorkspace.remove(workspace.path) }
            throw error
        }
    }

    private static func encode(
        _ share: WorkShare, of corpus: CorpusConfiguration, vocabulary: Vocabulary,
        in workspace: EncodingWorkspace, surroundings: Surroundings,
        work: WorkContext<PipelineEvent>
    ) async throws {
        let lock = try workspace.open(surroundings.existing, share: share)
        defer { withExtendedLifetime(lock) {} }
        if DataSetAssembly.isCommitted(in: workspace.path) { return }
        let encoders = Pool { BytePairEncoder(vocabulary) }
        let parts = workspace.plan.parts
        let own = Array(share.parts(of: parts.count))
        let sizes = own.map { number in
            parts[number].reduce(0 as Int?) { sum, input in
                sum.flatMap { sum in input.readByteCount.map { sum + $0 } }
            }
        }
        let total = sizes.reduce(0 as Int?) { sum, size in
            sum.flatMap { sum in size.map { sum + $0 } }
        }
        let quarantine = corpus.keptPath.map { workspace.quarantinePlace($0) }
        var (readBefore, textBefore) = (0, 0)
        for (index, number) in own.enumerated() {
            var partCorpus = corpus
            partCorpus.inputs = parts[number].map(\.path)
            partCorpus.inputsFrom = nil
            for input in parts[number] {
                partCorpus.rowGroupShares[input.path] = input.share.map { RowGroupShare($0) }
            }
            partCorpus.quarantinePath = quarantine.map { _ in
                workspace.quarantinePath(ofPart: number)
            }
            let part = PartEncoding(
                workspace: workspace, number: number, share: share, corpus: partCorpus,
                quarantine: quarantine, surroundings: surroundings, work: work,
                encoders: encoders)
            var text = 0
            do {
                if try !part.isDone() {
                    try await part.run { activity, progress in
                        text = progress.textBytes
                        work.report(
                            .progress(
                                StageProgress(
                                    activity: activity,
                                    completed: readBefore + progress.bytesRead,
                                    total: total, unit: .bytes, textBytes: textBefore + text)))
                    }
                }
            } catch {
                if index > 0, error as? PipelineError != .interrupted {
                    work.report(.notice(keptNotice(index, of: own.count, in: workspace)))
                }
                throw error
            }
            readBefore += sizes[index] ?? 0
            textBefore += text
        }
    }

    /// Notice that parts are done and stay when another one fails, for a person.
    private static func keptNotice(
        _ done: Int, of count: Int, in workspace: EncodingWorkspace
    ) -> String {
        """
        \(done) of \(count) parts are done and are kept in \(workspace.path): mend what failed or \
        leave it out, encode again into the same directory, and only what is not there is encoded
        """
    }
}
