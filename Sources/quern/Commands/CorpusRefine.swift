import ArgumentParser
import Corpora
import Foundation
import Pipeline
import Refinement
import Work

/// `quern corpus refine`
struct CorpusRefine: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "refine",
        abstract: "Filter a corpus, remove duplicates, and shuffle it.",
        discussion: """
            Writes what is left as seekable part_000000.jsonl.zst (or .parquet) and so on, each \
            line with its text and the place it comes from, and report.json: what went in, and \
            what each step removed, with examples. Of equal or nearly equal documents the first \
            stays. The result does not depend on memory or threads; what does not fit into memory \
            goes to files without names.

            Exact duplicates are removed unless --no-remove-duplicates is given, everything else \
            is done on request. Near-duplicates are found by MinHash with 20 bands of 6 values; \
            other rules can be set in pipeline.json, section corpus.refine.

            Several processes, on any machines that share the directory, refine one corpus: start \
            the same command in each under srun, mpirun, a Slurm array or a Kubernetes Indexed \
            Job, or with --rank and --world, and then run `quern corpus finish`. Each does what \
            nobody else is at, waits for the others where nothing is free, and ends with 0 when \
            all is done; what a killed one leaves, another one does. The bytes are the same.
            """)

    static let examples: [Example] = [
        """
        quern corpus refine web/ --output clean/web --min-words 50 --remove-near-duplicates \
        --shuffle
        """,
        "quern corpus refine web/ --output clean/web --part-format parquet",
        "quern corpus refine web/ --output clean/web --rules gopher-repetition,fineweb",
        """
        quern corpus refine new/ --output clean/new --remove-near-duplicates --against web/ \
        --list-removed removed.jsonl
        """,
        """
        quern corpus refine dump.jsonl.zst --output - | quern encode --vocab vocab/web \
        --output shards/web --format jsonl -
        """,
        """
        mpirun -n 4 quern corpus refine web/ --output clean/web --remove-near-duplicates && quern \
        corpus finish clean/web
        """,
    ]

    @Option(
        name: .long,
        help: """
            The directory to write, or - for JSON lines on standard output. An earlier result that \
            is there is replaced when the new one is whole.
            """, completion: .directory)
    var output: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            A file that lists what is removed, and why, in JSON lines; compressed if its name ends \
            with .zst or .gz.
            """, valueName: "file"), completion: .file())
    var listRemoved: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            With several processes: stored bytes of input that make a part, which one process \
            reads alone. (default: 256MiB)
            """, valueName: "size"), transform: Typed.size(.fileSizes))
    var shareBytes: ByteSize?

    @OptionGroup var ranks: ShareOptions
    @OptionGroup var refining: RefiningOptions
    @OptionGroup var corpus: CorpusOptions
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if output == "-", refining.partFormat == .parquet {
            throw ValidationError("--part-format parquet needs a directory as --output")
        }
        if output == "-", result.json {
            throw ValidationError("--json is for the report, and --output - writes the documents")
        }
    }

    func run() async throws {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let (share, origin) = try ranks.find()
        if share.world > 1 {
            if let origin { printer.notice("rank \(share.rank) of \(share.world), from \(origin)") }
            return try await run(share, printer, interrupts)
        }
        let destination: RefineStage.Destination =
            output == "-" ? .lines { Terminal.write($0) } : .directory(output)
        let report = try await RefineStage.run(
            corpus: corpus.configuration(
                validationFraction: 0, output: output == "-" ? nil : output),
            refinement: refining.configuration, destination: destination,
            removedPath: listRemoved, work: reporting.work(printer, interrupts))
        printer.endLine()
        var table = RefinementSummary.report(report)
        if output == "-" {
            if !reporting.quiet { Terminal.writeMessage(table.text) }
        } else {
            table.written([output] + (listRemoved.map { [$0] } ?? []))
            try result.write(table)
        }
    }

    /// Does the work of one of several processes.
    private func run(
        _ share: WorkShare, _ printer: ProgressPrinter, _ interrupts: InterruptHandler
    ) async throws {
        guard output != "-" else {
            throw ValidationError(
                "several processes need a directory as --output; --world 1 makes this one do all")
        }
        var settings = RefineStage.ShareSettings()
        if let shareBytes { settings.partBytes = shareBytes.byteCount }
        let outcome = try await RefineStage.runShare(
            share, corpus: corpus.configuration(validationFraction: 0, output: output),
            refinement: refining.configuration, directory: output, removedPath: listRemoved,
            settings: settings, work: reporting.work(printer, interrupts))
        printer.endLine()
        var report = Report()
        report.lines(
            "rank \(share.rank) of \(share.world): \(Figures.count(outcome.ownUnitCount)) of "
                + "\(Figures.count(outcome.unitCount)) units, and all are done; run: "
                + "quern corpus finish \(output)\n")
        report.member("directory", output)
        report.member("rank", share.rank)
        report.member("world", share.world)
        report.member("own_units", outcome.ownUnitCount)
        report.member("units", outcome.unitCount)
        report.member("parts", outcome.partCount)
        try result.write(report)
    }
}

/// Report of a refinement: a line a step for a person, and what report.json has for a program.
enum RefinementSummary {
    static func report(_ report: RefinementReport) -> Report {
        var result = Report()
        result.row(["", "documents", "bytes of text"], alignRight: true)
        result.row(row("read", report.read), alignRight: true)
        for step in report.steps {
            result.row(row(step.name, step.removed, sign: "−"), alignRight: true)
        }
        result.row(row("kept", report.kept), alignRight: true)
        let skipped = report.skipped
        if skipped.lines > 0 || skipped.emptyDocuments > 0 {
            result.lines(
                "skipped: \(Figures.count(skipped.lines)) lines, "
                    + "\(Figures.count(skipped.emptyDocuments)) empty documents\n")
        }
        if let count = skipped.brokenFiles {
            result.lines("broken files: \(Figures.count(count)), each left out from a place on\n")
        }
        if let count = skipped.damagedMembers {
            result.lines(
                "damaged members: \(Figures.count(count)), whose checksum fails and whose "
                    + "documents are kept\n")
        }
        for file in report.evaluations ?? [] {
            result.lines(
                "\(file.path): \(Figures.count(file.documents)) documents have words of its "
                    + "\(Figures.count(file.texts)) texts"
                    + (file.shortTexts > 0
                        ? "; \(Figures.count(file.shortTexts)) are too short to be found\n" : "\n"))
        }
        for other in report.others ?? [] {
            result.lines(
                "\(other.path): \(Figures.count(other.removed.documents)) documents are the same "
                    + "as one of its \(Figures.count(other.read.documents)), or nearly\n")
        }
        for step in report.steps {
            guard let parts = step.removedParts else { continue }
            result.lines(
                "\(step.name): \(Figures.count(parts.lines)) lines and "
                    + "\(Figures.count(parts.bytes)) bytes out of documents that stay\n")
        }
        for step in report.steps {
            guard let example = step.examples.first else { continue }
            result.lines(
                "\(step.name): \(example.place)"
                    + (example.keptPlace.map { "; \($0) stays\n" } ?? "\n"))
        }
        result.member("read", report.read)
        result.member("steps", report.steps)
        if let evaluations = report.evaluations { result.member("evaluations", evaluations) }
        if let others = report.others { result.member("against", others) }
        result.member("kept", report.kept)
        result.member("skipped", report.skipped)
        return result
    }

    private static func row(
        _ name: String, _ amount: RefinementReport.Amount, sign: String = ""
    ) -> [String] {
        [name] + [amount.documents, amount.bytes].map { ($0 > 0 ? sign : "") + Figures.count($0) }
    }
}
