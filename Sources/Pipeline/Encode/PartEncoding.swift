import Bytes
import Corpora
import Files
import Foundation
import Synchronization
import TokenShards
import Tokenization
import Training
import Work

/// The encoding of one part of a corpus into shards, from where an earlier process ended.
struct PartEncoding {
    let workspace: EncodingWorkspace
    let number: Int
    let share: WorkShare
    /// Settings of reading the part's files.
    let corpus: CorpusConfiguration
    /// Place of what cannot be read when the data set is made; nil when it is not kept.
    let quarantine: PartJournal.QuarantinePlace?
    let surroundings: EncodeStage.Surroundings
    let work: WorkContext<PipelineEvent>
    let encoders: Pool<BytePairEncoder>

    /// Documents of a chunk, packed.
    private struct PackedChunk: Sendable {
        var documents: PackedDocuments
        /// Documents that are held out, by the file they come from.
        var heldOut: [String: Int] = [:]
        /// The first document that the vocabulary cannot encode.
        var refused: (origin: DocumentOrigin, error: TokenizationError)?
    }

    /// Encodes what is not encoded yet. The bytes depend on neither threads nor interruptions.
    ///
    /// - Parameter show: takes the state of the part's reader.
    func run(progress show: (_ activity: String, CorpusProgress) -> Void) async throws {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        var journal = journalToContinue
        var writer = try makeWriter(&journal)
        var reader = try CorpusReader(corpus, threadCount: work.threadCount, stop: work.stop)
        do {
            try passOver(journal, of: &reader, progress: show)
        } catch PipelineError.changedInput(let path) where !isPipe {
            work.report(
                .notice(
                    "part \(number) of \(workspace.plan.parts.count) begins again: \(path) has "
                        + "changed since"))
            journal = newJournal
            writer = try makeWriter(&journal)
            reader = try CorpusReader(corpus, threadCount: work.threadCount, stop: work.stop)
        }

        let keeper = JournalKeeper(
            directory: workspace.directory(ofPart: number), afterStep: surroundings.afterStep)
        do {
            try await encode(&reader, to: &writer, journal: &journal, keeper, progress: show)
        } catch PipelineError.interrupted {
            try keeper.wait()
            if journal.documents > 0 {
                try keep(&writer, as: &journal, with: keeper)
                try keeper.wait()
            }
            throw PipelineError.interrupted
        } catch {
            // The keeper's thread must not outlive the lock; what it met comes second.
            try? keeper.wait()
            throw error
        }
        try keeper.wait()
        let last = try writer.finish()
        journal.shards = last.state
        journal.completion = completion(reader.progress, heldOut: journal.heldOut)
        journal.rename(
            to: try workspace.plan.parts[number].map { input in
                var input = input
                input.checksum = try checksum(of: input)
                return input
            })
        keeper.keep(last, as: journal)
        try keeper.wait()
    }

    /// Writes the documents that are left, and now and then the journal of how far that has come.
    private func encode(
        _ reader: inout CorpusReader, to writer: inout PartWriter, journal: inout PartJournal,
        _ keeper: JournalKeeper, progress show: (_ activity: String, CorpusProgress) -> Void
    ) async throws {
        let clock = ContinuousClock()
        var lastKept = clock.now
        var unsyncedByteCount = 0
        try await forEachChunk(
            of: &reader, byteCount: surroundings.chunkByteCount, work: work, transform: packing
        ) { chunk, progress in
            if let refused = chunk.refused {
                throw PipelineError.notEncodable(refused.origin, reason: "\(refused.error)")
            }
            try writer.append(chunk.documents)
            journal.documents += chunk.documents.count
            journal.hash = chunk.documents.hash(after: journal.hash)
            journal.heldOut.merge(chunk.heldOut, uniquingKeysWith: +)
            surroundings.afterStep()
            unsyncedByteCount += chunk.documents.idByteCount
            if clock.now - lastKept >= surroundings.journalInterval, try keeper.isIdle {
                lastKept = clock.now
                unsyncedByteCount = 0
                try keep(&writer, as: &journal, with: keeper)
            } else if unsyncedByteCount >= surroundings.syncedByteCount, try keeper.isIdle {
                unsyncedByteCount = 0
                keeper.bringForward(writer.unsyncedFiles)
            }
            show("encoding", progress)
        }
    }

