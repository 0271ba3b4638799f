import ArgumentParser
import Corpora
import Files

/// Options of the documents to read.
struct CorpusOptions: ParsableArguments {
    @Argument(
        help: """
            Files (.txt, .md, .html, .jsonl, .json, .csv, .parquet, .wet, .tar and so on; plain, \
            .zst or .gz), folders, quoted patterns such as 'data/**/*.zst', or - for standard input.
            """, completion: .file())
    var inputs: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A file that names more inputs, one a line; - for standard input.", valueName: "list"),
        completion: .file())
    var inputsFrom: String?

    @OptionGroup var reading: ReadingOptions

    func validate() throws {
        if inputs.isEmpty, inputsFrom == nil {
            throw ValidationError("Missing expected argument '<inputs> ...'")
        }
        if inputsFrom == "-", inputs.contains("-") {
            throw ValidationError("standard input is either an input or a list of inputs")
        }
    }

    /// The configuration that the options describe.
    ///
    /// - Parameter output: what the command writes; beside it stands what is put into quarantine.
    func configuration(
        validationFraction: Double, output: String? = nil
    ) throws -> CorpusConfiguration {
        if let inputsFrom, let output {
            try FilePlace.check(output: output, inputs: [inputsFrom])
        }
        let listed = try inputsFrom.map { try InputList.read(path: $0) } ?? []
        return try reading.configuration(
            inputs: inputs + listed, validationFraction: validationFraction, output: output)
    }
}

/// Texts to try vocabularies on.
struct SampleTextOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Texts to encode: files (.txt, .md, .jsonl and so on; plain, .zst or .gz), folders, \
            quoted patterns, or - for standard input.
            """, valueName: "file"), completion: .file())
    var input: [String] = []

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var reporting: ReportOptions
}
