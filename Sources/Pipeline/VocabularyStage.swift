public import Corpora
import Storage
public import Tokenization
public import Training

/// Learns a vocabulary from a corpus.
public enum VocabularyStage {
    /// What came out.
    public struct Outcome: Sendable {
        /// The vocabulary.
        public var vocabulary: Vocabulary
        /// What was read for it.
        public var progress: CorpusProgress
        /// Where it was written.
        public var files: [String]
    }

    /// Counts pieces in parallel, merges, and writes `directory`.
    ///
    /// The documents that `corpus` sets aside for validation are not learned from. The result does
    /// not depend on `threadCount`.
    public static func run(
        corpus: CorpusConfiguration, vocabulary configuration: VocabularyConfiguration,
        directory: String, threadCount: Int, stop: StopSignal,
        report: (PipelineEvent) -> Void
    ) async throws -> Outcome {
        // Before the corpus is read: it may take long, and the configuration may be wrong.
        let trainer = try VocabularyTrainer(configuration)
        let split = ValidationSplit(fraction: corpus.validationFraction)
        let pattern = configuration.pattern
        let counters = Pool { PieceCounter(pattern) }
        var reader = try CorpusReader(corpus)
        try await forEachChunk(of: &reader, threadCount: threadCount, stop: stop) { documents in
            counters.withItem { counter in
                for document in documents where !split.isValidation(document.contentHash) {
                    counter.count(document.text.span)
                }
            }
        } consume: { _, progress in
            report(
                .progress(
                    StageProgress(
                        activity: "counting", completed: progress.bytesRead,
                        total: progress.totalBytes, unit: .bytes)))
        }
        let progress = reader.progress
        guard progress.documents > 0 else {
            throw PipelineError.emptyCorpus(inputs: corpus.inputs)
        }
        var counts = PieceCounts()
        for counter in counters.drain() {
            var other = counter.takeCounts()
            if other.count > counts.count { swap(&counts, &other) }
            try counts.merge(other)
        }

        let vocabulary = try trainer.train(counts) { done, total in
            report(
                .progress(
                    StageProgress(
                        activity: "merging", completed: done, total: total, unit: .merges)))
        }
        if vocabulary.count < configuration.vocabularySize {
            report(
                .notice(
                    """
                    the corpus has pairs for \(vocabulary.count) tokens only, not for \
                    \(configuration.vocabularySize)
                    """))
        }
        try makeDirectory(directory)
        try vocabulary.write(toDirectory: directory)
        return Outcome(
            vocabulary: vocabulary, progress: progress,
            files: fileNames.map { directory + "/" + $0 })
    }

    /// What a vocabulary's directory holds.
    private static let fileNames = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "tokens.tsv",
    ]
}
