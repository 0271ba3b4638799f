import Files
public import Tokenization
import Training
import VocabularyFiles
public import VocabularyLearning
public import Work

extension VocabStage {
    /// What a vocabulary is extended by: special tokens, then listed ones, then what is learned.
    public struct Growth: Sendable {
        /// Special tokens to add, those that it lacks.
        public var specialTokens: [String] = []
        /// Tokens to add, each with those on the way to it.
        public var seedTokens: [String] = []
        /// Counts of pieces to learn from; nil to learn nothing.
        public var counts: PieceCountsFile?
        /// Tokens in all, where something is learned.
        public var vocabularySize = 0
        /// A pair that occurs less often is not merged.
        public var minimumFrequency = VocabularyConfiguration().minimumFrequency
        /// The most bytes of a learned token; nil for no limit.
        public var maximumTokenLength: Int?

        /// Nothing to add.
        public init() {}
    }

    /// Adds tokens to `base`, whose ids all stay, and writes the result to `directory`.
    ///
    /// - Throws: what `VocabularyExtension` throws, and `TokenizationError.otherVocabulary`.
    public static func extend(
        _ base: Vocabulary, by growth: Growth, directory: String, overwrites: Bool = false,
        work: WorkContext<PipelineEvent>
    ) throws -> Outcome {
        let claim = try OutputClaim(directory, .filled, making: .directory(.vocabulary))
        defer { withExtendedLifetime(claim) {} }
        var extended = try base.adding(specialTokens: growth.specialTokens)
        if !growth.seedTokens.isEmpty {
            extended = try VocabularyExtension(of: extended).adding(tokens: growth.seedTokens)
        }
        if let counts = growth.counts {
            guard counts.pieceCount > 0 else { throw PipelineError.nothingToLearn }
            extended = try VocabularyExtension(of: extended).learning(
                size: growth.vocabularySize, from: counts, minimumCount: growth.minimumFrequency,
                maximumTokenLength: growth.maximumTokenLength
            ) { done, wanted in
                try work.show("merging", completed: done, of: wanted, unit: .merges)
            }
            if extended.count < growth.vocabularySize {
                work.report(
                    .notice(
                        """
                        the counts have pairs for \(extended.count) tokens only, not for \
                        \(growth.vocabularySize)
                        """))
            }
        }
        let files = try extended.export(
            to: directory, format: .huggingface, overwrites: overwrites)
        return Outcome(
            vocabulary: extended, progress: nil, pieceCount: growth.counts?.pieceCount ?? 0,
            files: files)
    }
}
