import ArgumentParser
import Tokenization

/// Options of the tokens that end what is drawn.
struct EndingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            A token that ends a text, by its content or its number, in place of those that the \
            model's files name. May be repeated.
            """, valueName: "token"))
    var end: [String] = []

    @Flag(name: .long, help: "Go on behind a token that would end a text.")
    var ignoreEnd = false

    func validate() throws {
        if ignoreEnd, !end.isEmpty {
            throw ValidationError("--ignore-end lets no token end a text: give it or --end")
        }
    }

    /// The tokens that end a text in place of the model's; nil for these.
    func tokens(_ vocabulary: Vocabulary) throws -> Set<TokenID>? {
        if ignoreEnd { return [] }
        return end.isEmpty ? nil : Set(try end.map { try vocabulary.token($0) })
    }
}

extension Vocabulary {
    /// The token that a person means by its content, or else by its number.
    ///
    /// - Throws: ``TokenizationError/unknownSpecialToken(_:known:)`` for what is neither.
    func token(_ name: String) throws -> TokenID {
        if let token = specialToken(name) ?? id(of: Array(name.utf8).span) { return token }
        if let number = Int(name), 0..<count ~= number { return TokenID(number) }
        throw TokenizationError.unknownSpecialToken(
            name, known: specialTokens.map(\.content))
    }
}
