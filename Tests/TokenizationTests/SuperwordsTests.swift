import Bytes
import Testing

@testable import Tokenization
@testable import VocabularyLearning

/// Learning across words, against counting every pair anew before each merge, and encoding with
/// what was learned, against looking for the best pair again and again.
@Suite struct SuperwordsTests {
    private let folder = TemporaryPath()

    private static let parts = [
        "the", " the", " mill", " of", " grain", "s", ".", " ", "\n", "12", "1", "½", " 3", "é",
        "漢",
        "aa", "a", "  ",
    ].map { Array($0.utf8) }

    /// Texts of `parts`, some of which come again and again.
    private func texts(_ generator: inout SeededGenerator, count: Int) -> [[UInt8]] {
        let phrases = (0..<6).map { _ in
            Samples.text(Self.parts, count: 5, using: &generator)
        }
        return (0..<count).map { _ in
            Samples.text(Self.parts + phrases + phrases, count: 12, using: &generator)
        }
    }

    private func counts(_ texts: [[UInt8]], _ pattern: SplitPattern) throws -> PieceCountsFile {
        let counter = PieceCounter(pattern)
        for text in texts { counter.count(text.span) }
        return try PieceCountsFile.write(
            counter.takeCounts(), pattern: pattern, to: folder.path("\(pattern)"))
    }

    /// The merges by the definition: words first, and behind them all that is frequent.
    private func plain(
        _ texts: [[UInt8]], _ configuration: VocabularyConfiguration, from transition: Int
    ) -> [MergePair] {
        var words = configuration
        words.vocabularySize = transition
        words.superwordsFrom = nil
        var pieces: [[UInt8]: UInt64] = [:]
        for text in texts {
            for piece in SplitPattern.superbpe.pieces(text) { pieces[piece, default: 0] += 1 }
        }
        return NaiveTrainer.merges(
            pieces, configuration, after: NaiveTrainer.merges(texts, words))
    }

    private func limits(_ memory: Int = 1 << 30, threads: Int = 2)
        -> VocabularyTrainer
        .SuperwordLimits
    {
        .init(byteCount: memory, beside: folder.path("runs"), threadCount: threads)
    }

    @Test("merges are those of the definition, wherever texts are cut at first", arguments: 0..<6)
    func learning(round: Int) throws {
        var generator = SeededGenerator(UInt64(round))
        let texts = texts(&generator, count: 12 + 5 * round)
        var configuration = VocabularyConfiguration()
        configuration.pattern = [.gpt4, .gpt2, .o200k][round % 3]
        configuration.vocabularySize = 310
        configuration.minimumFrequency = [2, 1, 3][round / 3 % 3]
        configuration.tieRule = round % 2 == 0 ? .huggingface : .bytes
        configuration.maximumTokenLength = round % 4 == 3 ? 9 : nil
        let files = (
            words: try counts(texts, configuration.pattern), texts: try counts(texts, .superbpe)
        )
        for transition in [259, 285] {
            configuration.superwordsFrom = transition
            let trainer = try VocabularyTrainer(configuration)
            let expected = plain(texts, configuration, from: transition)
            // Of 1,000 there is no pair, so that less is needed again and again.
            for first: UInt64? in [nil, 1_000, 5] {
                var limits = limits(threads: round % 3 + 1)
                limits.firstCount = first
                let vocabulary = try trainer.train(
                    files.words, superwords: files.texts, limits: limits)
                #expect(vocabulary.merges.pairs == expected)
                #expect(vocabulary.pattern == .superbpe)
            }
        }
    }

