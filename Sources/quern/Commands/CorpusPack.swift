import ArgumentParser
import Compression
import Pipeline
import Work

/// `quern corpus pack`
struct CorpusPack: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Rewrite a corpus as one seekable .jsonl.zst or .parquet, read on many threads.",
        discussion: """
            Writes each document as a line {"text":…}, in zstd frames of whole lines with a table \
            of them at the end (the seekable format of zstd's contrib folder, which every zstd \
            decoder reads); or, where the name of the output ends in .parquet, as a row with the \
            column text, in row groups. They are compressed, and later decoded, on several threads.
            """)

    static let examples: [Example] = [
        "quern corpus pack --output web.parquet web",
        #"quern corpus pack --output books.jsonl.zst books/ --text-separator '\n\n\n'"#,
        """
        curl -s https://example.org/dump.jsonl.gz | quern corpus pack --output dump.jsonl.zst \
        --format jsonl -
        """,
    ]

    @Option(
        name: .long, help: ArgumentHelp("The file to write.", valueName: "file"),
        completion: .file())
    var output: String

    @Option(
        name: .long,
        help: """
            The level of compression, 1 to 22. (default: 3)
            """, transform: Typed.whole(1...22))
    var compressionLevel = 3

    @Option(
        name: .long,
        help: """
            The size of text at which a frame or row group ends. \
            (default: \(ByteSize(byteCount: SeekableEncoder.standardFrameByteCount)))
            """,
        transform: Typed.size(.size(1...SeekableEncoder.maximumFrameByteCount / 8)))
    var frameSize = ByteSize(byteCount: SeekableEncoder.standardFrameByteCount)

    @OptionGroup var corpus: CorpusOptions
    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func run() async throws {
        let printer = reporting.makePrinter()
        let interrupts = InterruptHandler(form: reporting.form)
        let outcome = try await PackStage.run(
            corpus: corpus.configuration(validationFraction: 0, output: output), path: output,
            level: compressionLevel,
            frameByteCount: frameSize.byteCount, overwrites: overwriting.overwrite,
            work: reporting.work(printer, interrupts))
        printer.endLine()
        var report = Report()
        report.add(outcome.progress)
        let isParquet = output.hasSuffix(".parquet")
        report.row(
            isParquet ? "row groups" : "frames",
            isParquet
                ? "\(count: outcome.frameCount, "row_groups")"
                : "\(count: outcome.frameCount, "frames")")
        report.row(
            "written",
            "\(output, as: [output], "written"), \(bytes: outcome.byteCount, "stored_bytes")")
        try result.write(report)
    }
}
