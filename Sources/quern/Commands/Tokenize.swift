import ArgumentParser
import Tokenization

/// `quern tokenize`
struct Tokenize: AsyncParsableCommand, MessagingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cut text into tokens, and print them or their ids.",
        discussion: """
            Prints the pieces side by side, coloured on a terminal and with a bar between them \
            elsewhere, or their ids with --ids. Instead of a vocabulary's directory, --vocab takes \
            "character" and "word": the two simple ways to cut a text, with ids that number its \
            distinct pieces in sorted order.

            Example:

              quern tokenize --vocab vocab/kjv "Hold my math!"
              quern tokenize --vocab character "Hold my math!"
              quern tokenize --vocab word --ids "Hold my math!"
              quern tokenize --vocab vocab/kjv --ids - < text.txt
              quern tokenize --vocab vocab/kjv --allow-special all "The end<|endoftext|>"
            """)

    @Option(name: .long, help: "A vocabulary's directory or tokenizer.json, character, or word.")
    var vocab: String

    @Flag(name: .long, help: "Print ids instead of pieces.")
    var ids = false

    @OptionGroup var specials: SpecialTokenOptions

    @Argument(help: "The text, or - for standard input.")
    var text = "-"

    @OptionGroup var messages: MessageOptions

    func validate() throws {
        if specials.allowSpecial != .none, Self.simplePatterns[vocab] != nil {
            throw ValidationError("--vocab \(vocab) has no special tokens to allow")
        }
    }

    func run() async throws {
        let bytes =
            text == "-"
            ? try Terminal.readAllInput() : Array(text.utf8)
        let pieces: [[UInt8]]
        let numbers: [Int]
        if let pattern = Self.simplePatterns[vocab] {
            let simple = PieceVocabulary(of: bytes.span, pattern: pattern)
            let found = try simple.encode(bytes.span)
            pieces = found.map { simple.pieces[$0.index] }
            numbers = found.map { $0.index }
        } else {
            let vocabulary = try Vocabulary(directory: vocab)
            let encoder = BytePairEncoder(vocabulary)
            var found: [TokenID] = []
            let policy = try specials.policy(for: vocabulary)
            encoder.encode(bytes.span, specials: policy, into: &found)
            pieces = found.map { vocabulary.bytes(of: $0) }
            numbers = found.map(\.index)
        }
        if ids {
            Terminal.write(numbers.map(String.init).joined(separator: " ") + "\n")
        } else {
            Terminal.write(Pieces.text(pieces, coloured: Terminal.showsResults))
        }
    }

    /// Names that `--vocab` takes instead of a vocabulary: the ways to cut a text that need none.
    private static let simplePatterns: [String: SplitPattern] = [
        "character": .character, "word": .word,
    ]
}
