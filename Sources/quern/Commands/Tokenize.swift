import ArgumentParser
import Pipeline
import Tokenization

/// `quern tokenize`
struct Tokenize: AsyncParsableCommand, MessagingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        abstract: "Cut text into tokens, and print them or their ids.",
        discussion: """
            Prints the pieces side by side, coloured on a terminal and with a bar between them \
            elsewhere, or their ids with --ids. Instead of a vocabulary's directory, --vocab takes \
            "character" and "word": the two simple ways to cut a text, with ids that number its \
            distinct pieces in sorted order.
            """)

    static let examples: [Example] = [
        #"quern tokenize --vocab vocab/kjv "Hold my math!""#,
        #"quern tokenize --vocab character "Hold my math!""#,
        #"quern tokenize --vocab word --ids "Hold my math!""#,
        "quern tokenize --vocab vocab/kjv --ids - < text.txt",
        #"quern tokenize --vocab vocab/kjv --allow-special all "The end<|endoftext|>""#,
    ]

    @Option(
        name: .long,
        help: """
            The vocabulary (kjv or vocab/kjv), a model that has one, character, or word. (default: \
            the pipeline's)
            """, completion: .directory)
    var vocab: String?

    @OptionGroup var file: ConfigOption

    @Flag(name: .long, help: "Print ids instead of pieces.")
    var ids = false

    @OptionGroup var specials: SpecialTokenOptions

    @Argument(help: "The text, or - for standard input.")
    var text = "-"

    @OptionGroup var result: ResultOptions
    @OptionGroup var messages: MessageOptions

    func validate() throws {
        try file.check(vocab != nil, "--vocab")
        if vocab != nil, file.config != nil {
            throw ValidationError("--config says which vocabulary it is: give it or --vocab")
        }
        if let vocab, specials.allowSpecial != .none, Self.simplePatterns[vocab] != nil {
            throw ValidationError("--vocab \(vocab) has no special tokens to allow")
        }
    }

    func run() async throws {
        let vocab = try file.vocabulary(vocab, messages.form)
        var printer = TokenPrinter(isJSON: result.json)
        if let pattern = Self.simplePatterns[vocab] {
            try ids || result.json ? number(pattern, &printer) : cut(pattern, &printer)
        } else {
            try encode(Vocabulary(named: vocab), &printer)
        }
        printer.finish()
    }

    /// Prints the tokens of a vocabulary as the text comes.
    private func encode(_ vocabulary: Vocabulary, _ printer: inout TokenPrinter) throws {
        var stream = EncodingStream(vocabulary, specials: try specials.policy(for: vocabulary))
        var found: [TokenID] = []
        func show(_ printer: inout TokenPrinter) throws {
            for id in found {
                try printer.add(
                    id: id.index, piece: vocabulary.bytes(of: id), showsID: ids)
            }
            found.removeAll(keepingCapacity: true)
        }
        try forEachPart { part in
            stream.append(part.span, into: &found)
            try show(&printer)
        }
        stream.finish(into: &found)
        try show(&printer)
    }

    /// Prints the pieces of a pattern as the text comes.
    private func cut(_ pattern: SplitPattern, _ printer: inout TokenPrinter) throws {
        var stream = PieceStream(pattern)
        try forEachPart { part in
            for piece in stream.append(part.span) { printer.add(piece: piece) }
        }
        for piece in stream.finish() { printer.add(piece: piece) }
    }

    /// Prints the numbers of a pattern's pieces, which take the whole text: it is kept.
    private func number(_ pattern: SplitPattern, _ printer: inout TokenPrinter) throws {
        let bytes = text == "-" ? try Terminal.readAllInput() : Array(text.utf8)
        let simple = PieceVocabulary(of: bytes.span, pattern: pattern)
        var stream = PieceStream(pattern)
        func show(_ pieces: [[UInt8]], _ printer: inout TokenPrinter) throws {
            for piece in pieces {
                try printer.add(
                    id: simple.number(of: piece).index, piece: piece, showsID: true)
            }
        }
        for start in stride(from: 0, to: bytes.count, by: Self.partByteCount) {
            let part = bytes[start..<min(start + Self.partByteCount, bytes.count)]
            try show(stream.append(part.span), &printer)
        }
        try show(stream.finish(), &printer)
    }

    private static let partByteCount = 1 << 16

    /// Calls `body` with the parts of the text.
    private func forEachPart(_ body: ([UInt8]) throws -> Void) throws {
        guard text == "-" else { return try body(Array(text.utf8)) }
        while let part = try Terminal.readInput() { try body(part) }
    }

    /// Names that `--vocab` takes instead of a vocabulary: the ways to cut a text that need none.
    private static let simplePatterns: [String: SplitPattern] = [
        "character": .character, "word": .word,
    ]
}