    /// The work on one chunk: encodes its documents, and sorts them into the two splits.
    private var packing: @Sendable ([Document]) -> PackedChunk {
        let format = workspace.plan.format
        let split = corpus.validationSplit
        return { [encoders] documents in
            encoders.withItem { encoder in
                let byteCount = documents.reduce(0) { $0 + $1.text.count }
                var chunk = PackedChunk(
                    documents: PackedDocuments(format, textByteCount: byteCount))
                for document in documents {
                    let isHeldOut = split.isValidation(document.contentHash)
                    if isHeldOut { chunk.heldOut[document.origin.path, default: 0] += 1 }
                    chunk.documents.append(
                        document.text.span, contentHash: document.contentHash,
                        place: DocumentPlace(document.origin.position),
                        to: isHeldOut ? .validation : .train, encoder: encoder)
                    if chunk.refused == nil, let refusal = chunk.documents.refusal {
                        chunk.refused = (document.origin, refusal)
                    }
                }
                return chunk
            }
        }
    }

    /// Begins to make the part durable as it is. The keeper must be idle.
    private func keep(
        _ writer: inout PartWriter, as journal: inout PartJournal, with keeper: JournalKeeper
    ) throws {
        let snapshot = try writer.snapshot()
        journal.shards = snapshot.state
        keeper.keep(snapshot, as: journal)
    }

    /// Journal of an earlier process, or a new beginning.
    private var journalToContinue: PartJournal {
        guard var journal = workspace.journal(ofPart: number), journal.completion == nil,
            !(surroundings.existing == .replace && isPipe)
        else { return newJournal }
        (journal.rank, journal.world) = (share.rank, share.world)
        // Whether they are the same is found out by reading them.
        journal.rename(to: workspace.plan.parts[number])
        return journal
    }

    private var newJournal: PartJournal {
        PartJournal(
            settings: workspace.fingerprint, inputs: workspace.plan.parts[number],
            rank: share.rank, world: share.world)
    }

    /// A writer that goes on where the journal says; the part begins again, and the journal with
    /// it, if the files are not what it says.
    private func makeWriter(
        _ journal: inout PartJournal
    ) throws -> PartWriter {
        let directory = workspace.directory(ofPart: number)
        let format = workspace.plan.format
        if journal.documents > 0 {
            do {
                return try PartWriter(
                    directory: directory, format: format, continuing: journal.shards)
            } catch {
                work.report(
                    .notice(
                        "part \(number) of \(workspace.plan.parts.count) begins again: \(error)"))
            }
        }
        journal = newJournal
        // A journal must not hold for other files than it was written for.
        try PartJournal.remove(fromDirectory: directory)
        return try PartWriter(directory: directory, format: format)
    }

    /// Whether what is read may be something else each time, and nothing says so beforehand.
    private var isPipe: Bool {
        workspace.plan.parts[number].contains { $0.bytes == nil }
    }

    /// Reads the documents that are encoded already, and checks that they are the same. O(their
    /// bytes).
    private func passOver(
        _ journal: PartJournal, of reader: inout CorpusReader,
        progress show: (_ activity: String, CorpusProgress) -> Void
    ) throws {
        var hash: UInt64 = 0
        for index in 0..<journal.documents {
            guard let document = try reader.next() else { throw changed }
            hash = PackedDocuments.hash(of: document.contentHash, after: hash)
            if index % 1_024 == 0 {
                try work.checkStop()
                show("finding the place", reader.progress)
            }
        }
        if hash != journal.hash { throw changed }
    }

    private var changed: PipelineError {
        .changedInput(path: workspace.plan.parts[number].first?.path ?? "")
    }

    private func completion(
        _ progress: CorpusProgress, heldOut: [String: Int]
    ) -> PartJournal.Completion {
        PartJournal.Completion(
            sources: progress.sources.map {
                .init(
                    path: $0.path, documents: $0.documents,
                    validationDocuments: heldOut[$0.path] ?? 0, bytes: $0.textBytes)
            },
            skipped: .init(
                lines: progress.skippedLines, quarantinedLines: progress.quarantinedLines,
                emptyDocuments: progress.emptyDocuments,
                invalidUTF8Documents: progress.invalidUTF8Documents,
                brokenFiles: progress.brokenFileCount,
                damagedMembers: progress.damagedMemberCount, examples: progress.examples),
            quarantine: quarantine)
    }
}

extension DocumentPlace {
    init(_ position: DocumentOrigin.Position) {
        self =
            switch position {
            case .line(let number): .line(number)
            case .part(let number): .part(number)
            case .item(let number): .item(number)
            case .row(let number): .row(number)
            }
    }
}
