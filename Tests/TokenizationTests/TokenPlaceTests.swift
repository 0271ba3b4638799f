import Testing

@testable import Tokenization

@Suite struct TokenPlaceTests {
    private func places(
        _ text: String, _ vocabulary: Vocabulary
    ) throws -> [TokenPlace] {
        try BytePairEncoder(vocabulary).places(of: Array(text.utf8).span, specials: .all)
    }

    @Test("places follow one another, and hold the bytes and the characters of their tokens")
    func plain() throws {
        let vocabulary = try Samples.vocabulary(of: [Array(Samples.verse.utf8)], size: 300)
        var generator = SeededGenerator(3)
        for _ in 0..<300 {
            let text = Samples.text(count: 20, using: &generator)
            let places = try BytePairEncoder(vocabulary).places(of: text.span)
            #expect(places.map(\.id) == vocabulary.idsOfBytes(text))
            var end = 0
            for place in places {
                #expect(place.bytes.lowerBound == end)
                #expect(Array(text[place.bytes]) == vocabulary.bytes(of: place.id))
                end = place.bytes.upperBound
            }
            #expect(end == text.count)
        }
        let found = try places("漢é!", try JSONVocabulary.bytes().read())
        #expect(found.map(\.bytes) == [0..<1, 1..<2, 2..<3, 3..<4, 4..<5, 5..<6])
        #expect(found.map(\.characters) == [0..<1, 0..<1, 0..<1, 1..<2, 1..<2, 2..<3])
    }

    @Test("a space that was put before a text is at no place, and marks are spaces")
    func characters() throws {
        let file = JSONVocabulary.characters(
            "▁theé", merges: [("▁", "t"), ("h", "e"), ("▁t", "he")])
        let found = try places("the▁the<s>é", try file.read())
        #expect(found.map(\.bytes) == [0..<3, 3..<9, 9..<12, 12..<12, 12..<14])
        #expect(found.map(\.characters) == [0..<3, 3..<7, 7..<10, 10..<10, 10..<11])
    }

    @Test("white space that a special token takes is at no place; other changes are refused")
    func others() throws {
        var file = JSONVocabulary.bytes()
        file.add(256, "<m>", left: true, right: true)
        let found = try places("a \n<m>  b", try file.read())
        #expect(found.map(\.bytes) == [0..<1, 3..<6, 8..<9])
        #expect(found.map(\.characters) == [0..<1, 3..<6, 8..<9])
        file.normalizer = #"{"type": "NFC"}"#
        let vocabulary = try file.read()
        #expect(try places("é", vocabulary).count == 2)
        #expect(throws: TokenizationError.self) { try places("e\u{301}", vocabulary) }
    }
}

extension Vocabulary {
    fileprivate func idsOfBytes(_ text: [UInt8]) -> [TokenID] {
        var ids: [TokenID] = []
        BytePairEncoder(self).encode(text.span, into: &ids)
        return ids
    }
}
