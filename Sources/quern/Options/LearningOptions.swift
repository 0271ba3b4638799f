import ArgumentParser
import Tokenization
import VocabularyLearning
import Work

/// How a vocabulary is learned from counts of pieces.
struct LearningOptions: ParsableArguments {
    @Option(name: .long, help: "Tokens in all: special ones, 256 bytes, and merges.")
    var vocabSize = VocabularyConfiguration().vocabularySize

    @Option(
        name: .long,
        help: "A special token; may be repeated. (default: <|endoftext|>)")
    var special: [String] = []

    @Option(name: .long, help: "The least count of a pair that is merged.")
    var minFrequency = VocabularyConfiguration().minimumFrequency

    @Option(name: .long, help: "The most bytes of a learned token. (default: no limit)")
    var maxTokenLength: Int?

    @Option(
        name: .long,
        help: """
            Which of several equally frequent pairs is merged first: huggingface, as tokenizers does \
            it, or bytes, as rustbpe and bpeasy do.
            """)
    var tie = VocabularyConfiguration().tieRule

    /// The configuration that the options describe.
    func configuration(pattern: SplitPattern, memory: ByteSize?) -> VocabularyConfiguration {
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = vocabSize
        configuration.pattern = pattern
        configuration.minimumFrequency = minFrequency
        configuration.maximumTokenLength = maxTokenLength
        configuration.tieRule = tie
        configuration.memory = memory
        if !special.isEmpty { configuration.specialTokens = special }
        return configuration
    }
}
