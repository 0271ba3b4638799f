import ArgumentParser
import Corpora
import Work

/// Options of reading the files of a corpus.
struct ReadingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "The format; auto goes by the name, and text reads every file as it is.")
    var format = CorpusFormat.auto

    @Option(
        name: .long,
        help: """
            The field of JSON, or the column of a table or of Parquet, that holds the text. Dots \
            lead into objects, as in meta.body.text; \\. is a dot in a name.
            """)
    var textField = "text"

    @Option(
        name: .long,
        help: """
            Quotes in tables: double, in which two stand for one, or none, where they are \
            characters like any other. (default: double in CSV, none in TSV)
            """)
    var quotes: TableQuotes?

    @Option(
        name: .long,
        help: "How plain text is cut into documents: file, line or blank-line.")
    var documents = DocumentDivision.file

    @Option(
        name: .long,
        help: """
            What separates documents in plain text, instead of --documents; \\n, \\t and \\r stand \
            for a new line, a tab and a carriage return.
            """)
    var textSeparator: String?

    @Option(
        name: .long,
        help: """
            What to do about a line, record or document that cannot be read, and about the rest of \
            a file that is damaged: fail, skip, or quarantine, which skips it and keeps its bytes \
            and the reason in two files; of a damaged file the reason and the place alone.
            """)
    var onError = CorpusErrorPolicy.fail

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Where --on-error quarantine keeps bytes; reasons stand in FILE.reasons.jsonl. \
            (default: the output's name with .quarantine behind)
            """, valueName: "file"), completion: .file())
    var quarantine: String?

    @Option(
        name: .long,
        help: """
            What to do about bytes that are not UTF-8: fail, replace, or keep, which JSON cannot \
            hold and refuses.
            """)
    var invalidUtf8 = InvalidUTF8Policy.keep

    @Option(
        name: .long,
        help: """
            The largest document or line. \
            (default: \(ByteSize(byteCount: CorpusConfiguration().maximumDocumentByteCount)))
            """,
        transform: Typed.size(.size(1...1 << 40)))
    var maxDocumentBytes = ByteSize(byteCount: CorpusConfiguration().maximumDocumentByteCount)

    @Flag(
        name: .long,
        help: """
            Allow zstd windows of up to 2 GiB, as zstd --long=31 makes them, and the memory for \
            them.
            """)
    var longWindow = false

    /// The configuration that the options describe.
    ///
    /// - Parameter output: what the command writes; beside it stands what is put into quarantine.
    func configuration(
        inputs: [String], validationFraction: Double = 0, output: String? = nil
    ) throws -> CorpusConfiguration {
        var corpus = CorpusConfiguration(
            inputs: inputs, format: format, textField: textField, documents: documents,
            textSeparator: textSeparator?.unescaped,
            invalidUTF8: invalidUtf8, longWindow: longWindow, onError: onError,
            validationFraction: validationFraction,
            maximumDocumentByteCount: maxDocumentBytes.byteCount)
        corpus.quotes = quotes
        if onError == .quarantine {
            guard let path = quarantine ?? output.map(CorpusConfiguration.quarantinePath(beside:))
            else {
                throw ValidationError("--on-error quarantine needs --quarantine FILE here")
            }
            corpus.quarantinePath = path
        }
        try corpus.validate()
        return corpus
    }
}
