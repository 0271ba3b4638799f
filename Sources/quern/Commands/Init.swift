import ArgumentParser
import Corpora
import Files
import Foundation
import Pipeline
import Work

/// `quern init`
struct Init: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Look at a corpus and write a pipeline.json for it.",
        discussion: """
            Looks at the text (formats, sizes, documents, scripts, suspicious encodings) and \
            writes a short pipeline.json that `quern run` takes as it is: how the text is read \
            and cut into documents, and a vocabulary, a model and steps that fit its size and the \
            minutes there are. What was found, each choice with its reason, and what a run will \
            cost are printed beside it. Without a name, the files of the current directory are \
            looked at.

            Records with two texts (source and target, two languages, or Hugging Face's \
            "translation") become pairs for an encoder_decoder; conversations tune a model that \
            there is.

            Of a large corpus a sample is looked at, and the counts are estimates. Paths in the \
            description, and those of vocab, shards and runs, count from the directory in which \
            `quern run` is started.
            """)

    static let examples: [Example] = [
        "quern init texts",
        "quern init book.txt --minutes 2",
        "quern init 'dump/**/*.jsonl.zst' --name web --output web.json",
    ]

    @Argument(
        help: "Folders, files or quoted patterns. (default: what the directory holds)",
        completion: .file())
    var inputs: [String] = []

    @Option(
        name: .long,
        help: "The pipeline's name, which its results have. (default: after the input)")
    var name: String?

    @Option(name: .long, help: "Where to write the pipeline's description.", completion: .file())
    var output = "pipeline.json"

    @Flag(name: .long, help: "Replace a file that is there.")
    var overwrite = false

    @Option(
        name: .long, help: "Minutes that training may take on this machine. (default: 10)",
        transform: Typed.real(.above(0, upTo: 1e6)))
    var minutes = 10.0

    @Flag(name: .long, help: "Write what was found, chosen and estimated as JSON.")
    var json = false

    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        if !overwrite, FileManager.default.fileExists(atPath: output) {
            throw ValidationError(
                "\(output) is there already: choose another --output, or say --overwrite")
        }
        let inputs =
            inputs.isEmpty || inputs == ["."] ? try CorpusCandidates().only() : inputs
        let name = name ?? Self.name(for: inputs)
        try PipelineProposal.check(name: name)
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let machine = PipelineProposal.Machine(measuring: reporting.threadCount)
        let survey = try CorpusSurveyor.survey(
            inputs, for: (minutes, machine), work: reporting.work(printer, interrupts))
        printer.endLine()
        let found = try survey.corpus.findInputs()
        for path in [output, "vocab/\(name)", "shards/\(name)", "runs/\(name)"] {
            try found.check(output: path)
        }
        let proposal = try PipelineProposal(
            survey, name: name, minutes: minutes, machine: machine)
        try FileSystem.makeDirectory(FileSystem.parentDirectory(of: output))
        try FileReplacement.write(proposal.text, to: output)
        let next =
            output == ConfigOption.standardPath ? "quern run" : "quern run \(Self.quoted(output))"
        if json {
            let report = ProposalReport(proposal, output: output, next: next)
            Terminal.write(try FileReplacement.json(of: report) + "\n")
        } else {
            Terminal.write(ProposalText.text(proposal, output: output, next: next))
        }
    }

    /// Characters of a name that nobody chose.
    private static let longestNameCount = 40

    /// A name for directories after the first input: its last part, without endings.
    private static func name(for inputs: [String]) -> String {
        let directory = FileManager.default.currentDirectoryPath
        let parts = (inputs.first ?? "").split(separator: "/").map(String.init)
            .filter { !$0.contains("*") && $0 != "." && $0 != ".." }
        let last = inputs.count == 1 ? parts.last : nil
        let name = last ?? directory.split(separator: "/").last.map(String.init) ?? "default"
        let front = name.prefix { $0 != "." }
        let letters = front.map { $0.isLetter || $0.isNumber || "-_".contains($0) ? $0 : "-" }
        return letters.isEmpty ? "default" : String(letters.prefix(longestNameCount))
    }

    /// A path as a shell takes it.
    private static func quoted(_ path: String) -> String {
        // What begins with a hyphen would be an option.
        (path.hasPrefix("-") ? "./" + path : path).shellWord
    }
}
