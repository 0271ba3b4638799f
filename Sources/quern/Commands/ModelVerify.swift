import ArgumentParser
import Pipeline
import Training
import Work

/// `quern model verify`
struct ModelVerify: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every byte of a model, or of a run's checkpoints, and check it.",
        discussion: """
            Compares every file with the hash that manifest.json has of it, and finds any flipped \
            bit. Of a model without a manifest, as other programs write them, it checks that the \
            files fit together; of every model, that each parameter is a finite number.
            """)

    static let examples: [Example] = [
        "quern model verify runs/kjv/checkpoints/best",
        "quern model verify runs/kjv",
    ]

    @Argument(help: "A checkpoint, a run, or a Hugging Face model directory.")
    var model: String

    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let conditions = try ModelCondition.conditions(at: model) { done, total in
            if interrupts.stop.isRequested { throw PipelineError.interrupted }
            printer.show(
                .progress(
                    StageProgress(
                        activity: "verifying", completed: done, total: total, unit: .bytes)))
        }
        printer.endLine()
        for condition in conditions { Terminal.write(text(of: condition) + "\n") }
        if conditions.contains(where: { $0.fault != nil }) { throw ExitCode.failure }
    }

    private func text(of condition: ModelCondition) -> String {
        let path = condition.path
        if let fault = condition.fault { return "\(path): damaged: \(fault)" }
        guard condition.isSealed else {
            return "\(path): no manifest.json, so that nothing says how it was written; its files "
                + "fit together and every parameter is finite"
        }
        return "\(path): \(Figures.count(condition.fileCount)) files, "
            + "\(Figures.bytes(Double(condition.byteCount))), all as written"
    }
}
