public import Corpora
import Files
import Tokenization
import VocabularyFiles
public import VocabularyLearning
public import Work

extension VocabStage {
    /// Counts the pieces of several sources, such as languages, learns from them so that none is
    /// compressed much worse than the others, and writes `directory`.
    ///
    /// - Parameters:
    ///   - sources: the corpus of each, two or more.
    ///   - parallel: texts that say the same, one corpus for each source, by which the sources are
    ///     compared; none to compare bytes a token.
    ///   - configuration: how the vocabulary is learned.
    ///   - directory: where the vocabulary goes.
    ///   - overwrites: whether another vocabulary that is in the directory is replaced.
    ///   - work: threads, the signal to stop, and where events go.
    public static func run(
        parity sources: [CorpusConfiguration], parallel: [CorpusConfiguration] = [],
        vocabulary configuration: VocabularyConfiguration, directory: String,
        overwrites: Bool = false, work: WorkContext<PipelineEvent>
    ) async throws -> Outcome {
        let existing = ExistingVocabulary(path: directory, overwrites: overwrites)
        try check(existing, against: configuration)
        return try await learn(
            parity: sources, parallel: parallel, readsPairs: false,
            with: VocabularyTrainer(configuration), directory: directory,
            willWrite: existing.check, work: work)
    }

    /// Counts each source by itself and learns from all. Counts wait on the disk.
    static func learn(
        parity sources: [CorpusConfiguration], parallel: [CorpusConfiguration], readsPairs: Bool,
        with trainer: VocabularyTrainer, directory: String,
        willWrite: (Vocabulary) throws -> Void, work: WorkContext<PipelineEvent>
    ) async throws -> Outcome {
        // Before the first text is read.
        try check(parity: sources.count, parallel: parallel.count)
        let corpora = sources + parallel
        for corpus in corpora where corpus.inputsFrom == nil {
            try corpus.findInputs().check(output: directory)
        }
        let configuration = trainer.configuration
        var files: [PieceCountsFile] = []
        var progress = CorpusProgress()
        var claims: [OutputClaim] = []
        for corpus in corpora {
            let counted = try await CountStage.run(
                corpora: [corpus], readsPairs: readsPairs, pattern: configuration.pattern,
                excluding: configuration.excludedContents, memory: configuration.memory,
                beside: directory, outputs: files.isEmpty ? [vocabularyOutput(directory)] : [],
                work: work)
            progress += counted.progress
            claims += counted.claims
            files.append(
                try file(
                    of: counted.counts, configuration.pattern, beside: directory, work: work))
        }
        defer { withExtendedLifetime(claims) {} }
        var outcome = try learn(
            parity: Array(files.prefix(sources.count)),
            parallel: Array(files.dropFirst(sources.count)), with: trainer, directory: directory,
            willWrite: willWrite, work: work)
        outcome.progress = progress
        return outcome
    }

    private static func check(parity count: Int, parallel: Int) throws(TokenizationError) {
        guard count > 1 else {
            throw .invalidConfiguration(reason: "parity is between sources, and there is only one")
        }
        guard parallel == 0 || parallel == count else {
            throw .invalidConfiguration(
                reason: "\(parallel) parallel texts are given for \(count) sources")
        }
    }

    /// Learns from the counts of several sources so that none is compressed much worse than the
    /// others, and writes `directory`.
    ///
    /// - Parameters:
    ///   - sources: counts of each.
    ///   - parallel: counts of texts that say the same, by which the sources are compared; none to
    ///     compare bytes a token.
    ///   - configuration: what to learn.
    ///   - directory: the directory to write.
    ///   - overwrites: whether it may take the place of another vocabulary.
    ///   - work: where events go, and what stops it.
    public static func learn(
        parity sources: [PieceCountsFile], parallel: [PieceCountsFile],
        vocabulary configuration: VocabularyConfiguration, directory: String,
        overwrites: Bool = false, work: WorkContext<PipelineEvent>
    ) throws -> Outcome {
        try FilePlace.check(output: directory, inputs: (sources + parallel).map(\.path))
        let claim = try vocabularyOutput(directory).claim()
        defer { withExtendedLifetime(claim) {} }
        let existing = ExistingVocabulary(path: directory, overwrites: overwrites)
        try check(existing, against: configuration)
        return try learn(
            parity: sources, parallel: parallel, with: VocabularyTrainer(configuration),
            directory: directory, willWrite: existing.check, work: work)
    }

    private static func learn(
        parity sources: [PieceCountsFile], parallel: [PieceCountsFile],
        with trainer: VocabularyTrainer, directory: String,
        willWrite: (Vocabulary) throws -> Void, work: WorkContext<PipelineEvent>
    ) throws -> Outcome {
        let files = sources + parallel
        let pieceCount = files.reduce(0) { $0 + $1.pieceCount }
        try check(
            pieceCount, byteCount: files.reduce(0) { $0 + $1.pieceByteCount }, for: trainer,
            work: work)
        let (vocabulary, compression) = try trainer.train(parity: sources, parallel: parallel) {
            done, total in
            try show(done, of: total, .bpe, work: work)
        }
        var outcome = try write(
            vocabulary, pieceCount: pieceCount, of: trainer, directory: directory,
            willWrite: willWrite, work: work)
        outcome.bytesPerToken = compression.map {
            Double($0.byteCount) / Double(max(1, $0.tokenCount))
        }
        return outcome
    }
}
