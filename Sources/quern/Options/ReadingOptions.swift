import ArgumentParser
import Corpora

/// How the files of a corpus are read.
struct ReadingOptions: ParsableArguments {
    @Option(name: .long, help: "The format: auto (by name), text or jsonl.")
    var format = CorpusFormat.auto

    @Option(name: .long, help: "The field of a JSON line that holds the text.")
    var textField = "text"

    @Option(
        name: .long,
        help: """
            What separates documents in plain text; \\n and \\t stand for a new line and a tab. \
            (default: each file is one document)
            """)
    var separator: String?

    @Option(name: .long, help: "What to do about a line that cannot be read: fail or skip.")
    var onError = CorpusErrorPolicy.fail

    /// The configuration that the options describe.
    func configuration(
        inputs: [String], validationFraction: Double = 0
    ) throws -> CorpusConfiguration {
        let corpus = CorpusConfiguration(
            inputs: inputs, format: format, textField: textField,
            textSeparator: separator?.replacing("\\n", with: "\n").replacing("\\t", with: "\t"),
            onError: onError, validationFraction: validationFraction)
        try corpus.validate()
        return corpus
    }
}
