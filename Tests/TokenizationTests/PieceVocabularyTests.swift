import Testing

@testable import Tokenization

@Suite struct PieceVocabularyTests {
    @Test("pieces are numbered in byte order and come back")
    func characters() throws {
        let text = Array("Hold my math!".utf8)
        let vocabulary = PieceVocabulary(of: text.span, pattern: .character)
        #expect(vocabulary.count == 11)
        #expect(vocabulary.pieces.first == [0x20])
        let ids = try vocabulary.encode(text)
        #expect(ids.count == 13)
        #expect(try vocabulary.decode(ids) == text)
    }

    @Test("a piece that the text did not have is refused by name")
    func unknown() {
        let vocabulary = PieceVocabulary(of: Array("my math".utf8).span, pattern: .word)
        #expect(throws: TokenizationError.unknownPiece("Hold")) {
            try vocabulary.encode(Array("Hold my math".utf8).span)
        }
    }
}
