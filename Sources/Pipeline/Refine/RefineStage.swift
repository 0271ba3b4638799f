public import Corpora
import Files
import Foundation
public import Refinement
import Training
public import Work

/// Makes a cleaner corpus from a corpus: filters, duplicates, order.
public enum RefineStage {
    /// Destination of the result.
    public enum Destination {
        /// To a directory, as seekable `.jsonl.zst` parts, or `.parquet` ones, and a report.
        case directory(String)
        /// As JSON lines, handed on as bytes.
        case lines(([UInt8]) throws -> Void)
    }

    /// Refines `corpus`.
    ///
    /// Documents are measured and written in parallel and decided about in order. The bytes depend
    /// neither on the number of threads nor on the memory that the configuration allows. A
    /// directory appears whole or not at all.
    ///
    /// - Parameters:
    ///   - corpus: the documents.
    ///   - refinement: what becomes of them.
    ///   - destination: where the rest goes.
    ///   - removedPath: a file for a list of what is removed; see `RemovedList`.
    ///   - willReplace: called with the report before a result in the directory is replaced; where
    ///     it throws, that stays.
    ///   - work: threads, the signal to stop, and where events go.
    /// - Returns: the report: counts of the input, of what each step removed, and of what is left.
    public static func run(
        corpus: CorpusConfiguration, refinement: RefinementConfiguration,
        destination: Destination, removedPath: String? = nil,
        willReplace: (RefinementReport) throws -> Void = { _ in },
        work: WorkContext<PipelineEvent>
    ) async throws -> RefinementReport {
        try refinement.validate(threadCount: work.threadCount)
        // What the configuration allows need not be there: the result is the same with less.
        let refinement = refinement.limited(
            to: AvailableMemory.byteCount / 4 * 3, threadCount: work.threadCount)
        return try await run(
            corpus: corpus, refinement: refinement,
            memory: RefinementMemory(refinement.memory, threadCount: work.threadCount),
            destination: destination, removedPath: removedPath, willReplace: willReplace,
            work: work)
    }

    /// Refines with memory shared in a chosen way, for tests of what does not fit.
    static func run(
        corpus: CorpusConfiguration, refinement: RefinementConfiguration,
        memory: RefinementMemory, destination: Destination, removedPath: String? = nil,
        willReplace: (RefinementReport) throws -> Void = { _ in },
        work: WorkContext<PipelineEvent>
    ) async throws -> RefinementReport {
        var corpus = corpus
        corpus.keptFields = refinement.keptFields
        var reader = try CorpusReader(corpus, threadCount: work.threadCount, stop: work.stop)
        let others = try OtherCorpus.all(of: refinement, like: corpus, reader.inputs)
        if let removedPath {
            try reader.inputs.check(output: removedPath)
            for other in others { try other.check(outputs: [removedPath]) }
        }
        let removed = try removedPath.map { try RemovedList(path: $0) }
        switch destination {
        case .directory(let path):
            try reader.inputs.check(output: path)
            for other in others { try other.check(outputs: [path]) }
            var directory = try RefinedDirectory(
                path: path, partByteCount: refinement.partByteCount,
                format: refinement.partFormat)
            let claims = try reader.inputs.claim([], quarantinePath: corpus.keptPath, work: work)
            defer { withExtendedLifetime(claims) {} }
            let scratchPath = scratchPath(refinement, FileSystem.parentDirectory(of: path))
            var outcome = try await refine(
                &reader, others, with: refinement, memory: memory, scratchPath: scratchPath,
                level: refinement.compressionLevel, removed: removed, work: work
            ) { try directory.append($0) }
            guard outcome.kept.documents > 0 else {
                throw nothingLeft(outcome, inputs: corpus.inputs)
            }
            try directory.endPart()
            outcome.parts = directory.parts
            try willReplace(outcome)
            try removed?.commit()
            try directory.commit(outcome)
            return outcome
        case .lines(let write):
            guard refinement.partFormat == .jsonl else {
                throw PipelineError.badValue(
                    key: "corpus.refine.part_format",
                    reason: "documents that are handed on are JSON lines; choose a directory for "
                        + "Parquet")
            }
            let claims = try reader.inputs.claim([], quarantinePath: corpus.keptPath, work: work)
            defer { withExtendedLifetime(claims) {} }
            let scratchPath = scratchPath(refinement, NSTemporaryDirectory())
            let outcome = try await refine(
                &reader, others, with: refinement, memory: memory, scratchPath: scratchPath,
                level: nil, removed: removed, work: work
            ) { try write($0.bytes) }
            guard outcome.kept.documents > 0 else {
                throw nothingLeft(outcome, inputs: corpus.inputs)
            }
            try removed?.commit()
            return outcome
        }
    }

    private static func scratchPath(
        _ refinement: RefinementConfiguration, _ standard: String
    ) -> String {
        (refinement.scratchDirectory ?? standard) + "/quern-refine"
    }

