import ArgumentParser
import Pipeline
import Tokenization

/// `quern tokenize`
struct Tokenize: AsyncParsableCommand, MessagingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Cut text into tokens, and print them or their ids.",
        discussion: """
            Prints the pieces side by side, coloured on a terminal and with a bar between them \
            elsewhere, or their ids with --ids; with --offsets a token a line: its id, its place \
            in bytes and in characters, and its text; with --count how many there are. Instead of \
            a vocabulary's directory, --vocab takes "character" and "word": the two simple ways to \
            cut a text, with ids that number its distinct pieces in sorted order.
            """)

    static let examples: [Example] = [
        #"quern tokenize --vocab vocab/kjv "Hold my math!""#,
        #"quern tokenize --vocab character "Hold my math!""#,
        #"quern tokenize --vocab word --ids "Hold my math!""#,
        "quern tokenize --vocab vocab/kjv --ids - < text.txt",
        #"quern tokenize --vocab vocab/kjv --offsets "Hold my math!""#,
        "quern tokenize --vocab vocab/kjv --count - < text.txt",
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

    @Flag(name: .long, help: "Print each token's place in bytes and in characters, one a line.")
    var offsets = false

    @Flag(name: .long, help: "Print the number of tokens instead of them.")
    var count = false

    @Option(
        name: .long, help: "The most tokens: what follows them is left out.",
        transform: Typed.whole(0...1 << 40))
    var truncate: Int?

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
        if [ids, offsets, count].count(where: { $0 }) > 1 {
            throw ValidationError("give one of --ids, --offsets and --count")
        }
        if let vocab, Self.simplePatterns[vocab] != nil, offsets || count || truncate != nil {
            throw ValidationError("--offsets, --count and --truncate need a vocabulary")
        }
    }

    func run() async throws {
        let vocab = try file.vocabulary(vocab, messages.form)
        if offsets { return try place(Vocabulary(named: vocab)) }
        if count { return try count(Vocabulary(named: vocab)) }
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
        var rest = truncate ?? .max
        func show(_ printer: inout TokenPrinter) throws {
            for id in found.prefix(rest) {
                try printer.add(
                    id: id.index, piece: vocabulary.bytes(of: id), showsID: ids)
            }
            rest -= min(rest, found.count)
            found.removeAll(keepingCapacity: true)
        }
        try forEachPart { part in
            guard rest > 0 else { return }
            stream.append(part.span, into: &found)
            try show(&printer)
        }
        guard rest > 0 else { return }
        try stream.finish(into: &found)
        try show(&printer)
    }

    /// Prints the number of tokens.
    private func count(_ vocabulary: Vocabulary) throws {
        var stream = EncodingStream(vocabulary, specials: try specials.policy(for: vocabulary))
        var found: [TokenID] = []
        var total = 0
        try forEachPart { part in
            stream.append(part.span, into: &found)
            total += found.count
            found.removeAll(keepingCapacity: true)
        }
        try stream.finish(into: &found)
        var report = Report()
        let number = min(total + found.count, truncate ?? .max)
        report.lines("\(number)\n")
        report.member("tokens", number)
        try result.write(report)
    }

    /// Prints a line a token: its id, its places, and its text.
    private func place(_ vocabulary: Vocabulary) throws {
        let bytes = text == "-" ? try Terminal.readAllInput() : Array(text.utf8)
        let places = try BytePairEncoder(vocabulary).places(
            of: bytes.span, specials: try specials.policy(for: vocabulary))
        var report = Report()
        report.table(
            "tokens", nil,
            places.prefix(truncate ?? .max).map { place in
                let piece = vocabulary.bytes(of: place.id)
                let value = TokenValue(id: place.id.index, bytes: piece)
                let characters = place.characters
                return [
                    "\(String(place.id.index), as: place.id.index, "id")",
                    "\(Self.shown(place.bytes), as: Self.ends(place.bytes), "bytes")",
                    "\(Self.shown(characters), as: Self.ends(characters), "characters")",
                    "\(Pieces.quoted(piece), as: value.text, "text")",
                ]
            })
        try result.write(report)
    }

    private static func shown(_ range: Range<Int>) -> String {
        "\(range.lowerBound)..<\(range.upperBound)"
    }

    private static func ends(_ range: Range<Int>) -> [Int] {
        [range.lowerBound, range.upperBound]
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
