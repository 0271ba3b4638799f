public import Corpora
import Files
public import Tokenization
import Training
import VocabularyFiles
public import VocabularyLearning
public import Work

/// Learns a vocabulary from a corpus, at once or by way of a file of counts.
public enum VocabStage {
    /// Results.
    public struct Outcome: Sendable {
        /// The vocabulary.
        public var vocabulary: Vocabulary
        /// Progress of reading for it; `nil` if counts were there already.
        public var progress: CorpusProgress?
        /// Distinct pieces of the text.
        public var pieceCount: Int
        /// Files that were written.
        public var files: [String]
        /// The bytes a token of each source, where they were learned from by parity; else empty.
        public var bytesPerToken: [Double] = []
    }

    /// Results of counting.
    public struct CountOutcome: Sendable {
        /// The counts.
        public var counts: PieceCountsFile
        /// Progress of reading for them.
        public var progress: CorpusProgress
    }

    /// Counts pieces in parallel, learns from them, and writes `directory`.
    ///
    /// The documents that `corpus` sets aside for validation are not learned from. The result does
    /// not depend on the number of threads, nor on the memory that the configuration allows.
    ///
    /// - Parameters:
    ///   - corpus: the corpus to learn from.
    ///   - configuration: how the vocabulary is learned.
    ///   - directory: where the vocabulary goes.
    ///   - countsPath: where the counts are kept. If they are there, and the corpus has not changed
    ///     since, it is not read again.
    ///   - overwrites: whether another vocabulary that is in the directory is replaced.
    ///   - work: threads, the signal to stop, and where events go.
    public static func run(
        corpus: CorpusConfiguration, vocabulary configuration: VocabularyConfiguration,
        directory: String, countsPath: String? = nil, overwrites: Bool = false,
        work: WorkContext<PipelineEvent>
    ) async throws -> Outcome {
        try await run(
            corpora: [corpus], vocabulary: configuration, directory: directory,
            countsPath: countsPath, overwrites: overwrites, work: work)
    }

    /// Learns from several corpora as from one that holds what each of them does not set aside, as
    /// ``run(corpus:vocabulary:directory:countsPath:overwrites:work:)`` does.
    public static func run(
        corpora: [CorpusConfiguration], vocabulary configuration: VocabularyConfiguration,
        directory: String, countsPath: String? = nil, overwrites: Bool = false,
        work: WorkContext<PipelineEvent>
    ) async throws -> Outcome {
        let existing = ExistingVocabulary(path: directory, overwrites: overwrites)
        try check(existing, against: configuration)
        return try await run(
            corpora: corpora, readsPairs: false, vocabulary: configuration, directory: directory,
            countsPath: countsPath, willWrite: existing.check, work: work)
    }

