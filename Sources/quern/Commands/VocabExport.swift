import ArgumentParser
import Files
import Pipeline
import Tokenization
import VocabularyFiles

/// `quern vocab export`
struct VocabExport: AsyncParsableCommand, MessagingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a vocabulary in another program's form.",
        discussion: """
            A vocabulary is only written in a form whose readers then give the same ids for every \
            text; otherwise it is refused with the reason. A directory that quern wrote already is \
            what Hugging Face's tokenizers load.
            """)

    static let examples: [Example] = [
        "quern vocab export vocab/kjv --format tiktoken --output kjv.tiktoken",
        "quern vocab export vocab/kjv --format gpt2 --output kjv-gpt2",
    ]

    @Argument(
        help: "The vocabulary (kjv or vocab/kjv), or a model that has one.", completion: .directory)
    var vocab: String

    /// The forms that can be written.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case huggingface, tiktoken, gpt2, tekken

        var vocabularyFormat: VocabularyFormat {
            switch self {
            case .huggingface: .huggingface
            case .tiktoken: .tiktoken
            case .gpt2: .gpt2
            case .tekken: .tekken
            }
        }
    }

    @Option(name: .long, help: "The form.")
    var format: Format

    @Option(
        name: .long,
        help: "Where to write it: a directory for huggingface and gpt2, a file for the others.",
        completion: .file())
    var output: String

    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var messages: MessageOptions

    func run() async throws {
        let vocab = try VocabularyPlace.path(of: vocab)
        try FilePlace.check(output: output, inputs: [vocab])
        let format = format.vocabularyFormat
        let isDirectory = format == .huggingface || format == .gpt2
        let claim = try OutputClaim(
            output, isDirectory ? .filled : .replaced,
            making: isDirectory ? .directory(.vocabulary) : .other)
        defer { withExtendedLifetime(claim) {} }
        let vocabulary = try Vocabulary(directory: vocab)
        let files = try vocabulary.export(
            to: output, format: format, overwrites: overwriting.overwrite)
        var report = VocabularySummary.report(vocabulary, format: format, files: files)
        if format == .tiktoken || format == .gpt2 {
            // Neither form holds these, and without them the ids are not the same.
            report.lines(
                """
                The files hold neither pattern nor special tokens. To read them again:
                  quern vocab import \(output) \(Self.options(for: vocabulary, format)) --output DIR

                """)
        }
        try result.write(report)
    }

    /// The special tokens that a suggested command spells out.
    private static let spelledOutCount = 8

    /// Options that an import of files of ``format`` needs.
    private static func options(for vocabulary: Vocabulary, _ format: VocabularyFormat) -> String {
        let known = VocabularyPreset.allCases.first {
            $0.pattern == vocabulary.pattern && $0.specialTokens == vocabulary.specialTokens
        }
        if format == .tiktoken, let known { return "--preset \(known.rawValue)" }
        let tokens = vocabulary.specialTokens
        return
            (["--pattern \(vocabulary.pattern.rawValue)"]
            + tokens.prefix(spelledOutCount).map { "--special-tokens '\($0.content)=\($0.id)'" }
            + (tokens.count > spelledOutCount
                ? ["… and so on for the \(Figures.count(tokens.count)) that tokenizer.json lists"]
                : []))
            .joined(separator: " ")
    }
}
