import Corpora
import Files
import Tokenization
import VocabularyFiles
import VocabularyLearning
import Work

extension VocabStage {
    /// Counts of the texts of corpora, which are read once more for their words.
    static func superwordTexts(
        of corpora: [CorpusConfiguration], readsPairs: Bool,
        _ configuration: VocabularyConfiguration, directory: String,
        work: WorkContext<PipelineEvent>
    ) async throws -> PieceCountsFile {
        guard !corpora.contains(where: { $0.inputsFrom != nil || $0.inputs.contains("-") }) else {
            throw TokenizationError.invalidConfiguration(
                reason: "superwords_from needs inputs that can be read twice; for a pipe, count "
                    + "the pieces of both patterns and learn from the counts")
        }
        let corpora = corpora.map { corpus in
            // What cannot be read is kept when the words are counted.
            var corpus = corpus
            if corpus.onError == .quarantine { corpus.onError = .skip }
            return corpus
        }
        let counted = try await CountStage.run(
            corpora: corpora, readsPairs: readsPairs, pattern: .superbpe,
            excluding: configuration.excludedContents, memory: configuration.memory,
            beside: directory, outputs: [vocabularyOutput(directory)], work: work)
        return try file(of: counted.counts, .superbpe, beside: directory, work: work)
    }

    /// Counts in a file without a name, beside `path` if they are not on the disk yet.
    static func file(
        of counts: consuming CountStage.Counts, _ pattern: SplitPattern, beside path: String,
        work: WorkContext<PipelineEvent>
    ) throws -> PieceCountsFile {
        func merged(_ runs: PieceRuns) throws -> PieceCountsFile {
            try runs.takeMerged { done, total in
                try work.show("merging counts", completed: done, of: total, unit: .pieces)
            }
        }
        switch consume counts {
        case .inMemory(let counts):
            let runs = PieceRuns(
                pattern, beside: CountStage.place(beside: path), counterByteCount: 0)
            try runs.add(counts)
            return try merged(runs)
        case .onDisk(let runs):
            return try merged(runs)
        }
    }

    /// The vocabulary of words and superwords, in the memory that the configuration allows.
    static func superwords(
        _ words: PieceCountsFile, _ texts: PieceCountsFile, with trainer: VocabularyTrainer,
        beside directory: String, work: WorkContext<PipelineEvent>
    ) throws -> Vocabulary {
        let limit = trainer.configuration.memory ?? CountStage.defaultMemory
        let overhead =
            CountStage.programByteCount
            + VocabularyTrainer.superwordOverhead(threadCount: work.threadCount)
        guard limit.byteCount > overhead else {
            throw TokenizationError.notEnoughMemory(
                needed: ByteSize(byteCount: overhead).roundedUp, limit: limit,
                pieceCount: texts.pieceCount)
        }
        return try trainer.train(
            words, superwords: texts,
            limits: VocabularyTrainer.SuperwordLimits(
                byteCount: limit.byteCount - overhead,
                beside: CountStage.place(beside: directory), threadCount: work.threadCount)
        ) { step, done, total in
            switch step {
            case .counting:
                try work.show("counting neighbours", completed: done, of: total, unit: .bytes)
            case .collecting:
                try work.show("collecting runs", completed: done, of: total, unit: .bytes)
            case .merging:
                try show(done, of: total, .bpe, work: work)
            }
        }
    }
}
