import Testing

@testable import Tokenization

@Suite struct BytePairEncoderTests {
    private func encode(
        _ text: [UInt8], _ encoder: BytePairEncoder, _ specials: SpecialTokenPolicy = .none
    ) -> [TokenID] {
        var ids: [TokenID] = []
        encoder.encode(text.span, specials: specials, into: &ids)
        return ids
    }

    /// The same tokens and merges with the other semantics.
    private func wholePieceFirst(_ vocabulary: Vocabulary) -> Vocabulary {
        Vocabulary(
            pattern: vocabulary.pattern, mergeSemantics: .wholePieceFirst,
            specialTokens: vocabulary.specialTokens, tokens: vocabulary.tokens,
            merges: vocabulary.merges)
    }

    @Test("every short text is encoded as the definition says")
    func exhaustive() throws {
        let alphabet = ["a", "b", "c", " "].map { Array($0.utf8) }
        var generator = SeededGenerator(4)
        for seed in 0..<4 {
            let texts = (0..<20).map { _ in
                Samples.text(alphabet, count: 12, using: &generator)
            }
            let learned = try Samples.vocabulary(
                of: texts, size: 275 + 10 * seed, pattern: seed % 2 == 0 ? .gpt4 : .gpt2)
            for vocabulary in [learned, wholePieceFirst(learned)] {
                let encoder = BytePairEncoder(vocabulary)
                let naive = NaiveEncoder(vocabulary)
                func check(_ text: [UInt8], depth: Int) {
                    // Twice, because the second time the pieces come from the cache.
                    let expected = naive.encode(text)
                    #expect(encode(text, encoder) == expected)
                    #expect(encode(text, encoder) == expected)
                    guard depth > 0 else { return }
                    for part in alphabet { check(text + part, depth: depth - 1) }
                }
                check([], depth: 4)
            }
        }
    }

    @Test(
        "pieces around the cache's and the heap's limits are encoded as the definition says",
        arguments: [14, 15, 16, 17, 127, 128, 129, 130, 300])
    func longPieces(length: Int) throws {
        var generator = SeededGenerator(UInt64(length))
        let alphabet = ["a", "b", "ab", "aa"].map { Array($0.utf8) }
        let texts = (0..<10).map { _ in Samples.text(alphabet, count: 40, using: &generator) }
        let vocabulary = try Samples.vocabulary(of: texts, size: 340)
        let encoder = BytePairEncoder(vocabulary)
        let naive = NaiveEncoder(vocabulary)
        for _ in 0..<5 {
            let text = Array(
                Samples.text(alphabet, count: length, using: &generator).prefix(length))
            #expect(encode(text, encoder) == naive.encode(text))
            #expect(encode(text, encoder) == naive.encode(text))
        }
        let run = [UInt8](repeating: 0x61, count: length)
        #expect(encode(run, encoder) == naive.encode(run))
    }

    @Test("arbitrary bytes come back", arguments: [SplitPattern.gpt2, .gpt4])
    func roundTrip(pattern: SplitPattern) throws {
        var generator = SeededGenerator(5)
        let texts = (0..<20).map { _ in Samples.text(count: 50, using: &generator) }
        let vocabulary = try Samples.vocabulary(of: texts, size: 400, pattern: pattern)
        let encoder = BytePairEncoder(vocabulary)
        let naive = NaiveEncoder(vocabulary)
        for length in 0..<200 {
            let text: [UInt8] =
                length % 2 == 0
                ? (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                : Samples.text(count: length, using: &generator)
            let ids = encode(text, encoder)
            #expect(ids == naive.encode(text))
            var back: [UInt8] = []
            try vocabulary.decode(ids.span, into: &back)
            #expect(back == text)
            var narrow: [UInt16] = []
            encoder.encode(text.span, into: &narrow)
            #expect(narrow.map { TokenID(Int($0)) } == ids)
        }
    }

    @Test("a text longer than what waits is delivered whole and in order")
    func manyIDs() throws {
        let vocabulary = try Samples.vocabulary(of: [Array(Samples.verse.utf8)], size: 300)
        let text = Array(repeatElement(Array(Samples.verse.utf8), count: 20).joined())
        var ids: [TokenID] = [7]
        BytePairEncoder(vocabulary).encode(text.span, into: &ids)
        #expect(Array(ids.dropFirst()) == NaiveEncoder(vocabulary).encode(text))
        #expect(ids[0] == 7)
    }

    @Test("special tokens are text unless the caller allows them")
    func specials() throws {
        let vocabulary = try Samples.vocabulary(
            of: [Array(Samples.verse.utf8)], size: 300,
            specials: ["<|end|>", "<|end|><|end|>", "<|other|>"])
        let encoder = BytePairEncoder(vocabulary)
        let text = Array("the<|end|><|end|><|end|> light<|other|>".utf8)
        let special: Set<TokenID> = [0, 1, 2]

        #expect(encode(text, encoder).allSatisfy { !special.contains($0) })
        #expect(encode(text, encoder, .all).filter(special.contains) == [1, 0, 2])
        #expect(encode(text, encoder, .only(["<|end|>"])).filter(special.contains) == [0, 0, 0])
        #expect(encode(text, encoder, .only(["unknown"])) == encode(text, encoder))
        for policy in [SpecialTokenPolicy.none, .all, .only(["<|other|>"])] {
            var back: [UInt8] = []
            try vocabulary.decode(encode(text, encoder, policy).span, into: &back)
            #expect(back == text)
        }
        // The text before a special token ends there: a space at its end is a piece of its own.
        #expect(
            encode(Array("a <|end|>b".utf8), encoder, .all)
                == encode(Array("a ".utf8), encoder) + [0] + encode(Array("b".utf8), encoder))
    }

    @Test("an id that does not exist is refused, and the text stays as it was")
    func unknown() throws {
        let vocabulary = try Samples.vocabulary(of: [], size: 257)
        var text: [UInt8] = [1]
        #expect(throws: TokenizationError.unknownToken(id: 257, vocabularyCount: 257)) {
            try vocabulary.decode([5, 257 as TokenID].span, into: &text)
        }
        #expect(text == [1])
    }
}
