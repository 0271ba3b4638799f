import ArgumentParser
import Corpora

/// Texts to try vocabularies on.
struct SampleTextOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Texts to encode: files (.txt or .jsonl, plain or .zst), folders, quoted patterns, or - \
            for standard input.
            """, valueName: "file"))
    var input: [String] = []

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var reporting: ReportOptions
}
