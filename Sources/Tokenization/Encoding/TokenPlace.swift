import Bytes

/// A token and the part of a text that it stands for.
public struct TokenPlace: Hashable, Sendable {
    /// The token.
    public let id: TokenID

    /// Offsets of its bytes in the text; empty where it stands for nothing of it.
    public let bytes: Range<Int>

    /// Offsets of its characters, which are Unicode scalars, and single bytes that belong to none.
    /// A token that ends within a character has that character, and so has the next one.
    public let characters: Range<Int>
}

extension BytePairEncoder {
    /// The tokens of `text`, each with its place. O(count of `text`).
    ///
    /// The places follow one another and cover the text, but for white space that special tokens
    /// take. A space that the vocabulary puts before a text is at no place.
    ///
    /// - Throws: ``TokenizationError/lackedByte(_:offset:)``, and
    ///   ``TokenizationError/invalidConfiguration(reason:)`` where the vocabulary changed the text
    ///   otherwise, such as by a normal form, so that a token's place cannot be told.
    public func places(
        of text: Span<UInt8>, specials: SpecialTokenPolicy = .none
    ) throws(TokenizationError) -> [TokenPlace] {
        var ids: [TokenID] = []
        encode(text, specials: specials, into: &ids)
        try check()
        let vocabulary = vocabulary
        return try ByteView.with(text) { (view) throws(TokenizationError) in
            var tracer = TokenTracer(view, vocabulary)
            var places: [TokenPlace] = []
            places.reserveCapacity(ids.count)
            for id in ids { places.append(try tracer.place(of: id)) }
            return places
        }
    }
}

/// A walk along a text, token by token.
private struct TokenTracer {
    private let text: ByteView
    private let vocabulary: Vocabulary
    private let specials: [TokenID: SpecialToken]
    private var place = 0
    /// Characters that begin before ``place``, and where the last of them ends.
    private var characterCount = 0
    private var characterEnd = 0

    init(_ text: ByteView, _ vocabulary: Vocabulary) {
        self.text = text
        self.vocabulary = vocabulary
        specials = Dictionary(
            vocabulary.specialTokens.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func place(of id: TokenID) throws(TokenizationError) -> TokenPlace {
        let special = specials[id]
        let bytes = special.map { Array($0.content.utf8) } ?? vocabulary.bytes(of: id)
        if special?.stripsLeft == true, !stands(bytes) { skipSpace() }
        let start = place
        if let length = length(of: bytes) {
            place += length
        } else {
            throw .invalidConfiguration(
                reason:
                    "the vocabulary changed the text before it cut it, so that the place of the "
                    + "token \(id) at byte \(place) cannot be told")
        }
        let end = place
        let characters = advance(from: start)
        if special?.stripsRight == true { skipSpace() }
        return TokenPlace(id: id, bytes: start..<end, characters: characters)
    }

    private func stands(_ bytes: [UInt8]) -> Bool { text.hasPrefix(bytes, at: place) }

    /// Bytes of the text that are `bytes`: a mark may stand for a space, and a space before it all
    /// may not be there; nil if they are others.
    private func length(of bytes: [UInt8]) -> Int? {
        if stands(bytes) { return bytes.count }
        let rules = vocabulary.rules
        guard !rules.keepsTexts else { return nil }
        for hasPrefix in [false, true] where !hasPrefix || bytes.first == 0x20 {
            var index = place
            let isThere = bytes.dropFirst(hasPrefix ? 1 : 0).allSatisfy { byte in
                if byte == 0x20, rules.isOfCharacters, text.hasPrefix(TextRules.mark, at: index) {
                    index += TextRules.mark.count
                    return true
                }
                guard index < text.count, text[index] == byte else { return false }
                index += 1
                return true
            }
            if isThere { return index - place }
        }
        return nil
    }

    private mutating func skipSpace() {
        let start = place
        place = UnicodeClasses.shared.tables.endOfRun(of: .whitespace, in: text, from: place)
        _ = advance(from: start)
    }

    /// The characters of the bytes from `start` up to the place. O(bytes).
    private mutating func advance(from start: Int) -> Range<Int> {
        // Within a character, the token begins with it.
        let first = start < characterEnd ? characterCount - 1 : characterCount
        while characterEnd < place {
            characterEnd += decodeCodePoint(text, characterEnd).length
            characterCount += 1
        }
        return min(first, characterCount)..<max(characterCount, first)
    }
}
