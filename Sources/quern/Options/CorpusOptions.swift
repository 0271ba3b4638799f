import ArgumentParser
import Corpora

/// Where documents come from.
struct CorpusOptions: ParsableArguments {
    @Argument(
        help: """
            Files (.txt or .jsonl, plain or .zst), folders, quoted patterns such as 'data/*.zst', or \
            - for standard input.
            """)
    var inputs: [String]

    @OptionGroup var reading: ReadingOptions

    /// The configuration that the options describe.
    func configuration(validationFraction: Double) throws -> CorpusConfiguration {
        try reading.configuration(inputs: inputs, validationFraction: validationFraction)
    }
}
