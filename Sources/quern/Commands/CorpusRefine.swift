import ArgumentParser
import Corpora
import Pipeline
import Refinement

/// `quern corpus refine`
struct CorpusRefine: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "refine",
        abstract: "Filter a corpus, remove duplicates, and shuffle it.",
        discussion: """
            Writes what is left as seekable part_000000.jsonl.zst and so on, each line with its \
            text and the place it comes from, and report.json: what went in, and what each step \
            removed, with examples. Of equal or nearly equal documents the first stays. The result \
            does not depend on memory or threads; what does not fit into memory goes to files \
            without names.

            Exact duplicates are removed unless --keep-duplicates is given, everything else is \
            done on request. Near-duplicates are found by MinHash with 20 bands of 6 values; other \
            rules can be set in pipeline.json, section corpus.refine.
            """)

    static let examples: [Example] = [
        "quern corpus refine web/ --output clean/web --min-words 50 --near-duplicates --shuffle",
        """
        quern corpus refine dump.jsonl.zst --output - | quern encode --vocab vocab/web \
        --output shards/web --format jsonl -
        """,
    ]

    @Option(
        name: .long,
        help: """
            The directory to write, or - for JSON lines on standard output. An earlier result that \
            is there is replaced when the new one is whole.
            """)
    var output: String

    @OptionGroup var refining: RefiningOptions
    @OptionGroup var corpus: CorpusOptions
    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let destination: RefineStage.Destination =
            output == "-" ? .lines { Terminal.write($0) } : .directory(output)
        let report = try await RefineStage.run(
            corpus: corpus.configuration(
                validationFraction: 0, output: output == "-" ? nil : output),
            refinement: refining.configuration, destination: destination,
            work: reporting.work(printer, interrupts))
        printer.endLine()
        let table = RefinementSummary.text(report)
        if output == "-" {
            if !reporting.quiet { Terminal.writeMessage(table) }
        } else {
            Terminal.write(table + Table.text([["written", output]]))
        }
    }
}

/// Table of the results of a refinement.
enum RefinementSummary {
    static func text(_ report: RefinementReport) -> String {
        var rows = [["", "documents", "bytes of text"], row("read", report.read)]
        for step in report.steps { rows.append(row(step.name, step.removed, sign: "−")) }
        rows.append(row("kept", report.kept))
        var text = Table.text(rows, alignRight: true)
        if report.skipped.lines > 0 || report.skipped.emptyDocuments > 0 {
            text +=
                "skipped: \(Figures.count(report.skipped.lines)) lines, "
                + "\(Figures.count(report.skipped.emptyDocuments)) empty documents\n"
        }
        if let count = report.skipped.brokenFiles {
            text += "broken files: \(Figures.count(count)), each left out from a place on\n"
        }
        if let count = report.skipped.damagedMembers {
            text +=
                "damaged members: \(Figures.count(count)), whose checksum fails and whose "
                + "documents are kept\n"
        }
        for step in report.steps {
            guard let example = step.examples.first else { continue }
            text += "\(step.name): \(example.place)"
            text += example.keptPlace.map { "; \($0) stays\n" } ?? "\n"
        }
        return text
    }

    private static func row(
        _ name: String, _ amount: RefinementReport.Amount, sign: String = ""
    ) -> [String] {
        [name] + [amount.documents, amount.bytes].map { ($0 > 0 ? sign : "") + Figures.count($0) }
    }
}
