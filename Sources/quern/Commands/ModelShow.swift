import ArgumentParser
import Models
import Pipeline
import Tokenization
import Training
import Work

/// `quern model show`
struct ModelShow: AsyncParsableCommand, MessagingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a model is made of, and the memory that it needs.",
        discussion: """
            Only the heads of the files are read. The memory for training is that of a \
            checkpoint's own recipe, and of any other model's with the default one.
            """)

    static let examples: [Example] = [
        "quern model show runs/kjv/checkpoints/best",
        "quern model show models/qwen3 --tensors",
    ]

    @Argument(
        help: """
            A run (kjv or runs/kjv), a checkpoint, or a Hugging Face model directory. (default: \
            the pipeline's run)
            """, completion: .directory)
    var model: String?

    @OptionGroup var file: ConfigOption

    @Flag(name: .long, help: "List every tensor with its shape and type.")
    var tensors = false

    @Option(
        name: .long, help: "Threads to train on, for the memory. (default: one for each processor)",
        transform: Typed.whole(.threads))
    var threads: Int?

    @OptionGroup var result: ResultOptions
    @OptionGroup var messages: MessageOptions

    func validate() throws {
        try file.check(model != nil, "the model")
        if model != nil, file.config != nil {
            throw ValidationError("--config says which model it is: name it, or give --config")
        }
    }

    func run() async throws {
        let model = try file.model(model, messages.form)
        let about = try ModelReport(directory: model)
        var report = Report()
        ModelSummary.add(about.model, to: &report)
        let types = about.types.map(\.rawValue)
        report.row("numbers", "\(types.joined(separator: ", "), as: types, "types")")
        if let vocabulary = about.vocabulary {
            report.row(
                "vocabulary",
                """
                \(count: vocabulary.count, "vocabulary_tokens") tokens, pattern \
                \(word: vocabulary.pattern.rawValue, "pattern")
                """)
            ModelSummary.addTextPrefix(vocabulary, to: &report)
        } else {
            report.row(["vocabulary", "none that can be read"])
        }
        addParts(of: about, to: &report)
        addMemory(of: about, to: &report)
        if tensors { addTensors(of: about.model, to: &report) }
        try result.write(report)
    }

    private func addParts(of about: ModelReport, to report: inout Report) {
        let count = Double(about.model.layout.parameterCount)
        report.lines("\n")
        report.table(
            "parts", ["part", "parameters", "share"],
            about.parts.map {
                [
                    "\(word: $0.title, "part")", "\(count: $0.parameterCount, "parameters")",
                    "\(share: Double($0.parameterCount) / count, "share")",
                ]
            }, alignRight: true)
    }

    private func addMemory(of about: ModelReport, to report: inout Report) {
        let (plan, windowCount) = about.trainingMemory(
            threadCount: threads ?? ThreadTeam.processorCount)
        let state =
            about.model.configuration.contextLimit == nil
            ? "  state of a text" : "  keys and values of a full context"
        let (parameters, ofText) = (about.parameterByteCount, about.stateByteCount)
        report.lines("\n")
        report.row(["memory"], alignRight: true)
        for (title, bytes, key) in [
            ("to use it", parameters + ofText, "use_bytes"),
            ("  parameters", parameters, "use_parameter_bytes"),
            (state, ofText, "use_state_bytes"),
            ("to train it", plan.total, "train_bytes"),
            ("  parameters", plan.parameters, "train_parameter_bytes"),
            ("  gradients", plan.gradients, "train_gradient_bytes"),
            ("  optimizer", plan.optimizer, "train_optimizer_bytes"),
            (
                "  activations, batches of \(windowCount)", plan.activations,
                "train_activation_bytes"
            ),
            ("  program", plan.program, "train_program_bytes"),
        ] {
            report.row(title, "\(bytes: bytes, key)", alignRight: true)
        }
        report.member("train_batch_size", windowCount)
    }

    private func addTensors(of model: ModelDirectory, to report: inout Report) {
        report.lines("\n")
        report.table(
            "tensors", ["tensor", "shape", "numbers", "type"],
            model.layout.tensors.enumerated().map { index, tensor in
                let shape = tensor.shape.map(String.init).joined(separator: " × ")
                return [
                    "\(word: tensor.checkpointName, "name")",
                    "\(shape, as: tensor.shape, "shape")", "\(count: tensor.count, "numbers")",
                    "\(word: model.type(ofTensor: index).rawValue, "type")",
                ]
            })
    }
}
