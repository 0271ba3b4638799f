import Testing

@testable import Tokenization
@testable import VocabularyLearning

@Suite struct VocabularyTrainerTests {
    @Test("three merges of aaabdaaabac, as in the encyclopedia's example")
    func encyclopedia() throws {
        let text = Array("aaabdaaabac".utf8)
        let vocabulary = try Samples.vocabulary(of: [text], size: 259, specials: [])
        var ids: [TokenID] = []
        BytePairEncoder(vocabulary).encode(text.span, into: &ids)
        let names = ids.map { String(decoding: vocabulary.bytes(of: $0), as: UTF8.self) }
        #expect(names == ["aaab", "d", "aaab", "a", "c"])
        #expect(vocabulary.bytes(of: 256) == Array("aa".utf8))
        #expect(vocabulary.bytes(of: 257) == Array("ab".utf8))
        #expect(vocabulary.bytes(of: 258) == Array("aaab".utf8))
        #expect(vocabulary.parents(of: 258)?.left == 256)
        #expect(vocabulary.parents(of: 258)?.right == 257)
    }

    @Test("special tokens come first, then the bytes in the order of their characters")
    func order() throws {
        let vocabulary = try Samples.vocabulary(of: [], size: 300, specials: ["<|a|>", "<|b|>"])
        #expect(vocabulary.count == 258)
        #expect(vocabulary.bytes(of: 0) == Array("<|a|>".utf8))
        #expect(vocabulary.bytes(of: 2) == Array("!".utf8))
        #expect(vocabulary.bytes(of: 257) == [0xAD])
    }