    @Test("runs that go to the disk give the same merges")
    func spilling() throws {
        var generator = SeededGenerator(3)
        let texts = (0..<10).map { _ in
            Samples.text(count: 100, using: &generator) + Array(Samples.verse.utf8)
        }
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 340
        configuration.superwordsFrom = 300
        let trainer = try VocabularyTrainer(configuration)
        let (words, files) = (try counts(texts, .gpt4), try counts(texts, .superbpe))
        let whole = try trainer.train(words, superwords: files, limits: limits())
        let tight = try trainer.train(
            words, superwords: files, limits: limits(1 << 18, threads: 3))
        #expect(whole.fingerprint == tight.fingerprint)
        #expect(whole.count == 340)
        #expect(throws: TokenizationError.self) {
            _ = try trainer.train(words, superwords: files, limits: limits(1 << 10))
        }
    }

    @Test("what cannot be learned is refused")
    func refusals() throws {
        let texts = [Array(Samples.verse.utf8)]
        let (words, files) = (try counts(texts, .gpt4), try counts(texts, .superbpe))
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 300
        let trainer = try VocabularyTrainer(configuration)
        for transition in [0, 257, 300, 400] {
            configuration.superwordsFrom = transition
            #expect(throws: TokenizationError.self) {
                _ = try VocabularyTrainer(configuration)
            }
        }
        // Without words, without texts, and the other way about.
        configuration.superwordsFrom = 280
        for other in [SplitPattern.superbpe, .word] {
            configuration.pattern = other
            #expect(throws: TokenizationError.self) {
                _ = try VocabularyTrainer(configuration)
            }
        }
        configuration.pattern = .gpt4
        let superwords = try VocabularyTrainer(configuration)
        for (first, second) in [(words, words), (files, files), (files, words)] {
            #expect(throws: TokenizationError.self) {
                _ = try superwords.train(first, superwords: second, limits: limits())
            }
        }
        #expect(throws: TokenizationError.self) { _ = try superwords.train(words) }
        #expect(throws: TokenizationError.self) { _ = try superwords.train(parity: [words]) }
        #expect(throws: TokenizationError.self) {
            _ = try trainer.train(words, superwords: files, limits: limits())
        }
    }

    @Test("ids are those of the definition, of texts in one go and in parts", arguments: 0..<4)
    func encoding(round: Int) throws {
        var generator = SeededGenerator(UInt64(70 + round))
        let texts = texts(&generator, count: 60)
        var configuration = VocabularyConfiguration()
        configuration.pattern = round % 2 == 0 ? .gpt4 : .gpt2
        configuration.vocabularySize = 360
        configuration.minimumFrequency = 1
        configuration.superwordsFrom = 264 + 12 * round
        let vocabulary = try VocabularyTrainer(configuration).train(
            counts(texts, configuration.pattern), superwords: counts(texts, .superbpe),
            limits: limits())
        #expect(vocabulary.superwords != nil)
        let naive = NaiveEncoder(vocabulary)
        let encoder = BytePairEncoder(vocabulary)
        for size in [1, 5, 30, 200] {
            var text = Samples.text(
                Self.parts + texts.prefix(3), count: size, using: &generator)
            if size == 200 { text += Samples.text(count: 300, using: &generator) }
            var ids: [TokenID] = []
            encoder.encode(text.span, into: &ids)
            #expect(ids == naive.encode(text))
            var stream = EncodingStream(vocabulary)
            var parts: [TokenID] = []
            for start in stride(from: 0, to: text.count, by: 97) {
                stream.append(
                    text.span.extracting(start..<min(start + 97, text.count)), into: &parts)
            }
            try stream.finish(into: &parts)
            #expect(parts == ids)
        }
    }

    @Test("long runs of what joins, and texts of many blocks, have the ids of the definition")
    func longRuns() throws {
        let texts = [Array(String(repeating: "the mill of the mill ", count: 40).utf8)]
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 320
        configuration.superwordsFrom = 268
        let vocabulary = try VocabularyTrainer(configuration).train(
            counts(texts, .gpt4), superwords: counts(texts, .superbpe), limits: limits())
        let encoder = BytePairEncoder(vocabulary)
        // Merged in windows, as if it were one long piece.
        var merger = LongPieceMerger(vocabulary)
        for text in [
            String(repeating: "the mill of ", count: 3_000),
            String(repeating: "the ", count: 17_001),
            String(repeating: "mill the 7", count: 2_000),
        ] {
            let bytes = Array(text.utf8)
            var expected: [UInt32] = []
            for piece in vocabulary.pattern.pieces(bytes) {
                ByteView.with(piece.span) { merger.merge($0, from: 0, to: $0.count) }
                expected += merger.result
            }
            #expect(encoder.encode(text).map(\.rawValue) == expected)
        }
    }

    @Test("a vocabulary whose merges cannot be parted has the ids of the definition, too")
    func notParted() throws {
        // The merge of " b" comes behind that which needs it.
        let bytes = ByteCharacters.bytesInOrder
        var arena = bytes
        var offsets = Array(0...256)
        for token in [" b", "a b", "aa"] {
            arena.append(contentsOf: Array(token.utf8))
            offsets.append(arena.count)
        }
        func id(_ character: Character) -> UInt32 {
            UInt32(bytes.firstIndex(of: character.asciiValue!) ?? 0)
        }
        let tokens = try TokenTable(arena: arena, offsets: offsets, specialIDs: [])
        let merges = try MergeTable(
            [
                MergePair(left: id("a"), right: 256), MergePair(left: id(" "), right: id("b")),
                MergePair(left: id("a"), right: id("a")),
            ], tokens: tokens)
        let vocabulary = Vocabulary(
            pattern: .superbpe, mergeSemantics: .listedMerges, specialTokens: [], tokens: tokens,
            merges: merges)
        #expect(vocabulary.superwords == nil)
        let text = Array("a b aa baa b1 b".utf8)
        let ids = BytePairEncoder(vocabulary).encode(String(decoding: text, as: UTF8.self))
        #expect(ids == NaiveEncoder(vocabulary).encode(text))
    }
}