    /// As the above, or from the sources and the targets of pairs.
    ///
    /// - Parameter willWrite: called with the vocabulary before it is written.
    static func run(
        corpora: [CorpusConfiguration], readsPairs: Bool,
        vocabulary configuration: VocabularyConfiguration,
        directory: String, countsPath: String? = nil,
        willWrite: (Vocabulary) throws -> Void = { _ in },
        work: WorkContext<PipelineEvent>
    ) async throws -> Outcome {
        // Before the corpus is read: it may take long, and the configuration may be wrong.
        let trainer = try VocabularyTrainer(configuration)
        if configuration.parity {
            guard countsPath == nil else {
                throw TokenizationError.invalidConfiguration(
                    reason: "counts of several sources are not kept in one file; count each, and "
                        + "learn from the counts")
            }
            return try await learn(
                parity: corpora, parallel: [], readsPairs: readsPairs, with: trainer,
                directory: directory, willWrite: willWrite, work: work)
        }
        let kept = try countsPath.map { countsPath in
            // A list of inputs may be a pipe, which is read once only.
            for corpus in corpora where corpus.inputsFrom == nil {
                try corpus.findInputs().check(output: countsPath)
            }
            return try KeptCounts(
                path: countsPath, corpora: corpora, pattern: configuration.pattern,
                excluding: configuration.excludedContents)
        }
        let texts =
            configuration.superwordsFrom == nil
            ? nil
            : try await superwordTexts(
                of: corpora, readsPairs: readsPairs, configuration, directory: directory,
                work: work)
        if let countsPath, let kept {
            if let file = kept.file {
                work.report(.notice("the corpus has not changed since \(countsPath) was counted"))
                let claims = try [
                    vocabularyOutput(directory).claim(), OutputClaim(countsPath, .replaced),
                ]
                defer { withExtendedLifetime(claims) {} }
                return try learn(
                    file, texts, with: trainer, directory: directory, willWrite: willWrite,
                    work: work)
            }
            if kept.replacesOthers {
                work.report(
                    .notice(
                        """
                        \(countsPath) was counted of another corpus or with another pattern, or \
                        the corpus has changed since: it is counted anew
                        """))
            }
            let (counted, claims) = try await count(
                corpora: corpora, pattern: configuration.pattern,
                excluding: configuration.excludedContents, memory: configuration.memory,
                path: countsPath, directory: directory, work: work, willWrite: kept.begin)
            defer { withExtendedLifetime(claims) {} }
            try kept.confirm()
            var outcome = try learn(
                counted.counts, texts, with: trainer, directory: directory, willWrite: willWrite,
                work: work)
            outcome.progress = counted.progress
            return outcome
        }
        let counted = try await CountStage.run(
            corpora: corpora, readsPairs: readsPairs, pattern: configuration.pattern,
            excluding: configuration.excludedContents, memory: configuration.memory,
            beside: directory,
            outputs: [vocabularyOutput(directory)], work: work)
        let (progress, claims) = (counted.progress, counted.claims)
        defer { withExtendedLifetime(claims) {} }
        var outcome: Outcome
        if let texts {
            let file = try file(
                of: counted.counts, configuration.pattern, beside: directory, work: work)
            outcome = try learn(
                file, texts, with: trainer, directory: directory, willWrite: willWrite, work: work)
            outcome.progress = progress
            return outcome
        }
        switch consume counted.counts {
        case .inMemory(let counts):
            outcome = try learn(
                counts, with: trainer, directory: directory, willWrite: willWrite, work: work)
        case .onDisk(let runs):
            let file = try runs.takeMerged { done, total in
                try work.show("merging counts", completed: done, of: total, unit: .pieces)
            }
            outcome = try learn(
                file, nil, with: trainer, directory: directory, willWrite: willWrite, work: work)
        }
        outcome.progress = progress
        return outcome
    }

    /// Counts pieces in parallel and writes them to `path`: the first half of `run`, for each of
    /// many machines. A file that holds no counts is not replaced unless `overwrites`.
    ///
    /// - Parameters:
    ///   - corpus: the texts.
    ///   - pattern: what cuts them.
    ///   - excluded: strings, such as special tokens, that are not counted where they stand in a
    ///     text.
    ///   - memory: how much the counts may take.
    ///   - path: the file to write.
    ///   - overwrites: whether it may take the place of a file of another kind.
    ///   - work: where events go, and what stops it.
    public static func count(
        corpus: CorpusConfiguration, pattern: SplitPattern, excluding excluded: [String] = [],
        memory: ByteSize?, path: String, overwrites: Bool = false,
        work: WorkContext<PipelineEvent>
    ) async throws -> CountOutcome {
        try await count(
            corpora: [corpus], pattern: pattern, excluding: excluded, memory: memory, path: path,
            directory: nil,
            overwrites: overwrites, work: work
        ).counted
    }

    private static func count(
        corpora: [CorpusConfiguration], pattern: SplitPattern, excluding excluded: [String],
        memory: ByteSize?, path: String, directory: String?, overwrites: Bool = true,
        work: WorkContext<PipelineEvent>,
        willWrite: () throws -> Void = {}
    ) async throws -> (counted: CountOutcome, claims: [OutputClaim]) {
        // Before the corpus is read: a place where nothing can be written must not be found out
        // about later.
        try FileSystem.makeDirectory(FileSystem.parentDirectory(of: path))
        let counted = try await CountStage.run(
            corpora: corpora, pattern: pattern, excluding: excluded, memory: memory, beside: path,
            outputs: [countsOutput(path, overwrites: overwrites)]
                + (directory.map {
                    [
                        PlannedOutput(KeptCounts.recordPath(path), .replaced),
                        vocabularyOutput($0),
                    ]
                } ?? []),
            work: work)
        let (progress, claims) = (counted.progress, counted.claims)
        defer { withExtendedLifetime(claims) {} }
        try willWrite()
        switch consume counted.counts {
        case .inMemory(let counts):
            let file = try PieceCountsFile.write(counts, pattern: pattern, to: path)
            return (CountOutcome(counts: file, progress: progress), claims)
        case .onDisk(let runs):
            let file = try runs.writeMerged(to: path) { done, total in
                try work.show("merging counts", completed: done, of: total, unit: .pieces)
            }
            return (CountOutcome(counts: file, progress: progress), claims)
        }
    }

