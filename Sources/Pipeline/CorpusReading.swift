import Corpora
import Files
import Foundation
import TokenShards
import Training
import Work

/// An output that a command is going to make.
struct PlannedOutput {
    let path: String
    let kind: OutputClaim.Kind
    let content: OutputClaim.Content

    init(_ path: String, _ kind: OutputClaim.Kind, _ content: OutputClaim.Content = .other) {
        (self.path, self.kind, self.content) = (path, kind, content)
    }

    /// Claims it.
    func claim(mode: FileLock.Mode = .exclusive) throws(FileError) -> OutputClaim {
        try OutputClaim(path, kind, making: content, mode: mode)
    }
}

/// Reads documents on the calling task and works on chunks of them in others; results come back
/// in the documents' order.
///
/// At most a chunk for each thread is worked on at once, and at most twice as many are under way,
/// so memory is bounded by their size. With one thread everything happens on the calling task.
///
/// - Parameters:
///   - reader: where documents come from.
///   - byteCount: the size that a chunk reaches.
///   - work: as many chunks as it has threads are worked on at once, and its signal to stop is
///     looked at before each.
///   - transform: the work on one chunk.
///   - consume: takes each result, in order, with the state of the reader.
/// - Throws: ``PipelineError/interrupted`` on request, and what reading or the work throws.
func forEachChunk<Reader: ChunkReader & ~Copyable, Result: Sendable>(
    of reader: inout Reader, byteCount: Int = 1 << 20, work: WorkContext<PipelineEvent>,
    transform: @escaping @Sendable ([Reader.Item]) throws -> Result,
    consume: (Result, CorpusProgress) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: (number: Int, result: Result).self) { group in
        var tasks = OrderedTasks<Result>(width: work.threadCount)
        while let chunk = try reader.nextChunkUnlessStopped(byteCount: byteCount) {
            try work.checkStop()
            try await tasks.add(to: &group) {
                try transform(chunk)
            } take: {
                try await consume($0, reader.progress)
            }
        }
        try await tasks.finish(&group) { try await consume($0, reader.progress) }
    }
    reader.progress.reportBrokenFiles(work)
}

extension CorpusProgress {
    /// Names the files that were left out from a place on.
    func reportBrokenFiles(_ work: WorkContext<PipelineEvent>) {
        for error in brokenFiles { work.report(.notice("\(error)")) }
        guard brokenFileCount > brokenFiles.count else { return }
        work.report(
            .notice(
                "\(brokenFileCount - brokenFiles.count) more files are left out from a place on"))
    }
}

/// Reader of documents or of pairs, which gives out several at once.
protocol ChunkReader: ~Copyable {
    associatedtype Item: Sendable

    /// How far it has come.
    var progress: CorpusProgress { get }

    /// The next items, of about `byteCount` bytes of text together; nil behind the last.
    mutating func nextChunk(byteCount: Int) throws(CorpusError) -> [Item]?
}

extension ChunkReader where Self: ~Copyable {
    /// As ``nextChunk(byteCount:)``.
    ///
    /// - Throws: ``PipelineError/interrupted`` when a stop was asked for while a pipe was waited
    ///   for.
    mutating func nextChunkUnlessStopped(byteCount: Int) throws -> [Item]? {
        do {
            return try nextChunk(byteCount: byteCount)
        } catch CorpusError.file(.stopped) {
            throw PipelineError.interrupted
        }
    }
}

extension CorpusReader: ChunkReader {}
extension PairReader: ChunkReader {}

extension CorpusInputs {
    /// Claims the outputs of a command, once none of them is found to meet an input and what is
    /// kept would replace no file that is no quarantine, and tells what in the folders is not read.
    /// O(files).
    ///
    /// - Parameters:
    ///   - outputs: what the command makes.
    ///   - quarantinePath: where what cannot be read is kept, if it is.
    ///   - mode: whether other processes make a share of the same.
    ///   - work: where the notice goes.
    /// - Returns: the claims, which hold as long as they live.
    func claim(
        _ outputs: [PlannedOutput], quarantinePath: String? = nil,
        mode: FileLock.Mode = .exclusive,
        work: WorkContext<PipelineEvent>
    ) throws -> [OutputClaim] {
        var outputs = outputs
        if let quarantinePath {
            for output in outputs
            where FilePlace(output.path).overlap(
                with: FilePlace(quarantinePath)) == .same
            {
                throw PipelineError.badValue(
                    key: "corpus.quarantine", reason: "\(quarantinePath) is the output itself")
            }
            outputs.append(PlannedOutput(quarantinePath, .replaced))
        }
        for output in outputs { try check(output: output.path) }
        if let quarantinePath { try check(output: Quarantine.reasonsPath(quarantinePath)) }
        let manager = FileManager.default
        // Both are there or neither: the reasons are the first to come and the last to go.
        if let quarantinePath, manager.fileExists(atPath: quarantinePath),
            !manager.fileExists(atPath: Quarantine.reasonsPath(quarantinePath))
        {
            throw PipelineError.noQuarantine(path: quarantinePath)
        }
        notify(work)
        return try outputs.map { try $0.claim(mode: mode) }
    }

    /// Tells what of the folders and patterns is not read.
    func notify(_ work: WorkContext<PipelineEvent>) {
        guard !leftOut.isEmpty else { return }
        let all =
            leftOut.names + leftOut.binaries + leftOut.hidden
            + leftOut.broken + leftOut.own
        let names = all.prefix(3).joined(separator: ", ") + (all.count > 3 ? ", …" : "")
        let advice =
            leftOut.names.isEmpty
            ? "" : "; the format \"text\" reads every file that is neither binary nor hidden"
        work.report(.notice("left out: \(leftOut.counts) (\(names))\(advice)"))
    }
}

extension CorpusConfiguration {
    /// Path of the quarantine; nil when nothing is kept.
    var keptPath: String? { onError == .quarantine ? quarantinePath : nil }
}

/// Counts of each file's documents in shards that are written one document after another.
struct SourceCounts {
    private(set) var sources: [ShardManifest.Source] = []

    var isEmpty: Bool { sources.isEmpty }

    /// A document of a file, the files one after another.
    mutating func add(_ origin: DocumentOrigin, byteCount: Int, isHeldOut: Bool) {
        if sources.last?.path != origin.path {
            sources.append(
                .init(path: origin.path, documents: 0, validationDocuments: 0, bytes: 0))
        }
        let last = sources.count - 1
        sources[last].documents += 1
        sources[last].bytes += byteCount
        if isHeldOut { sources[last].validationDocuments? += 1 }
    }
}
