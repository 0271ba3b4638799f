import ArgumentParser
import Corpora
import Tokenization
import VocabularyLearning

/// How a corpus becomes counts of pieces.
struct CountingOptions: ParsableArguments {
    @Option(name: .long, help: "Whose rule cuts text into pieces.")
    var pattern = VocabularyConfiguration().pattern

    @Option(
        name: .long,
        help: "The share of documents, chosen by hash, that is not learned from.")
    var validationFraction = 0.0

    @OptionGroup var corpus: CorpusOptions

    /// The corpus that the options describe.
    ///
    /// - Parameter output: what the command writes.
    func configuration(output: String) throws -> CorpusConfiguration {
        try corpus.configuration(validationFraction: validationFraction, output: output)
    }
}