    static func vocabularyOutput(_ directory: String) -> PlannedOutput {
        PlannedOutput(directory, .filled, .directory(.vocabulary))
    }

    private static func countsOutput(_ path: String, overwrites: Bool) -> PlannedOutput {
        PlannedOutput(path, .replaced, .file(PieceCountsFile.kind, overwrites: overwrites))
    }

    /// Adds files of counts up and writes the sum to `path`, in bounded memory. A file that holds
    /// no counts is not replaced unless `overwrites`.
    public static func mergeCounts(
        _ inputs: [String], path: String, overwrites: Bool = false,
        work: WorkContext<PipelineEvent>
    ) throws -> PieceCountsFile {
        try FilePlace.check(output: path, inputs: inputs)
        let claim = try countsOutput(path, overwrites: overwrites).claim()
        defer { withExtendedLifetime(claim) {} }
        return try PieceCountsFile.merge(inputs, to: path) { done, total in
            try work.show("merging counts", completed: done, of: total, unit: .pieces)
        }
    }

    /// Learns from counts and writes `directory`: the second half of `run`.
    ///
    /// - Parameters:
    ///   - file: counts of pieces that the configuration's pattern cut.
    ///   - texts: counts of pieces of `SplitPattern.superbpe`, of which superwords are learned
    ///     behind the words; nil for words alone.
    ///   - configuration: what to learn.
    ///   - directory: the directory to write.
    ///   - overwrites: whether it may take the place of another vocabulary.
    ///   - work: where events go, and what stops it.
    public static func learn(
        _ file: PieceCountsFile, superwords texts: PieceCountsFile? = nil,
        vocabulary configuration: VocabularyConfiguration, directory: String,
        overwrites: Bool = false, work: WorkContext<PipelineEvent>
    ) throws -> Outcome {
        try FilePlace.check(
            output: directory, inputs: [file.path] + [texts?.path].compactMap(\.self))
        let claim = try vocabularyOutput(directory).claim()
        defer { withExtendedLifetime(claim) {} }
        let existing = ExistingVocabulary(path: directory, overwrites: overwrites)
        try check(existing, against: configuration)
        return try learn(
            file, texts, with: VocabularyTrainer(configuration), directory: directory,
            willWrite: existing.check, work: work)
    }

    /// Throws before any work if it is plain that another vocabulary than that which is there will
    /// be learned. O(size of what is there).
    static func check(
        _ existing: ExistingVocabulary, against wanted: VocabularyConfiguration
    ) throws {
        guard let old = existing.kept, !changes(of: old, to: wanted).isEmpty else { return }
        throw TokenizationError.otherVocabulary(path: existing.path)
    }

    /// Settings with which `old` cannot have been learned.
    static func changes(
        of old: Vocabulary, to wanted: VocabularyConfiguration
    ) -> [RecipeChange] {
        var changes: [RecipeChange] = []
        if old.count > wanted.vocabularySize {
            changes.append(
                RecipeChange(
                    key: "vocabulary.vocab_size", before: "\(old.count)",
                    after: "\(wanted.vocabularySize)"))
        }
        for (key, before, after) in [
            ("model", old.model.rawValue, wanted.model.rawValue),
            ("pattern", old.pattern.rawValue, wanted.finalPattern.rawValue),
        ] where before != after {
            changes.append(
                RecipeChange(
                    key: "vocabulary.\(key)", before: "\"\(before)\"", after: "\"\(after)\""))
        }
        return changes
    }

