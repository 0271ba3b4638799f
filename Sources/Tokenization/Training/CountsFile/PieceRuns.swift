import Storage
import Synchronization

/// Counts that did not fit into memory: sorted runs in temporary files, which are merged whenever there
/// are many. Any thread may add to it.
///
/// The files have no names, so that nothing is left of them however the process ends.
public final class PieceRuns: Sendable {
    /// How the pieces are cut.
    public let pattern: SplitPattern

    /// The memory that each counter may use before it spills.
    let counterByteCount: Int

    private let path: String
    private let checkpoint: @Sendable (UInt64) throws -> Void
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
    ///   - path: beside this path the files take their place on the disk.
    ///   - counterByteCount: the memory of one counter.
    ///   - checkpoint: called now and then while runs are merged, with the number of pieces written so
    ///     far; may throw to end the work.
    public init(
        _ pattern: SplitPattern, beside path: String, counterByteCount: Int,
        checkpoint: @escaping @Sendable (UInt64) throws -> Void = { _ in }
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
        let file = try makeFile()
        var writer = PieceCountsWriter(TemporarySink(file), pattern: pattern)
        try counts.writeSorted(to: &writer)
        _ = try writer.finish()
        try add(file)
    }

    /// Adds a file of counts as a run.
    func add(_ file: OpenFile) throws { try add(file, level: 0) }

    /// Adds a run, and merges what is too much of its kind.
    private func add(_ file: OpenFile, level: Int) throws {
        var file = file
        var level = level
        while true {
            let full: [OpenFile]? = state.withLock { state in
                while state.levels.count <= level { state.levels.append([]) }
                state.levels[level].append(file)
                guard state.levels[level].count == Self.fanIn else { return nil }
                defer { state.levels[level] = [] }
                return state.levels[level]
            }
            guard let full else { return }
            file = try merge(full)
            level += 1
        }
    }

    private func merge(_ files: [OpenFile]) throws -> OpenFile {
        let merged = try makeFile()
        var writer = PieceCountsWriter(TemporarySink(merged), pattern: pattern)
        try PieceCountsMerge.write(files, to: &writer, checkpoint: checkpoint)
        _ = try writer.finish()
        return merged
    }

    /// All runs as one file of counts, which leaves none here. O(bytes · log of the runs).
    public func takeMerged() throws -> PieceCountsFile {
        var files = try takeFew()
        let merged = files.count == 1 ? files.removeLast() : try merge(files)
        return try PieceCountsFile(merged)
    }

    /// Writes all runs as one file of counts at `path`, which leaves none here.
    public func writeMerged(to path: String) throws -> PieceCountsFile {
        try PieceCountsFile.merge(takeFew(), pattern: pattern, to: path, checkpoint: checkpoint)
    }

    /// The runs, after merging so many of them that one merge does for the rest.
    private func takeFew() throws -> [OpenFile] {
        var files = state.withLock { state in
            defer { state.levels = [] }
            return state.levels.flatMap { $0 }
        }
        while files.count > Self.fanIn {
            // The first are those that were merged least.
            let some = Array(files.prefix(Self.fanIn))
            files.removeFirst(some.count)
            files.append(try merge(some))
        }
        return files
    }

    private func makeFile() throws(TokenizationError) -> OpenFile {
        do {
            return try OpenFile(temporaryBeside: path)
        } catch {
            throw .storage(error)
        }
    }
}
