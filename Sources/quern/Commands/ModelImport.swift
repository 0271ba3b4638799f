import ArgumentParser
import Pipeline
import Tokenization

/// `quern model import`
struct ModelImportCommand: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a model of a Hugging Face directory or a GGUF file.",
        discussion: """
            Reads config.json, model.safetensors (F32, F16, BF16 or F64; one file, or several with \
            their index) and the tokenizer of a GPT-2, a Llama, a Mistral, a Qwen2, a Qwen3, a \
            Gemma 3 or a GPT-NeoX; or one GGUF file with all of them, whose blocks (Q8_0, Q4_0, \
            Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K) become the numbers that they stand for. Writes a \
            directory that generate, evaluate and every other command takes, and that transformers \
            loads. Files are mapped, so that memory stays small. What Quern would not compute \
            exactly is refused with the reason.
            """)

    static let examples: [Example] = [
        "quern model import SmolLM2-135M --output models/smollm2",
        "quern model import SmolLM2-135M-Instruct.Q8_0.gguf --output models/smollm2",
        "quern model import Qwen3-0.6B --context 4096 --ignore-normalizer --output models/qwen3",
        #"quern generate --model models/smollm2 --prompt "Once upon a time""#,
    ]

    @Argument(
        help: "The directory, with config.json and safetensors files, or the GGUF file.",
        completion: .file())
    var source: String

    @Option(
        name: .long, help: "Where to write the model.",
        completion: .directory)
    var output: String

    @Option(
        name: .long,
        help: "The tokenizer's file or directory. (default: the model's own)",
        completion: .directory)
    var vocab: String?

    @Option(
        name: .long,
        help:
            "Keep only so many positions, which bounds the memory to use the model. (default: all)",
        transform: Typed.whole(1...1 << 24))
    var context: Int?

    @OptionGroup var normalizer: NormalizerOption

    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        var work = Pipeline.ModelImport()
        work.vocabularyPath = try vocab.map(VocabularyPlace.path(of:))
        work.contextLength = context
        work.ignoresNormalizer = normalizer.ignoreNormalizer
        work.overwrites = overwriting.overwrite
        let printer = reporting.makePrinter()
        let result = try work.run(source, output: output, report: printer.show)
        printer.endLine()
        var report = Report()
        ModelSummary.add(result.model, to: &report)
        report.row(
            "vocabulary", "\(count: result.vocabulary.count, "vocabulary_tokens") tokens")
        ModelSummary.addTextPrefix(result.vocabulary, to: &report)
        report.written([output])
        for remark in result.remarks { report.note(remark) }
        try self.result.write(report)
    }
}
