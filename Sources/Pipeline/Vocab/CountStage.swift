import Corpora
import Files
import Foundation
import Tokenization
import Training
import VocabularyLearning
import Work

/// Counts the pieces of a corpus in parallel and in bounded memory.
enum CountStage {
    /// The counts, wherever they fitted.
    enum Counts: ~Copyable {
        case inMemory(PieceCounts)
        case onDisk(PieceRuns)
    }

    /// Results.
    struct Outcome: ~Copyable {
        var counts: Counts
        /// Progress of reading for it.
        var progress: CorpusProgress
        /// Claims of what is made of it.
        var claims: [OutputClaim]
    }

    /// Memory of the program itself, of reading and of merging runs.
    static let programByteCount = 40 << 20

    /// Memory for the documents that a thread works on.
    private static let threadByteCount = 4 << 20

    /// The least memory of a counter.
    private static let counterByteCount = 4 << 20

    /// Memory that may be used where no limit is given: most of the machine's, or of what limits
    /// of the process leave.
    static var defaultMemory: ByteSize {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        return ByteSize(byteCount: max(1, min(physical, AvailableMemory.byteCount)) / 4 * 3)
    }

    private static func leastByteCount(threadCount: Int) -> Int {
        programByteCount + threadCount * (threadByteCount + counterByteCount)
    }

    /// Throws unless counting can be done in so much memory.
    static func validate(_ memory: ByteSize, threadCount: Int) throws {
        let least = leastByteCount(threadCount: threadCount)
        guard memory.byteCount >= least else {
            throw PipelineError.tooLittleMemory(
                needed: ByteSize(byteCount: least).roundedUp, limit: memory,
                threadCount: threadCount)
        }
    }

    /// Counts the documents of all `corpora` that each does not set aside for validation; of pairs
    /// each side by itself.
    ///
    /// - Parameters:
    ///   - corpora: read one after the other; the counts do not depend on their order.
    ///   - readsPairs: whether they hold pairs.
    ///   - excluded: strings that are not counted.
    ///   - memory: the memory that the program may use; counts that need more go to the disk.
    ///   - path: beside this path they go.
    ///   - outputs: what is made of the counts, which is claimed before the first text is read.
    static func run(
        corpora: [CorpusConfiguration], readsPairs: Bool = false, pattern: SplitPattern,
        excluding excluded: [String], memory: ByteSize?, beside path: String,
        outputs: [PlannedOutput],
        work: WorkContext<PipelineEvent>
    ) async throws -> Outcome {
        let (threadCount, stop) = (work.threadCount, work.stop)
        let memory =
            memory
            ?? ByteSize(
                byteCount: max(
                    defaultMemory.byteCount, leastByteCount(threadCount: threadCount)))
        try validate(memory, threadCount: threadCount)
        let counting = memory.byteCount - programByteCount - threadCount * threadByteCount
        let runs = PieceRuns(
            pattern, beside: place(beside: path), counterByteCount: counting / threadCount
        ) {
            if stop.isRequested { throw PipelineError.interrupted }
        }
        let counters = Pool { PieceCounter(pattern, excluding: excluded) }
        let total = try totalByteCount(corpora, outputs)
        var progress = CorpusProgress()
        progress.totalBytes = 0
        var claims: [OutputClaim] = []
        for corpus in corpora {
            func claim(_ inputs: CorpusInputs) throws {
                // Those of the first corpus are held until the end.
                claims += try inputs.claim(
                    claims.isEmpty ? outputs : [], quarantinePath: corpus.keptPath, work: work)
            }
            let before = progress
            func show(_ part: CorpusProgress) {
                work.report(
                    .progress(
                        StageProgress(
                            activity: "counting", completed: before.bytesRead + part.bytesRead,
                            total: corpora.count > 1 ? total : part.totalBytes, unit: .bytes,
                            textBytes: before.textBytes + part.textBytes)))
            }
            let read: CorpusProgress
            if readsPairs {
                let split = corpus.validationSplit
                var reader = try PairReader(corpus, stop: work.stop)
                try claim(reader.inputs)
                try await forEachChunk(of: &reader, work: work) { pairs in
                    try counters.withItem { counter in
                        for pair in pairs where !split.isValidation(pair) {
                            for side in [pair.source, pair.target] {
                                try counter.count(Array(side.utf8).span, spillingTo: runs)
                            }
                        }
                    }
                } consume: { _, part in
                    show(part)
                }
                read = reader.progress
            } else {
                let inputs = try corpus.findInputs()
                try claim(inputs)
                let corpus = try corpus.settlingValidation(of: inputs, work: work)
                let split = corpus.validationSplit
                var reader = try CorpusReader(
                    corpus, threadCount: threadCount, stop: work.stop)
                try await forEachChunk(of: &reader, work: work) { documents in
                    try counters.withItem { counter in
                        for document in documents where !split.isValidation(document.contentHash) {
                            try counter.count(document.text.span, spillingTo: runs)
                        }
                    }
                } consume: { _, part in
                    show(part)
                }
                read = reader.progress
            }
            try work.checkStop()
            guard read.documents > 0 else {
                throw PipelineError.emptyCorpus(corpus.inputs, read)
            }
            progress += read
        }
        return Outcome(
            counts: try merge(counters.drain(), runs, limit: counting), progress: progress,
            claims: claims)
    }