    @Test("random corpora full of ties give the merges of a trainer that counts anew each time")
    func againstNaive() throws {
        var generator = SeededGenerator(1)
        let alphabets: [[[UInt8]]] = [
            ["a", "b"].map { Array($0.utf8) }, ["a", "b", "c", " "].map { Array($0.utf8) },
            Samples.hostile,
        ]
        for round in 0..<80 {
            var configuration = VocabularyConfiguration()
            configuration.vocabularySize = 257 + [3, 20, 60][round % 3]
            configuration.pattern = round % 2 == 0 ? .gpt4 : .gpt2
            configuration.minimumFrequency = round % 4
            configuration.maximumTokenLength = [nil, nil, 1, 2, 3, 5][round % 6]
            configuration.tieRule = round % 4 < 2 ? .huggingface : .bytes
            let texts = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                Samples.text(
                    alphabets[round % alphabets.count],
                    count: Int.random(in: 0...30, using: &generator), using: &generator)
            }
            let counter = PieceCounter(configuration.pattern)
            for text in texts { counter.count(text.span) }
            let vocabulary = try VocabularyTrainer(configuration).train(counter.takeCounts())
            #expect(vocabulary.merges.pairs == NaiveTrainer.merges(texts, configuration))
            #expect(vocabulary.count <= configuration.vocabularySize)
        }
    }

    @Test(
        "a piece of any length, and lists that are compacted, give the merges of the naive trainer")
    func longPieces() throws {
        var generator = SeededGenerator(7)
        for round in 0..<8 {
            var counts = PieceCounts()
            var expected: [[UInt8]: UInt64] = [:]
            let letters = Array("ab".utf8) + (round % 2 == 0 ? [] : Array("cd".utf8))
            for _ in 0..<30 {
                let length = [1, 2, 15, 16, 17, 60, 200][Int.random(in: 0..<7, using: &generator)]
                let piece = (0..<length).map { _ in letters.randomElement(using: &generator)! }
                let count = UInt64.random(in: 1...9, using: &generator)
                try counts.add(piece.span, occurrences: count)
                expected[piece, default: 0] += count
            }
            var configuration = VocabularyConfiguration()
            configuration.vocabularySize = 257 + 120
            configuration.tieRule = round % 3 == 0 ? .bytes : .huggingface
            configuration.minimumFrequency = round % 4
            let vocabulary = try VocabularyTrainer(configuration).train(counts)
            #expect(vocabulary.merges.pairs == NaiveTrainer.merges(expected, configuration))
        }
    }

    @Test("the rules for ties differ where a space ties with a letter")
    func ties() throws {
        // "a b" is cut into "a" and " b", so that nothing but the order of bytes decides.
        func firstMerge(_ rule: TieRule) throws -> [UInt8] {
            var counts = PieceCounts()
            try counts.add(Array(" b".utf8).span, occurrences: 5)
            try counts.add(Array("ab".utf8).span, occurrences: 5)
            var configuration = VocabularyConfiguration()
            configuration.vocabularySize = 258
            configuration.tieRule = rule
            return try VocabularyTrainer(configuration).train(counts).bytes(of: 257)
        }
        // The space stands for itself in bytes, and is behind all that is printable in characters.
        #expect(try firstMerge(.huggingface) == Array("ab".utf8))
        #expect(try firstMerge(.bytes) == Array(" b".utf8))
    }

    @Test("counts merged in any order give the same files")
    func anyOrder() throws {
        var generator = SeededGenerator(2)
        let texts = (0..<40).map { _ in Samples.text(count: 60, using: &generator) }
        let trainer = try VocabularyTrainer(VocabularyConfiguration())
        let whole = PieceCounter(.gpt4)
        for text in texts { whole.count(text.span) }
        let expected = try trainer.train(whole.takeCounts())
        for parts in [2, 3, 7] {
            let counters = (0..<parts).map { _ in PieceCounter(.gpt4) }
            for (index, text) in texts.shuffled(using: &generator).enumerated() {
                counters[index % parts].count(text.span)
            }
            var counts = PieceCounts()
            for counter in counters.reversed() { try counts.merge(counter.takeCounts()) }
            let vocabulary = try trainer.train(counts)
            #expect(vocabulary.fingerprint == expected.fingerprint)
            #expect(vocabulary.tokenizerJSON() == expected.tokenizerJSON())
            #expect(vocabulary.tokensTSV() == expected.tokensTSV())
        }
    }

    @Test("counts beyond 32 bits are exact, and beyond 64 bits an error")
    func largeCounts() throws {
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 258
        func counts(_ pieces: [(String, UInt64)]) throws -> PieceCounts {
            var counts = PieceCounts()
            for (piece, count) in pieces {
                try counts.add(Array(piece.utf8).span, occurrences: count)
            }
            return counts
        }
        // In 32 bits the counts of the last two would be 1 and 2.
        let large = try counts([("ab", 3), ("cd", 1 << 33 + 1), ("ef", 1 << 33 + 2)])
        let vocabulary = try VocabularyTrainer(configuration).train(large)
        #expect(vocabulary.bytes(of: 257) == Array("ef".utf8))
        #expect(vocabulary.counts?[257] == 1 << 33 + 2)

        #expect(throws: TokenizationError.countOverflow) {
            _ = try VocabularyTrainer(configuration)
                .train(counts([("ab", 1 << 63), ("cd", 1 << 33)]))
        }
        #expect(throws: TokenizationError.countOverflow) {
            _ = try counts([("ab", 1 << 63), ("ab", 1 << 63)])
        }
    }

    @Test("progress ends with all merges done")
    func progress() throws {
        let counter = PieceCounter(.gpt4)
        counter.count(Array(Samples.verse.utf8).span)
        var last = (0, 0)
        let trainer = try VocabularyTrainer(VocabularyConfiguration())
        let vocabulary = try trainer.train(counter.takeCounts()) { last = ($0, $1) }
        #expect(last == (vocabulary.mergeCount, 4096 - 257))
    }

    @Test("names are told apart by their bytes, not by what Unicode takes for equal")
    func canonicalEquivalents() throws {
        let (composed, decomposed) = ("<\u{E9}>", "<e\u{301}>")
        var configuration = VocabularyConfiguration()
        configuration.specialTokens = [composed, decomposed]
        configuration.vocabularySize = 258
        let counter = PieceCounter(.gpt4)
        counter.count(Array(Samples.verse.utf8).span)
        let json = try VocabularyTrainer(configuration).train(counter.takeCounts()).tokenizerJSON()
        let vocabulary = try Vocabulary(tokenizerJSON: json.span)
        #expect(vocabulary.specialToken(composed) == 0)
        #expect(vocabulary.specialToken(decomposed) == 1)
        let encoder = BytePairEncoder(vocabulary)
        #expect(encoder.encode(composed + decomposed, specials: .all) == [0, 1])
        #expect(encoder.encode(decomposed, specials: .only([decomposed])) == [1])
        #expect(encoder.encode(decomposed, specials: .only([composed])).count > 1)
    }

    @Test(
        "a configuration that cannot work is refused",
        arguments: [
            { $0.vocabularySize = 256 }, { $0.pattern = .word }, { $0.minimumFrequency = -1 },
            { $0.specialTokens = ["<|a|>", "<|a|>"] }, { $0.specialTokens = ["the"] },
            { $0.specialTokens = [""] }, { $0.maximumTokenLength = 0 },
        ] as [@Sendable (inout VocabularyConfiguration) -> Void])
    func refused(change: @Sendable (inout VocabularyConfiguration) -> Void) {
        var configuration = VocabularyConfiguration()
        change(&configuration)
        #expect(throws: TokenizationError.self) { _ = try VocabularyTrainer(configuration) }
    }
}
