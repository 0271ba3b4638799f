import Corpora
import Foundation
import Storage
import Tokenization
import Training

/// Counts the pieces of a corpus in parallel and in bounded memory.
enum CountingStage {
    /// The counts, wherever they fitted.
    enum Counts: ~Copyable {
        case inMemory(PieceCounts)
        case onDisk(PieceRuns)
    }

    /// What came out.
    struct Outcome: ~Copyable {
        var counts: Counts
        /// What was read for it.
        var progress: CorpusProgress
    }

    /// Memory of the program itself, of reading and of merging runs.
    static let programByteCount = 40 << 20

    /// Memory for the documents that a thread works on.
    private static let threadByteCount = 4 << 20

    /// The least memory of a counter.
    private static let counterByteCount = 4 << 20

    /// The memory that may be used unless somebody says so: most of the machine's.
    static var defaultMemory: MemoryLimit {
        MemoryLimit(byteCount: Int(clamping: ProcessInfo.processInfo.physicalMemory) / 4 * 3)
    }

    /// Throws unless counting can be done in so much memory.
    static func validate(_ memory: MemoryLimit, threadCount: Int) throws {
        let least = programByteCount + threadCount * (threadByteCount + counterByteCount)
        guard memory.byteCount >= least else {
            let rounded = MemoryLimit(byteCount: least).roundedUp
            throw PipelineError.badValue(
                key: "vocabulary.memory",
                reason:
                    "it is \(memory); counting with \(threadCount) threads takes \(rounded), and "
                    + "less with fewer threads (--threads)")
        }
    }

    /// Counts the documents that `corpus` does not set aside for validation.
    ///
    /// - Parameters:
    ///   - memory: what the program may use; counts that need more go to the disk.
    ///   - path: beside this path they go.
    static func run(
        corpus: CorpusConfiguration, pattern: SplitPattern, memory: MemoryLimit?,
        beside path: String, threadCount: Int, stop: StopSignal,
        report: (PipelineEvent) -> Void
    ) async throws -> Outcome {
        let memory = memory ?? defaultMemory
        try validate(memory, threadCount: threadCount)
        let split = ValidationSplit(fraction: corpus.validationFraction)
        let counting = memory.byteCount - programByteCount - threadCount * threadByteCount
        let runs = PieceRuns(
            pattern, beside: place(beside: path), counterByteCount: counting / threadCount
        ) {
            if stop.isRequested { throw PipelineError.interrupted }
        }
        let counters = Pool { PieceCounter(pattern) }
        var reader = try CorpusReader(corpus, threadCount: threadCount)
        try await forEachChunk(of: &reader, threadCount: threadCount, stop: stop) { documents in
            try counters.withItem { counter in
                for document in documents where !split.isValidation(document.contentHash) {
                    try counter.count(document.text.span, spillingTo: runs)
                }
            }
        } consume: { _, progress in
            report(.progress(StageProgress(activity: "counting", reading: progress)))
        }
        if stop.isRequested { throw PipelineError.interrupted }
        guard reader.progress.documents > 0 else {
            throw PipelineError.emptyCorpus(inputs: corpus.inputs)
        }
        return Outcome(
            counts: try merge(counters.drain(), runs, limit: counting), progress: reader.progress)
    }

    /// The counts of all counters together.
    private static func merge(
        _ counters: [PieceCounter], _ runs: PieceRuns, limit: Int
    ) throws -> Counts {
        // A table that takes in another may grow to the size of both, and has both while it grows.
        let needed = counters.count > 1 ? 3 * counters.reduce(0) { $0 + $1.byteCount } : 0
        guard runs.isEmpty, needed <= limit else {
            for counter in counters { try runs.add(counter.takeCounts()) }
            return .onDisk(runs)
        }
        var counts = PieceCounts()
        for counter in counters {
            var other = counter.takeCounts()
            if other.count > counts.count { swap(&counts, &other) }
            try counts.merge(other)
        }
        return .inMemory(counts)
    }

    /// A path to put files beside: `path`, or what stands above it where its directory is not there yet.
    private static func place(beside path: String) -> String {
        var path = path
        while true {
            let parent = parentDirectory(of: path)
            if parent == path || FileManager.default.fileExists(atPath: parent) { return path }
            path = parent
        }
    }
}
