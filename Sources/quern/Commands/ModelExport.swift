import ArgumentParser
import Models
import Pipeline
import Work

/// `quern model export`
struct ModelExportCommand: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a model for other programs.",
        discussion: """
            gguf is one file with model, tokenizer and chat template, for llama.cpp and what is \
            built on it. A vocabulary whose pattern llama.cpp does not have is refused. \
            huggingface is a directory for transformers; a checkpoint is one already, and this \
            writes it with smaller numbers or in several files.
            """)

    static let examples: [Example] = [
        "quern model export runs/kjv/checkpoints/best --format gguf --output kjv.gguf",
        "quern model export models/qwen3 --format gguf --type q8_0 --output qwen3-q8_0.gguf",
        """
        quern model export runs/kjv/checkpoints/best --format huggingface --type bf16 \
        --output kjv-bf16
        """,
    ]

    /// A form in which programs keep models.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case huggingface
        case gguf
    }

    @Argument(
        help: "A run (kjv or runs/kjv), a checkpoint, or a Hugging Face model directory.",
        completion: .directory)
    var model: String

    @Option(name: .long, help: "gguf or huggingface.")
    var format: Format

    @Option(
        name: .long, help: "Where to write it: a file for gguf, a directory for huggingface.",
        completion: .file())
    var output: String

    @Option(
        name: .long,
        help: """
            How numbers are stored: f32, f16, bf16, and for gguf q8_0 and q4_0. Norms and biases \
            in a GGUF file are always f32.
            """)
    var type = GGUFNumberType.float32

    @Option(
        name: .long,
        help: ArgumentHelp(
            "huggingface: the most bytes of numbers in a file, such as 5GB. (default: one file)",
            valueName: "size"), transform: Typed.size(.fileSizes))
    var shardSize: ByteSize?

    @Option(name: .long, help: "gguf: what the file calls the model. (default: the file's name)")
    var name: String?

    @Flag(
        name: .long, inversion: .prefixedNo,
        help: """
            gguf: whether llama.cpp puts the token that begins a text before each prompt. \
            (default: as the tokenizer does)
            """)
    var addBos: Bool?

    @Option(
        name: .long,
        help: """
            gguf: llama.cpp's name of a pre-tokenizer that need not give the same ids. (default: \
            the one that does)
            """)
    var pre: String?

    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        switch format {
        case .gguf:
            if shardSize != nil { throw ValidationError("--shard-size is for huggingface") }
        case .huggingface:
            if name != nil || addBos != nil || pre != nil {
                throw ValidationError("--name, --add-bos and --pre are for gguf")
            }
            if plainType == nil { throw ValidationError("--type \(type.rawValue) is for gguf") }
        }
    }

    /// The type, where it is one of single numbers.
    private var plainType: NumberType? { NumberType(rawValue: type.rawValue.uppercased()) }

    func run() async throws {
        let printer = reporting.makePrinter()
        let written: ModelDirectory
        var remarks: [String] = []
        switch (format, plainType) {
        case (.huggingface, let plainType?):
            written = try ModelExport.huggingFace(
                model, to: output, type: plainType, shardByteCount: shardSize?.byteCount,
                overwrites: overwriting.overwrite, report: printer.show
            ).model
        default:
            var settings = ModelExport.GGUFSettings()
            settings.type = type
            settings.name = name
            settings.addsBeginning = addBos
            settings.preTokenizer = pre
            settings.overwrites = overwriting.overwrite
            (written, remarks) = try ModelExport.gguf(
                model, to: output, settings: settings, report: printer.show)
        }
        printer.endLine()
        var report = Report()
        ModelSummary.add(written, to: &report)
        report.row(
            "format", "\(word: format.rawValue, "format"), \(word: type.rawValue, "type")")
        report.written([output])
        for remark in remarks { report.note(remark) }
        try result.write(report)
    }
}