    /// The stored bytes of several corpora, whose inputs are all looked up before the first is
    /// read, and none of which may meet an output; nil if one has no known size.
    private static func totalByteCount(
        _ corpora: [CorpusConfiguration], _ outputs: [PlannedOutput]
    ) throws -> Int? {
        // A reader of one knows it, and a list of inputs that comes through a pipe is read only
        // once.
        guard corpora.count > 1 else { return nil }
        return try corpora.reduce(0 as Int?) { sum, corpus in
            let reader = try CorpusReader(corpus)
            for output in outputs { try reader.inputs.check(output: output.path) }
            let count = reader.progress.totalBytes
            return sum.flatMap { sum in count.map { sum + $0 } }
        }
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

    /// A path to put files beside: `path`, or what stands above it where its directory is not there
    /// yet.
    static func place(beside path: String) -> String {
        var path = path
        while true {
            let parent = FileSystem.parentDirectory(of: path)
            if parent == path || FileManager.default.fileExists(atPath: parent) { return path }
            path = parent
        }
    }
}

/// A file of counts that is kept from one training to the next, and beside it, in `FILE.json`, what
/// was counted, so that counts of another corpus are never taken for those of this one.
struct KeptCounts {
    /// The counts, if they are there and are those of the corpus as it is.
    let file: PieceCountsFile?

    private let recordPath: String
    private let current: Record

    private struct Record: Codable, Equatable {
        /// The fingerprint of the corpora and of how they are read; nil while counts are being
        /// written.
        var corpus: String?
        /// Pattern that cut the text.
        var pattern: SplitPattern
        /// Strings that were not counted; nil for none.
        var excluded: [String]?
    }

    /// Whether there are other counts, which those of this corpus are to replace.
    let replacesOthers: Bool

    /// The path of the record of counts at `path`.
    static func recordPath(_ path: String) -> String { path + ".json" }

    /// Looks for counts at `path`.
    ///
    /// - Throws: ``PipelineError/foreignCounts(path:)`` for counts without a record, which were
    ///   made in another way and which may have taken long.
    init(
        path: String, corpora: [CorpusConfiguration], pattern: SplitPattern,
        excluding excluded: [String] = []
    ) throws {
        let identities = try corpora.map { try CorpusIdentity($0).fingerprint }
        current = Record(
            corpus: try StageLedger.fingerprint(identities), pattern: pattern,
            excluded: excluded.isEmpty ? nil : excluded.sorted())
        recordPath = Self.recordPath(path)
        guard FileManager.default.fileExists(atPath: path) else {
            (file, replacesOthers) = (nil, false)
            return
        }
        guard let data = try FileSystem.contents(recordPath),
            let recorded = try? JSONDecoder().decode(Record.self, from: data)
        else { throw PipelineError.foreignCounts(path: path) }
        file = recorded == current ? try PieceCountsFile(path: path) : nil
        replacesOthers = recorded != current
    }

    /// Records that counts are being written: after a run that ends meanwhile they are those of no
    /// corpus, and may be replaced.
    func begin() throws {
        try FileReplacement.writeJSON(Record(corpus: nil, pattern: current.pattern), to: recordPath)
    }

    /// Records that the counts are there now.
    func confirm() throws {
        try FileReplacement.writeJSON(current, to: recordPath)
    }
}
