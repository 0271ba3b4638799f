import Testing

@testable import Tokenization
@testable import VocabularyFiles

@Suite struct VocabularyRanksTests {
    private static let letters = Array("abc".utf8)

    private func encode(_ encoder: BytePairEncoder, _ text: [UInt8]) -> [TokenID] {
        var ids: [TokenID] = []
        encoder.encode(text.span, into: &ids)
        return ids
    }

    @Test("an example that a person can check")
    func example() throws {
        // "abc" is neither "ab" + "c" nor "a" + "bc" while merging: "bc" comes first, and what is
        // left is "a" + "bc", which is "abc".
        var ranks = NaiveRanks(
            ranks: Dictionary(
                uniqueKeysWithValues: (0...255).map { ([UInt8($0)], UInt32($0)) })
        ).ranks
        for (rank, word) in ["bc", "ab", "abc", "cab"].enumerated() {
            ranks[Array(word.utf8)] = UInt32(256 + rank)
        }
        let vocabulary = try VocabularyImport.ranks(NaiveRanks(ranks: ranks).file)
        #expect(vocabulary.mergeSemantics == .wholePieceFirst)
        #expect(vocabulary.parents(of: 258)?.left == 97)
        #expect(vocabulary.parents(of: 258)?.right == 256)
        let encoder = BytePairEncoder(vocabulary)
        #expect(encode(encoder, Array("abc".utf8)) == [258])
        #expect(encode(encoder, Array("aab".utf8)) == [97, 257])
        #expect(encode(encoder, Array("cabc".utf8)) == [99, 258])
    }

    @Test(
        "every short text has tiktoken's ids, whatever the ranks",
        arguments: 0..<8)
    func exhaustive(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let naive = NaiveRanks.random(
            alphabet: Self.letters, wordCount: 10 + 8 * seed, longest: 5, shuffled: seed % 2 == 0,
            using: &generator)
        let vocabulary = try VocabularyImport.ranks(naive.file)
        let encoder = BytePairEncoder(vocabulary)
        for text in strings(over: Self.letters, upTo: 6) {
            #expect(encode(encoder, text) == naive.encode(text))
        }
        for _ in 0..<30 {
            let text = (0..<60).map { _ in Self.letters.randomElement(using: &generator) ?? 0 }
            #expect(encode(encoder, text) == naive.encode(text))
        }
    }

