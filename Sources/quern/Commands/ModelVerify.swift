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

    @Argument(
        help: """
            A run (kjv or runs/kjv), a checkpoint, or a Hugging Face model directory. (default: \
            the pipeline's run)
            """, completion: .directory)
    var model: String?

    @OptionGroup var file: ConfigOption

    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        try file.check(model != nil, "the model")
        if model != nil, file.config != nil {
            throw ValidationError("--config says which model it is: name it, or give --config")
        }
    }

    func run() async throws {
        let model = try file.model(model, reporting.form)
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
        var report = Report()
        report.table("models", nil, conditions.map { [cell(of: $0)] })
        try result.write(report)
        if conditions.contains(where: { $0.fault != nil }) { throw ExitCode.failure }
    }

    private func cell(of condition: ModelCondition) -> ReportText {
        let path = condition.path
        if let fault = condition.fault {
            return "\(word: path, "path"): damaged: \(word: fault, "fault")"
        }
        guard condition.isSealed else {
            return """
                \(word: path, "path"): no manifest.json, so that nothing says how it was written; \
                its files fit together and every parameter is finite
                """
        }
        return """
            \(word: path, "path"): \(count: condition.fileCount, "files") files, \
            \(bytes: condition.byteCount, "bytes"), all as written
            """
    }
}
