import ArgumentParser
import Corpora
import Tokenization
import VocabularyLearning
import Work

/// Options of learning a vocabulary from counts of pieces.
struct LearningOptions: ParsableArguments {
    @Option(
        name: .long,
        help: """
            What the tokens are: merges of byte-pair encoding, the most frequent words, or the \
            most frequent characters. Other words and characters become their bytes.
            """)
    var model = VocabularyConfiguration().model

    @Option(
        name: .long,
        help: """
            Tokens in all: special ones, 256 bytes, and merges, words or characters. \
            (default: \(VocabularyConfiguration().vocabularySize))
            """,
        transform: Typed.whole(
            VocabularyConfiguration.range(of: VocabularyConfiguration.CodingKeys.vocabularySize)))
    var vocabSize = VocabularyConfiguration().vocabularySize

    @Option(
        name: .long,
        help: "A special token; may be repeated. (default: <|endoftext|>)")
    var specialTokens: [String] = []

    @Option(
        name: .long,
        help: """
            The least count of a pair that is merged, or of a word or character. \
            (default: \(VocabularyConfiguration().minimumFrequency))
            """,
        transform: Typed.whole(
            VocabularyConfiguration.range(of: VocabularyConfiguration.CodingKeys.minimumFrequency)))
    var minFrequency = VocabularyConfiguration().minimumFrequency

    @Option(
        name: .long,
        help: """
            The most bytes of a learned token; with --tie huggingface and three bytes or more, one \
            fewer, as tokenizers does it. (default: no limit)
            """,
        transform: Typed.whole(
            VocabularyConfiguration.range(of: VocabularyConfiguration.CodingKeys.maximumTokenLength)
        ))
    var maxTokenLength: Int?

    @Option(
        name: .long,
        help: """
            Which of several equally frequent pairs is merged first: huggingface, as tokenizers \
            does it, or bytes, as rustbpe and bpeasy do.
            """)
    var tie = VocabularyConfiguration().tieRule

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Tokens in all before the first superword, which may join words, as in SuperBPE: the \
            rest is learned of texts that are cut at numbers only. (default: words alone)
            """, valueName: "tokens"),
        transform: Typed.whole(
            VocabularyConfiguration.range(of: VocabularyConfiguration.CodingKeys.superwordsFrom)))
    var superwordsFrom: Int?

    @Flag(
        name: .long, help: "Take each input for a source, none to be compressed much worse.")
    var parity = false

    /// The configuration that the options describe.
    ///
    /// - Parameters:
    ///   - pattern: how the text is cut; nil for the model's default.
    ///   - memory: how much learning may take.
    func configuration(pattern: SplitPattern?, memory: ByteSize?) -> VocabularyConfiguration {
        var configuration = VocabularyConfiguration(model: model)
        configuration.vocabularySize = vocabSize
        if let pattern { configuration.pattern = pattern }
        configuration.superwordsFrom = superwordsFrom
        configuration.parity = parity
        configuration.minimumFrequency = minFrequency
        configuration.maximumTokenLength = maxTokenLength
        configuration.tieRule = tie
        configuration.memory = memory
        if !specialTokens.isEmpty { configuration.specialTokens = specialTokens }
        return configuration
    }
}

/// Options of counting the pieces of a corpus.
struct CountingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: """
            Whose rule cuts text into pieces. (default: gpt4; character for a vocabulary of \
            characters)
            """)
    var pattern: SplitPattern?

    @Option(
        name: .long,
        help: """
            The share of documents, chosen by hash, that is not learned from. (default: 0)
            """,
        transform: Typed.real(.real(0...1)))
    var validationFraction = 0.0

    @OptionGroup var corpus: CorpusOptions

    /// The corpus that the options describe.
    ///
    /// - Parameter output: what the command writes.
    func configuration(output: String) throws -> CorpusConfiguration {
        try corpus.configuration(validationFraction: validationFraction, output: output)
    }
}

/// Option of what is left out of the text that a vocabulary is learned from.
struct ExcludingOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Special tokens that are left out where they stand in the corpus: none, names with \
            commas between, or, with vocab train, all for its --special-tokens. What lies between \
            them are texts of their own.
            """, valueName: "all|none|list"))
    var excludeSpecial = SpecialTokenPolicy.none
}

/// Option of the memory that learning a vocabulary may take.
struct MemoryOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            The memory to use, such as 512MB or 4GiB. Counts that need more go to the disk; the \
            result is the same. (default: three quarters of the machine's)
            """, valueName: "size"), transform: Typed.size(ByteSize.memoryRange))
    var memory: ByteSize?
}

/// Treatment of a normalizer.
struct NormalizerOption: ParsableArguments {
    @Flag(
        name: .long,
        help: """
            Leave out a normalizer that is a Unicode normal form, such as NFC, so that every text \
            comes back as it was. Text that is in this form already keeps its ids; other text gets \
            the ids of the text as it is.
            """)
    var ignoreNormalizer = false
}

/// Options of the special tokens that are recognised where text becomes ids.
struct SpecialTokenOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Which special tokens are recognised in the text: all, none, or names with commas \
            between. What is not recognised is ordinary text.
            """, valueName: "all|none|list"))
    var allowSpecial = SpecialTokenPolicy.none

    /// The policy, if the vocabulary has all that it names.
    func policy(for vocabulary: Vocabulary) throws -> SpecialTokenPolicy {
        try allowSpecial.validate(for: vocabulary)
        return allowSpecial
    }
}
