import ArgumentParser
import Files
import Tokenization
import VocabularyFiles

/// `quern vocab import`
struct VocabImport: AsyncParsableCommand, MessagingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a vocabulary of another program's files.",
        discussion: """
            Reads .tiktoken ranks (also Meta's tokenizer.model), Hugging Face's tokenizer.json, \
            GPT-2's vocab.json and merges.txt, Mistral's tekken.json, SentencePiece's \
            tokenizer.model (its BPE), and the tokenizer of a GGUF model; writes a directory that \
            every command takes, and that Hugging Face's tokenizers and transformers load as it \
            is. The ids are those of the file's own program, or the file is refused with the \
            reason.

            Files of ranks hold neither pattern nor special tokens. Those of published \
            vocabularies are recognised by their bytes and get what belongs to them; for others \
            say --preset, or --pattern and --special-tokens.
            """)

    static let examples: [Example] = [
        "quern vocab import cl100k_base.tiktoken --output vocab/cl100k",
        "quern vocab import Qwen2.5-7B/tokenizer.json --output vocab/qwen",
        "quern vocab import Mistral-7B/tokenizer.model --output vocab/mistral",
        """
        quern vocab import mine.tiktoken --pattern gpt4 --special-tokens '<|end|>=5000' \
        --output vocab/mine
        """,
    ]

    @Argument(help: "A file, or a directory that holds one of them.", completion: .file())
    var source: String

    @Option(name: .long, help: "Where to write the vocabulary.", completion: .directory)
    var output: String

    @Option(
        name: .long,
        help:
            "tiktoken, huggingface, gpt2, tekken, gguf or sentencepiece. (default: by the content)")
    var format: VocabularyFormat?

    @Option(
        name: .long,
        help: """
            Whose pattern and special tokens ranks get: r50k, p50k, p50k-edit, cl100k, o200k, \
            o200k-harmony, llama3, llama4 or qwen. (default: by the content)
            """)
    var preset: VocabularyPreset?

    @Option(
        name: .long,
        help: """
            How text is cut into pieces, for ranks and for vocab.json: \
            \(VocabImport.patterns).
            """)
    var pattern: SplitPattern?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A special token of ranks or of vocab.json, with its number where the file lacks it. "
                + "May be repeated.", valueName: "name=id"))
    var specialTokens: [SpecialTokenArgument] = []

    @OptionGroup var normalizer: NormalizerOption

    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var messages: MessageOptions

    static let patterns = SplitPattern.allCases.filter { !$0.regularExpressions.isEmpty }
        .map(\.rawValue).joined(separator: ", ")

    func run() async throws {
        try FilePlace.check(output: output, inputs: [source])
        let claim = try OutputClaim(output, .filled, making: .directory(.vocabulary))
        defer { withExtendedLifetime(claim) {} }
        var importer = VocabularyImport()
        importer.format = format
        importer.preset = preset
        importer.pattern = pattern
        importer.specialTokens = specialTokens.map { ($0.content, $0.id) }
        importer.ignoresNormalizer = normalizer.ignoreNormalizer
        let result = try importer.read(source)
        let files = try result.vocabulary.export(
            to: output, format: .huggingface, overwrites: overwriting.overwrite)
        try self.result.write(
            VocabularySummary.report(
                result.vocabulary, format: result.format, remarks: result.remarks, files: files))
    }
}

/// A special token as a person types it: `NAME` or `NAME=ID`.
struct SpecialTokenArgument: ExpressibleByArgument {
    let content: String
    let id: TokenID?

    init?(argument: String) {
        guard let sign = argument.lastIndex(of: "="),
            let number = UInt32(argument[argument.index(after: sign)...])
        else {
            content = argument
            id = nil
            return
        }
        content = String(argument[..<sign])
        id = TokenID(number)
    }
}
