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

    @Argument(help: "A checkpoint, or a Hugging Face model directory.")
    var model: String

    @Flag(name: .long, help: "List every tensor with its shape and type.")
    var tensors = false

    @Option(
        name: .long, help: "Threads to train on, for the memory. (default: one for each processor)",
        transform: Typed.whole(.threads))
    var threads: Int?

    @OptionGroup var messages: MessageOptions

    func run() async throws {
        let report = try ModelReport(directory: model)
        let layout = report.model.layout
        var rows = ModelSummary.rows(report.model)
        rows.append(["numbers", report.types.map(\.rawValue).joined(separator: ", ")])
        if let vocabulary = report.vocabulary {
            rows.append([
                "vocabulary",
                "\(Figures.count(vocabulary.count)) tokens, pattern \(vocabulary.pattern.rawValue)",
            ])
            rows.append(ModelSummary.textPrefix(vocabulary))
        } else {
            rows.append(["vocabulary", "none that can be read"])
        }
        Terminal.write(Table.text(rows))

        rows = [["part", "parameters", "share"]]
        for part in report.parts {
            let share = Double(part.parameterCount) / Double(layout.parameterCount)
            rows.append([part.title, Figures.count(part.parameterCount), Figures.percent(share)])
        }
        Terminal.write("\n" + Table.text(rows, alignRight: true))

        func size(_ bytes: Int) -> String { Figures.bytes(Double(bytes)) }
        let (plan, windowCount) = report.trainingMemory(
            threadCount: threads ?? ThreadTeam.processorCount)
        rows = [
            ["memory"],
            ["to use it", size(report.parameterByteCount + report.stateByteCount)],
            ["  parameters", size(report.parameterByteCount)],
            [
                report.model.configuration.contextLimit == nil
                    ? "  state of a text" : "  keys and values of a full context",
                size(report.stateByteCount),
            ],
            ["to train it", size(plan.total)],
            ["  parameters", size(plan.parameters)],
            ["  gradients", size(plan.gradients)],
            ["  optimizer", size(plan.optimizer)],
            [
                "  activations, batches of \(windowCount)",
                size(plan.activations),
            ],
        ]
        Terminal.write("\n" + Table.text(rows, alignRight: true))

        guard tensors else { return }
        rows = [["tensor", "shape", "numbers", "type"]]
        for (index, tensor) in layout.tensors.enumerated() {
            rows.append([
                tensor.checkpointName, tensor.shape.map(String.init).joined(separator: " × "),
                Figures.count(tensor.count), report.model.type(ofTensor: index).rawValue,
            ])
        }
        Terminal.write("\n" + Table.text(rows))
    }
}
