import ArgumentParser
import Foundation
import Tokenization

/// `quern tokenize`
struct Tokenize: AsyncParsableCommand {
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
            """)

    @Option(name: .long, help: "A vocabulary's directory or tokenizer.json, character, or word.")
    var vocab: String

    @Flag(name: .long, help: "Print ids instead of pieces.")
    var ids = false

    @Flag(
        name: .long,
        help: "Recognise special tokens in the text. Without it they are ordinary text.")
    var allowSpecial = false

    @Argument(help: "The text, or - for standard input.")
    var text = "-"

    func run() async throws {
        let bytes =
            text == "-"
            ? Array(try FileHandle.standardInput.readToEnd() ?? Data()) : Array(text.utf8)
        let pieces: [[UInt8]]
        let numbers: [Int]
        if let simple = SplitPattern.tutorial(named: vocab) {
            pieces = simple.pieces(of: bytes.span)
            numbers = Self.numbered(pieces)
        } else {
            let vocabulary = try Vocabulary(directory: vocab)
            let encoder = BytePairEncoder(vocabulary)
            var found: [UInt32] = []
            encoder.encode(bytes.span, allowing: allowSpecial ? .all : .none, into: &found)
            pieces = found.map { vocabulary.bytes(of: TokenID($0)) }
            numbers = found.map(Int.init)
        }
        if ids {
            Terminal.write(numbers.map(String.init).joined(separator: " ") + "\n")
        } else {
            Terminal.write(Pieces.text(pieces, coloured: Terminal.showsResults))
        }
    }

    /// The number of each piece among the distinct ones in byte order.
    private static func numbered(_ pieces: [[UInt8]]) -> [Int] {
        let sorted = Set(pieces).sorted { $0.lexicographicallyPrecedes($1) }
        let numbers = Dictionary(uniqueKeysWithValues: zip(sorted, 0...))
        return pieces.map { numbers[$0]! }
    }
}

extension SplitPattern {
    /// The pattern for a text without a vocabulary: "character" or "word".
    fileprivate static func tutorial(named name: String) -> SplitPattern? {
        switch name {
        case "character": .character
        case "word": .word
        default: nil
        }
    }
}