    /// Learns from counts of words and, for superwords, of texts.
    static func learn(
        _ file: PieceCountsFile, _ texts: PieceCountsFile?, with trainer: VocabularyTrainer,
        directory: String,
        willWrite: (Vocabulary) throws -> Void = { _ in }, work: WorkContext<PipelineEvent>
    ) throws -> Outcome {
        try check(file.pieceCount, byteCount: file.pieceByteCount, for: trainer, work: work)
        if let texts {
            let vocabulary = try superwords(
                file, texts, with: trainer, beside: directory, work: work)
            return try write(
                vocabulary, pieceCount: file.pieceCount, of: trainer, directory: directory,
                willWrite: willWrite, work: work)
        }
        let vocabulary = try trainer.train(file, threadCount: work.threadCount) { done, total in
            try show(done, of: total, trainer.configuration.model, work: work)
        }
        return try write(
            vocabulary, pieceCount: file.pieceCount, of: trainer, directory: directory,
            willWrite: willWrite, work: work)
    }

    private static func learn(
        _ counts: consuming PieceCounts, with trainer: VocabularyTrainer, directory: String,
        willWrite: (Vocabulary) throws -> Void = { _ in }, work: WorkContext<PipelineEvent>
    ) throws -> Outcome {
        let pieceCount = counts.count
        try check(pieceCount, byteCount: counts.byteCount, for: trainer, work: work)
        let vocabulary = try trainer.train(counts, threadCount: work.threadCount) { done, total in
            try show(done, of: total, trainer.configuration.model, work: work)
        }
        return try write(
            vocabulary, pieceCount: pieceCount, of: trainer, directory: directory,
            willWrite: willWrite, work: work)
    }

    /// Shows how far learning has come.
    static func show(
        _ done: Int, of total: Int, _ model: VocabularyModel, work: WorkContext<PipelineEvent>
    ) throws {
        let isMerging = model == .bpe
        try work.show(
            isMerging ? "merging" : "choosing", completed: done, of: total,
            unit: isMerging ? .merges : .pieces)
    }

    /// Throws unless there is something to learn from and memory for it, and says how much learning
    /// takes if that is much.
    static func check(
        _ pieceCount: Int, byteCount: Int, for trainer: VocabularyTrainer,
        work: WorkContext<PipelineEvent>
    ) throws {
        guard pieceCount > 0 else { throw PipelineError.nothingToLearn }
        let needed = ByteSize(
            byteCount: trainer.memoryEstimate(
                pieceCount: pieceCount, pieceByteCount: byteCount, threadCount: work.threadCount)
                + CountStage.programByteCount
        ).roundedUp
        let limit = trainer.configuration.memory ?? CountStage.defaultMemory
        guard needed.byteCount <= limit.byteCount else {
            throw TokenizationError.notEnoughMemory(
                needed: needed, limit: limit, pieceCount: pieceCount)
        }
        guard needed.byteCount > 256 << 20 else { return }
        work.report(
            .notice("learning from \(pieceCount) distinct pieces takes about \(needed) of memory"))
    }

    static func write(
        _ vocabulary: Vocabulary, pieceCount: Int, of trainer: VocabularyTrainer,
        directory: String, willWrite: (Vocabulary) throws -> Void,
        work: WorkContext<PipelineEvent>
    ) throws -> Outcome {
        if vocabulary.count < trainer.configuration.vocabularySize {
            let parts = vocabulary.model == .bpe ? "pairs" : "\(vocabulary.model.rawValue)s"
            work.report(
                .notice(
                    """
                    the corpus has \(parts) for \(vocabulary.count) tokens only, not for \
                    \(trainer.configuration.vocabularySize)
                    """))
        }
        try willWrite(vocabulary)
        if let old = try? Vocabulary(directory: directory),
            old.fingerprint != vocabulary.fingerprint
        {
            work.report(
                .notice(
                    """
                    the vocabulary that was in \(directory), of \(old.count) tokens, is replaced \
                    by another one: shards that were made with it need it
                    """))
        }
        try FileSystem.makeDirectory(directory)
        try vocabulary.write(toDirectory: directory)
        return Outcome(
            vocabulary: vocabulary, progress: nil, pieceCount: pieceCount,
            files: fileNames.map { directory + "/" + $0 })
    }

    /// Files of a vocabulary's directory.
    private static let fileNames = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "tokens.tsv",
    ]
}
