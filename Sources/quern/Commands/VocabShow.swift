import ArgumentParser
import Tokenization

/// `quern vocab show`
struct VocabShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a vocabulary holds.",
        discussion: """
            Example:

              quern vocab show vocab/kjv
              quern vocab show vocab/kjv --tokens 300..320
            """)

    @Argument(help: "The vocabulary's directory, or its tokenizer.json.")
    var vocab: String

    @Option(
        name: .long,
        help: ArgumentHelp("Print these tokens, one a line.", valueName: "first..last"))
    var tokens: String?

    @Option(name: .long, help: "How many of the longest tokens to show.")
    var longest = 20

    func validate() throws {
        if longest < 0 { throw ValidationError("--longest is not negative") }
        if tokens != nil, try range() == nil {
            throw ValidationError("--tokens reads first..last, for example 300..320")
        }
    }

    private func range() throws -> ClosedRange<Int>? {
        guard let tokens else { return nil }
        let ends = tokens.split(separator: ".", omittingEmptySubsequences: true).map { Int($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 0, first <= last
        else { return nil }
        return first...last
    }

    func run() async throws {
        let vocabulary = try Vocabulary(directory: vocab)
        if let range = try range() {
            for id in range.prefix(while: { $0 < vocabulary.count }) {
                let bytes = vocabulary.bytes(of: TokenID(UInt32(id)))
                Terminal.write("\(id)\t\(Pieces.quoted(bytes))\n")
            }
            return
        }
        let ids = (0..<vocabulary.count).map { TokenID(UInt32($0)) }
        let lengths = ids.map { vocabulary.bytes(of: $0).count }
        let special = vocabulary.specialTokens
        var rows = [
            ["tokens", Figures.count(vocabulary.count)],
            ["pattern", vocabulary.pattern.rawValue],
            ["merges", Figures.count(vocabulary.count - special.count - 256)],
            [
                "special tokens",
                special.isEmpty
                    ? "none" : special.map { "\($0.content) = \($0.id)" }.joined(separator: ", "),
            ],
            ["end of text", vocabulary.endOfText.map { "\($0)" } ?? "none"],
            ["fingerprint", String(vocabulary.fingerprint, radix: 16)],
            [
                "mean length",
                "\(Figures.fixed(Double(lengths.reduce(0, +)) / Double(max(ids.count, 1)), 2)) bytes",
            ],
        ]
        let specialIDs = Set(special.map(\.id))
        let longestIDs = ids.filter { !specialIDs.contains($0) }
            .sorted { (lengths[Int($1.rawValue)], $0) < (lengths[Int($0.rawValue)], $1) }
            .prefix(longest)
        rows.append(["", ""])
        for id in longestIDs {
            rows.append(["\(id)", Pieces.quoted(vocabulary.bytes(of: id))])
        }
        Terminal.write(Table.text(rows))
    }
}
