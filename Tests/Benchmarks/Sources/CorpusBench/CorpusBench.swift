import ArgumentParser
import Corpora
import Foundation

/// Times reading: from a file to documents, and nothing done with them.
@main
struct CorpusBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read a corpus and say how long it took, as a line of JSON.")

    @Argument(help: "Files.")
    var inputs: [String]

    @Option(help: "What stands between documents of plain text.")
    var separator: String?

    @Option(help: "The field, or column, of the text.")
    var textField = "text"

    @Option(help: "Threads that decode; 1 decodes and reads on one.")
    var threads = 1

    func run() throws {
        let configuration = CorpusConfiguration(
            inputs: inputs, textField: textField,
            textSeparator: separator?.replacing("\\n", with: "\n"))
        let clock = ContinuousClock()
        let start = clock.now
        var reader = try CorpusReader(configuration, threadCount: threads)
        while try reader.next() != nil {}
        let seconds = (clock.now - start) / .seconds(1)
        print(
            """
            {"documents": \(reader.progress.documents), "bytes": \(reader.progress.textBytes), \
            "seconds": \(seconds)}
            """)
    }
}
