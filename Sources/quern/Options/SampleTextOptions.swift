import ArgumentParser
import Corpora

/// Texts to try vocabularies on.
struct SampleTextOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Texts to encode: files (\(CorpusFormat.auto.endings.listed); plain, .zst or .gz), folders, \
            quoted patterns, or - for standard input.
            """, valueName: "file"))
    var input: [String] = []

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var reporting: ReportOptions
}
