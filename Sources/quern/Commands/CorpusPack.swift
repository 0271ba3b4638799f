import ArgumentParser
import Compression
import Pipeline
import Work

/// `quern corpus pack`
struct CorpusPack: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Rewrite a corpus as one seekable .jsonl.zst, which is read on many threads.",
        discussion: """
            Writes each document as a line {"text":…}, in zstd frames of whole lines with a table \
            of them at the end (the seekable format of zstd's contrib folder, which every zstd \
            decoder reads). Frames are compressed, and later decoded, on several threads.
            """)

    static let examples: [Example] = [
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

    @Option(name: .long, help: "The level of compression, 1 to 22.", transform: Typed.whole(1...22))
    var compressionLevel = 3

    @Option(
        name: .long, help: "The size of text at which a frame ends, such as 4MiB.",
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
        report.row("frames", "\(count: outcome.frameCount, "frames")")
        report.row(
            "written",
            "\(output, as: [output], "written"), \(bytes: outcome.byteCount, "stored_bytes")")
        try result.write(report)
    }
}