    @Test("some of these vocabularies have tokens that merging never makes")
    func unreachable() throws {
        var generator = SeededGenerator(3)
        let naive = NaiveRanks.random(
            alphabet: Self.letters, wordCount: 60, longest: 5, shuffled: true, using: &generator)
        let vocabulary = try VocabularyImport.ranks(naive.file)
        let id = try #require(vocabulary.firstWholePieceOnly)
        let bytes = vocabulary.bytes(of: id)
        #expect(encode(BytePairEncoder(vocabulary), bytes) == [id])
        #expect(vocabulary.mergeCount < naive.ranks.count - 256)
        #expect(throws: TokenizationError.self) {
            try vocabulary.export(to: "/nowhere", format: .gpt2)
        }
    }

    @Test(
        "what is exported as ranks has tiktoken's ids; what would not is refused", arguments: 0..<6)
    func obstacles(seed: Int) throws {
        var generator = SeededGenerator(UInt64(100 + seed))
        var written = 0
        var refused = 0
        for round in 0..<20 {
            let naive = NaiveRanks.random(
                alphabet: Self.letters, wordCount: 4 + round / 2, longest: 4,
                shuffled: round % 3 == 0, using: &generator)
            let ranked = try VocabularyImport.ranks(naive.file)
            // The same tokens with other merges: some more, some less, some in another order.
            var pairs = ranked.merges.pairs
            let words = ranked.ordinaryIDs.map(\.rawValue)
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                let pair = MergePair(
                    left: words.randomElement(using: &generator) ?? 0,
                    right: words.suffix(12).randomElement(using: &generator) ?? 0)
                if !pairs.contains(pair), ranked.tokens.join(of: pair.left, pair.right) != nil {
                    pairs.insert(pair, at: Int.random(in: 0...pairs.count, using: &generator))
                }
            }
            if round % 4 == 1, pairs.count > 1 { pairs.swapAt(0, pairs.count - 1) }
            if round % 5 == 2 { pairs = Array(pairs.dropLast()) }
            let vocabulary = Vocabulary(
                pattern: .gpt4, mergeSemantics: round % 2 == 0 ? .wholePieceFirst : .listedMerges,
                specialTokens: [], tokens: ranked.tokens,
                merges: try MergeTable(pairs, tokens: ranked.tokens))
            if vocabulary.rankObstacle() == nil {
                written += 1
                #expect(TiktokenFile.write(vocabulary) == naive.file)
                let encoder = NaiveEncoder(vocabulary)
                for text in strings(over: Self.letters, upTo: 5) {
                    #expect(encoder.encode(text) == naive.encode(text))
                }
            } else {
                refused += 1
            }
        }
        #expect(written > 2 && refused > 2)
    }

    @Test("without tokens of whole pieces only, it is the same whether whole pieces come first")
    func wholePieces() throws {
        let vocabulary = try Samples.vocabulary(
            of: [Array(Samples.verse.utf8)], size: 330, minimumFrequency: 1)
        #expect(vocabulary.firstWholePieceOnly == nil)
        #expect(vocabulary.rankObstacle() == nil)
    }

    @Test("special tokens and unused numbers are kept")
    func numbers() throws {
        var ranks = Dictionary(uniqueKeysWithValues: (0...255).map { ([UInt8($0)], UInt32($0)) })
        ranks[Array("ab".utf8)] = 260
        let file = NaiveRanks(ranks: ranks).file
        let vocabulary = try VocabularyImport.ranks(
            file, specials: [("<|end|>", 258), ("<é>", 265)])
        #expect(vocabulary.count == 266)
        #expect(vocabulary.unusedIDs == [256, 257, 259, 261, 262, 263, 264])
        #expect(vocabulary.bytes(of: 257) == [])
        #expect(vocabulary.bytes(of: 265) == Array("<é>".utf8))
        #expect(throws: TokenizationError.unknownToken(id: 257, vocabularyCount: 266)) {
            try vocabulary.decode([TokenID(97), 257])
        }
        #expect(BytePairEncoder(vocabulary).encode("ab<|end|>", specials: .all) == [260, 258])
        let again = try Vocabulary(tokenizerJSON: vocabulary.tokenizerJSON().span)
        #expect(again.fingerprint == vocabulary.fingerprint)
        #expect(again.unusedIDs == vocabulary.unusedIDs)
        #expect(TiktokenFile.write(again) == file)
    }

    @Test("specials that cannot be are refused")
    func badSpecials() {
        let cases: [([(String, UInt32)], String)] = [
            ([("<|end|>", 97)], "also that of another"), ([("!", 300)], "name of two"),
            ([("<|end|>", 1 << 24)], "the most is"), ([("a b", 300), ("c d", 300)], "number 300"),
            ([("a b", 300), ("a b", 301)], "twice"), ([("", 300)], "empty"),
        ]
        let ranks = Dictionary(uniqueKeysWithValues: (0...255).map { ([UInt8($0)], UInt32($0)) })
        for (specials, reason) in cases {
            let error = #expect(throws: TokenizationError.self) {
                try VocabularyImport.ranks(NaiveRanks(ranks: ranks).file, specials: specials)
            }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
    }

    @Test("presets number their special tokens without a collision")
    func presets() {
        for preset in VocabularyPreset.allCases {
            let specials = preset.specialTokens
            #expect(Set(specials.map(\.id)).count == specials.count)
            #expect(Set(specials.map(\.content)).count == specials.count)
        }
        #expect(VocabularyPreset.llama3.specialTokens.count == 256)
        #expect(VocabularyPreset.llama4.specialTokens.count == 2048)
        #expect(VocabularyPreset.qwen.specialTokens.last?.id == 151_850)
        #expect(VocabularyPreset.o200kHarmony.specialTokens.last?.id == 201_087)
    }
}
