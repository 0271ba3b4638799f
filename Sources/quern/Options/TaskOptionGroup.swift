import ArgumentParser
import Files
import Pipeline

/// Options of asking a model the questions of tasks.
struct TaskOptionGroup: ParsableArguments {
    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Files of tasks: JSON lines with questions, YAML of lm-evaluation-harness, or the \
            directory of the CORE tasks.
            """, valueName: "file"), completion: .file())
    var tasks: [String] = []

    @Option(
        name: .long, help: "The first questions of each task. (default: all)",
        transform: Typed.whole(.counts))
    var limit: Int?

    @Option(
        name: .long,
        help: "Examples with their answers before each question. (default: as the file says, or 0)",
        transform: Typed.whole(0...1_000))
    var numFewshot: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Write the tasks' results as lm-evaluation-harness writes its own.", valueName: "file"),
        completion: .file())
    var output: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Write what the model says of each question, as JSON lines.", valueName: "file"),
        completion: .file())
    var logSamples: String?

    /// Whether tasks are scored.
    var isGiven: Bool { !tasks.isEmpty }

    /// How they are asked.
    var options: TaskOptions { TaskOptions(limit: limit, shotCount: numFewshot) }

    func validate() throws {
        guard !isGiven, limit != nil || numFewshot != nil || output != nil || logSamples != nil
        else { return }
        throw ValidationError(
            "--limit, --num-fewshot, --output and --log-samples are of --tasks: name some")
    }

    /// Claims the places of the results, where they are to be written.
    func claims(model: String, _ overwriting: OverwriteOption) throws -> [OutputClaim] {
        let files = [
            (output, FileKind("results of tasks", fronts: ["{\n  \"configs\""])),
            (logSamples, FileKind("questions' results", fronts: ["{\"doc_id\":"])),
        ]
        return try files.compactMap { path, kind in
            guard let path else { return nil }
            try FilePlace.check(output: path, inputs: [model] + tasks)
            return try OutputClaim(
                path, .replaced, making: .file(kind, overwrites: overwriting.overwrite))
        }
    }

    /// Writes the results where that is asked for.
    func write(_ result: TaskReport) throws {
        if let output { try FileReplacement.writeJSON(result, to: output) }
        if let logSamples {
            try FileReplacement.write(result.sampleLines(), to: logSamples)
        }
    }
}