    static func nothingLeft(_ report: RefinementReport, inputs: [String]) -> PipelineError {
        if report.read.documents == 0 {
            return .emptyCorpus(
                inputs: inputs, skipped: report.skipped.lines + (report.skipped.brokenFiles ?? 0),
                reason: report.skipped.examples.first)
        }
        return .badValue(
            key: "corpus.refine",
            reason: "it removes all \(report.read.documents) documents: "
                + report.steps.filter { $0.removed.documents > 0 }
                .map { "\($0.name) \($0.removed.documents)" }.joined(separator: ", "))
    }

    /// Gives a refiner the documents of other corpora.
    private static func compare(
        _ refiner: Refiner, with others: [OtherCorpus], work: WorkContext<PipelineEvent>
    ) async throws {
        let measure = refiner.measure
        for (number, other) in others.enumerated() {
            var reader = try CorpusReader(
                other.reading, threadCount: work.threadCount, stop: work.stop)
            try await forEachChunk(of: &reader, work: work) { chunk in
                chunk.map { measure(other: $0) }
            } consume: { measured, progress in
                for document in measured { try refiner.append(other: document, of: number) }
                work.report(
                    .progress(
                        StageProgress(activity: "reading other corpora", reading: progress)))
            }
        }
    }

    private static func refine(
        _ reader: inout CorpusReader, _ others: [OtherCorpus],
        with refinement: RefinementConfiguration, memory: RefinementMemory, scratchPath: String,
        level: Int?, removed: RemovedList?, work: WorkContext<PipelineEvent>,
        write: (DocumentBlock) throws -> Void
    ) async throws -> RefinementReport {
        let refiner = try Refiner(refinement, memory: memory, scratchPath: scratchPath)
        if let removed { refiner.didRemove = { removed.append($0) } }
        let measure = refiner.measure
        var outlook = DiskOutlook(
            inputByteCount: reader.progress.totalBytes, path: scratchPath, refinement: refinement,
            isShared: false)
        try await compare(refiner, with: others, work: work)
        let blockByteCount = refinement.blockByteCount
        var outcome = try await withThrowingTaskGroup(
            of: (number: Int, result: DocumentBlock).self
        ) { group in
            var tasks = OrderedTasks<DocumentBlock>(width: work.threadCount)
            var documents: [Document] = []
            var byteCount = 0
            func flush() async throws {
                let full = documents
                (documents, byteCount) = ([], 0)
                try await tasks.add(to: &group) {
                    guard refinement.partFormat == .parquet, let level else {
                        return try DocumentBlock(full, level: level)
                    }
                    return try DocumentBlock(rowsOf: full, level: level)
                } take: {
                    try write($0)
                }
            }
            func emit(_ document: Document) async throws {
                documents.append(document)
                byteCount += document.text.count
                if byteCount >= blockByteCount { try await flush() }
            }
            try await forEachChunk(of: &reader, work: work) { chunk in
                chunk.map { measure($0) }
            } consume: { measured, progress in
                for document in measured {
                    try await refiner.append(document, emit: emit)
                }
                work.report(.progress(StageProgress(activity: "refining", reading: progress)))
                outlook.tell(progress, work)
            }
            let outcome = try await refiner.finish { activity, done, total in
                try work.show(activity, completed: done, of: total, unit: .documents)
            } emit: {
                try await emit($0)
            }
            if !documents.isEmpty { try await flush() }
            try await tasks.finish(&group) { try write($0) }
            return outcome
        }
        let progress = reader.progress
        outcome.skipped.lines = progress.skippedLines
        if progress.brokenFileCount > 0 { outcome.skipped.brokenFiles = progress.brokenFileCount }
        if progress.damagedMemberCount > 0 {
            outcome.skipped.damagedMembers = progress.damagedMemberCount
        }
        outcome.skipped.emptyDocuments = progress.emptyDocuments
        outcome.skipped.examples = progress.examples
        return outcome
    }
}

extension RefinementReport {
    /// The files of a result in `directory`.
    func files(in directory: String) -> [String] {
        (parts.map(\.name) + [RefinedDirectory.reportName]).map { directory + "/" + $0 }
    }
}

extension CorpusConfiguration {
    /// Settings of reading the result of refining this corpus, given the files that it consists of.
    func refined(files: [String]) -> CorpusConfiguration {
        let parts = files.filter { !$0.hasSuffix("/" + RefinedDirectory.reportName) }
        return CorpusConfiguration(
            // Not the directory, which may hold those of sources as well.
            inputs: parts, format: parts.first?.hasSuffix(".parquet") == true ? .parquet : .jsonl,
            validationFraction: validationFraction,
            // Escapes make a text up to six times as long, and its place is added.
            maximumDocumentByteCount: 6 * maximumDocumentByteCount + (64 << 10))
    }
}
