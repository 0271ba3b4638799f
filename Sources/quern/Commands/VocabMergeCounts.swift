import ArgumentParser
import Foundation
import Pipeline
import Tokenization

/// `quern vocab merge-counts`
struct VocabMergeCounts: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "merge-counts",
        abstract: "Add files of counts up.",
        discussion: """
            Makes one file of counts of any number of them, in the memory of a few buffers. The \
            result is the file that `quern vocab count` would have made of all the text at once, \
            in whatever order and grouping it is merged.
            """)

    static let examples: [Example] = [
        "quern vocab merge-counts part-1.counts part-2.counts --output all.counts"
    ]

    @Argument(
        help: ArgumentHelp("Files that `quern vocab count` wrote.", valueName: "counts"),
        completion: .file())
    var inputs: [String]

    @Option(
        name: .long, help: ArgumentHelp("The file to write.", valueName: "file"),
        completion: .file())
    var output: String

    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        // Counts that come in twice count twice, and nothing in the result says so.
        func file(_ path: String) -> String {
            URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        }
        var files: Set<String> = []
        for input in inputs {
            guard files.insert(file(input)).inserted else {
                throw ValidationError("\(input) is given twice, and would count twice")
            }
        }
    }

    func run() async throws {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let merged = try VocabStage.mergeCounts(
            inputs, path: output, overwrites: overwriting.overwrite,
            work: reporting.work(printer, interrupts))
        printer.endLine()
        var report = Report()
        report.add(merged)
        report.written([output])
        try result.write(report)
    }
}
