public import Corpora
import TokenShards
public import Training
import Work

/// Progress of a stage.
public struct StageProgress: Sendable, Equatable {
    /// Unit of the two numbers.
    public enum Unit: Sendable {
        /// Bytes of the input files.
        case bytes
        /// Distinct pieces of text.
        case pieces
        /// Merges of a vocabulary.
        case merges
        /// Tokens.
        case tokens
        /// Documents, or places where they are compared.
        case documents
        /// Parameters of a model.
        case parameters
    }

    /// Activity of the stage, as a word: "counting", "merging", "encoding".
    public var activity: String
    /// Units that are done.
    public var completed: Int
    /// Units in all; nil when that is not known, as with a pipe.
    public var total: Int?
    /// Unit of the two numbers.
    public var unit: Unit
    /// Bytes of text that were worked on, where the two numbers count bytes as they are stored; nil
    /// where there is no text.
    public var textBytes: Int?

    /// A stage's state.
    public init(
        activity: String, completed: Int, total: Int?, unit: Unit, textBytes: Int? = nil
    ) {
        self.activity = activity
        self.completed = completed
        self.total = total
        self.unit = unit
        self.textBytes = textBytes
    }

    /// The state of a stage that reads a corpus.
    public init(activity: String, reading progress: CorpusProgress) {
        self.init(
            activity: activity, completed: progress.bytesRead, total: progress.totalBytes,
            unit: .bytes)
        textBytes = progress.textBytes
    }
}

/// Events that the work reports while it goes on. Only the program prints them.
public enum PipelineEvent: Sendable {
    /// A stage begins, with one of several sources where it does each by itself.
    case started(Stage, source: String?)
    /// A stage has nothing to do.
    case upToDate(Stage, source: String?)
    /// A stage has come so far.
    case progress(StageProgress)
    /// Something happened in training.
    case training(TrainingEvent)
    /// Something that a person should know and that is no error.
    case notice(String)
    /// Another checkpoint is used than a person may expect, or stands for the best; a sentence.
    case otherCheckpoint(String)
    /// Shards that are about to be read were found to be as they were written.
    case checkedShards(count: Int, byteCount: Int)
    /// A stage is done; the files that it made or keeps.
    case finished(Stage, source: String?, outputs: [String])
}

extension WorkContext<PipelineEvent> {
    /// Throws when the work is to end before it is done.
    func checkStop() throws(PipelineError) {
        if stop.isRequested { throw .interrupted }
    }

    /// Compares the shards of data sets that are about to be read with their checksums, and throws
    /// where they are not as they were written. O(bytes), at the speed of memory.
    ///
    /// - Parameter isTold: whether it says so where they are.
    func checkShards(of sets: [ShardSet], isTold: Bool) throws {
        let sets = sets.filter { $0.layout == .quern }
        let total = sets.reduce(0) { $0 + $1.byteCount() }
        guard total > 0 else { return }
        let start = ContinuousClock.now
        var done = 0
        for set in sets {
            try set.verifyChecksums { count in
                try checkStop()
                // What takes less than a moment is told when it is done.
                guard ContinuousClock.now - start > .seconds(1) else { return }
                try show("checking shards", completed: done + count, of: total, unit: .bytes)
            }
            done += set.byteCount()
        }
        guard isTold else { return }
        let count = sets.reduce(0) { $0 + $1.manifest.shards.count }
        report(.checkedShards(count: count, byteCount: total))
    }

    /// Reports how far a stage has come, and throws when it is to end.
    func show(
        _ activity: String, completed: Int, of total: Int, unit: StageProgress.Unit
    ) throws(PipelineError) {
        try checkStop()
        report(
            .progress(
                StageProgress(activity: activity, completed: completed, total: total, unit: unit)))
    }
}
