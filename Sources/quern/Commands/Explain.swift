import ArgumentParser
import Files
import Foundation
import Models
import Pipeline

/// `quern explain`
struct Explain: AsyncParsableCommand, MessagingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show step by step what a model does with words of yours.",
        discussion: """
            Each step has its title, its formula and where that comes from, the shape of what it \
            computes, and a few numbers: the first ones of the last token's row. Maps show what \
            the row's token sees in the column's. One head of one layer is looked at closely; \
            layers and heads count from 1.

            The numbers come from the plain model, whose loops are written to be read: they are \
            those of the fast one up to rounding, and slow with large models.

            A model of pairs (architecture encoder_decoder) reads the text as a source. What is \
            explained then is a target: --target, or the one that the model writes by taking the \
            likeliest token each time. Maps between the two sides show what the target's tokens \
            see in the source's.
            """)

    static let examples: [Example] = [
        #"quern explain "The cat chased the" --model runs/kjv/checkpoints/best"#,
        """
        quern explain "The cat chased the" --model runs/kjv/checkpoints/best --layer 2 --head 3 \
        --svg steps
        """,
        #"quern explain hello --target "hh eh" --model runs/pronunciation/checkpoints/best"#,
    ]

    @Argument(help: "The text, of at most \(ExplainStage.tokenLimit) tokens.")
    var text: String

    @OptionGroup var source: ModelOption

    @Option(
        name: .long,
        help: """
            What the target of a model of pairs begins with, or all of it; the odds are those of \
            the token behind it. (default: what the model writes)
            """)
    var target: String?

    @Option(
        name: .long,
        help: """
            The layer to look at closely, from 1. (default: 1)
            """,
        transform: Typed.whole(1...1 << 12))
    var layer = 1

    @Option(
        name: .long,
        help: """
            The head of that layer, from 1. (default: 1)
            """, transform: Typed.whole(1...1 << 16))
    var head = 1

    @Option(
        name: .long,
        help: ArgumentHelp("Draw each step as an image in this directory.", valueName: "dir"),
        completion: .directory)
    var svg: String?

    @OptionGroup var result: ResultOptions

    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var messages: MessageOptions

    func run() async throws {
        let model = try source.find(messages.form)
        try svg.map { try FilePlace.check(output: $0, inputs: [model]) }
        let claim = try svg.map { try OutputClaim($0, .filled, making: .directory(nil)) }
        defer { withExtendedLifetime(claim) {} }
        let (explanation, vocabulary) = try ExplainStage.run(
            text, target: target, modelDirectory: model,
            focus: .init(layer: layer - 1, head: head - 1))
        let names = TokenNames(vocabulary: vocabulary)
        if let svg { try draw(explanation, names, in: svg) }
        if result.json { return Terminal.write(try ExplanationJSON(explanation, names).text) }
        Terminal.write(ExplanationText(explanation: explanation, names: names).text)
    }

    private func draw(
        _ explanation: Explanation, _ names: TokenNames, in directory: String
    ) throws {
        let labels = explanation.ids.map(names.name)
        let written = explanation.steps.enumerated().map { index, step in
            String(format: "%02d", index + 1) + "-\(step.name).svg"
        }
        for name in written { try overwriting.check(directory + "/" + name, .svg) }
        for (index, step) in explanation.steps.enumerated() {
            let drawing = ExplanationDrawing(
                number: index + 1, step: step, labels: labels, names: names)
            try FileReplacement.write(drawing.svg, to: directory + "/" + written[index])
        }
        // Those of another model or text would seem to belong to these.
        for name in try FileSystem.namesInDirectory(directory)
        where !written.contains(name) && ExplanationDrawing.isDrawing(name, in: directory) {
            try FileSystem.removeFile(directory + "/" + name)
        }
        ProgressPrinter.notice(
            "\(directory)  \(explanation.steps.count) drawings", form: messages.form)
    }
}
