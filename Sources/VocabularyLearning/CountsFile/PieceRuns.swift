import Files
import Synchronization
public import Tokenization

/// Counts that did not fit into memory: sorted runs in temporary files, which are merged whenever
/// there are many. Any thread may add to it.
///
/// The files have no names, so that nothing is left of them however the process ends.
public final class PieceRuns: Sendable {
    /// Pattern that cuts the pieces.
    public let pattern: SplitPattern

    /// The memory that each counter may use before it spills.
    let counterByteCount: Int

    private let path: String
    private let checkpoint: @Sendable () throws -> Void
    private let state = Mutex(State())

    /// Runs that are merged into one.
    static let fanIn = 32

    private struct State {
        /// Runs by how often their pieces were merged; each level has fewer than ``fanIn``.
        var levels: [[OpenFile]] = []
    }

    /// No runs yet.
    ///
    /// - Parameters:
    ///   - pattern: how the pieces are cut.
    ///   - path: beside this path the files take their place on the disk.
    ///   - counterByteCount: the memory of one counter.
    ///   - checkpoint: called now and then while runs are added and merged; may throw to end the
    ///     work.
    public init(
        _ pattern: SplitPattern, beside path: String, counterByteCount: Int,
        checkpoint: @escaping @Sendable () throws -> Void = {}
    ) {
        self.checkpoint = checkpoint
        self.pattern = pattern
        self.path = path
        self.counterByteCount = counterByteCount
    }

    /// Whether nothing was spilled.
    public var isEmpty: Bool { state.withLock { $0.levels.allSatisfy(\.isEmpty) } }

    /// Adds counts as a run. O(their size · log).
    public func add(_ counts: consuming PieceCounts) throws {
        try checkpoint()
        let file = try makeFile()
        var writer = PieceCountsWriter(TemporarySink(file), pattern: pattern)
        try counts.writeSorted(to: &writer)
        _ = try writer.finish()
        try add(file) { _, _ in try checkpoint() }
    }

    /// Adds a file of counts as a run, and merges when there are too many.
    func add(_ file: OpenFile, checkpoint: PieceCountsMerge.Checkpoint) throws {
        var file = file
        var level = 0
        while true {
            let full: [OpenFile]? = state.withLock { state in
                while state.levels.count <= level { state.levels.append([]) }
                state.levels[level].append(file)
                guard state.levels[level].count == Self.fanIn else { return nil }
                defer { state.levels[level] = [] }
                return state.levels[level]
            }
            guard let full else { return }
            file = try merge(full, checkpoint)
            level += 1
        }
    }

    private func merge(
        _ files: [OpenFile], _ checkpoint: PieceCountsMerge.Checkpoint
    ) throws -> OpenFile {
        let merged = try makeFile()
        var writer = PieceCountsWriter(TemporarySink(merged), pattern: pattern)
        try PieceCountsMerge.write(files, to: &writer, checkpoint: checkpoint)
        _ = try writer.finish()
        return merged
    }

    /// All runs, of which there is at least one, as one file of counts, which leaves none here.
    /// O(bytes · log of the runs).
    ///
    /// - Parameter checkpoint: told now and then how many pieces were read, and how many there are;
    ///   may throw to end the work.
    public func takeMerged(
        checkpoint: (_ piecesRead: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> PieceCountsFile {
        let files = try takeFew(checkpoint)
        return try PieceCountsFile(files.count == 1 ? files[0] : merge(files, checkpoint))
    }

    /// Writes all runs as one file of counts at `path`, which leaves none here. O(bytes · log of
    /// the runs).
    public func writeMerged(
        to path: String,
        checkpoint: (_ piecesRead: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> PieceCountsFile {
        var writer = PieceCountsWriter(try FileReplacement(path: path), pattern: pattern)
        try PieceCountsMerge.write(takeFew(checkpoint), to: &writer, checkpoint: checkpoint)
        var file = try writer.finish()
        try file.commit()
        return try PieceCountsFile(path: path)
    }

    /// The runs, after merging so many of them that one merge does for the rest.
    private func takeFew(_ checkpoint: PieceCountsMerge.Checkpoint) throws -> [OpenFile] {
        var files = state.withLock { state in
            defer { state.levels = [] }
            return state.levels.flatMap { $0 }
        }
        while files.count > Self.fanIn {
            // The first are those that were merged least.
            let some = Array(files.prefix(Self.fanIn))
            files.removeFirst(some.count)
            files.append(try merge(some, checkpoint))
        }
        return files
    }

    private func makeFile() throws(TokenizationError) -> OpenFile {
        do {
            return try OpenFile(temporaryBeside: path)
        } catch {
            throw .file(error)
        }
    }
}
