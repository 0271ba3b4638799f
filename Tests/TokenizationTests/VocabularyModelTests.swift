import Foundation
import Testing

@testable import Tokenization
@testable import VocabularyLearning

/// Vocabularies of words and of characters, against a tokenizer that is a dictionary.
@Suite struct VocabularyModelTests {
    /// A configuration for tokens of a kind.
    private func configuration(
        _ model: VocabularyModel, size: Int, pattern: SplitPattern? = nil, minimum: Int = 1
    ) -> VocabularyConfiguration {
        var configuration = VocabularyConfiguration(model: model)
        configuration.vocabularySize = size
        if let pattern { configuration.pattern = pattern }
        configuration.minimumFrequency = minimum
        return configuration
    }

    private func train(
        _ configuration: VocabularyConfiguration, _ texts: [[UInt8]]
    ) throws -> Vocabulary {
        let counter = PieceCounter(configuration.pattern)
        for text in texts { counter.count(text.span) }
        return try VocabularyTrainer(configuration).train(counter.takeCounts())
    }

    private func tokens(_ text: String, _ vocabulary: Vocabulary) -> [String] {
        var ids: [TokenID] = []
        BytePairEncoder(vocabulary).encode(Array(text.utf8).span, into: &ids)
        return ids.map { Vocabulary.printable(vocabulary.bytes(of: $0)) }
    }

    @Test("words are tokens, and others become their bytes")
    func words() throws {
        let text = Array("Hold my math! Hold my Füße!".utf8)
        let vocabulary = try train(configuration(.word, size: 257 + 4), [text])
        #expect(vocabulary.model == .word)
        // By count, then by bytes: " my" and "Hold" twice, " Hold" is another word than "Hold".
        #expect(
            (257..<261).map { Vocabulary.printable(vocabulary.bytes(of: TokenID($0))) }
                == [" my", " Füße", " Hold", " math"])
        #expect(tokens("Hold my math!", vocabulary) == ["H", "o", "l", "d", " my", " math", "!"])
        #expect(tokens(" Füße é", vocabulary) == [" Füße", " ", "\\xc3", "\\xa9"])
    }

    @Test("characters are tokens, and others become the bytes of their UTF-8")
    func characters() throws {
        let text = Array("né né 漢 😀 e\u{301}".utf8)
        let vocabulary = try train(configuration(.character, size: 300, minimum: 2), [text])
        #expect(vocabulary.model == .character)
        #expect(vocabulary.count == 258)
        #expect(tokens("né!", vocabulary) == ["n", "é", "!"])
        #expect(tokens("漢", vocabulary) == ["\\xe6", "\\xbc", "\\xa2"])
        #expect(vocabulary.counts?[257] == 2)
    }

    @Test("a word written like a special token is no token beside it")
    func specialWord() throws {
        let text = Array("<|endoftext|> is <|endoftext|>".utf8)
        let vocabulary = try train(configuration(.word, size: 300, pattern: .word), [text])
        #expect(vocabulary.count == 258)
        #expect(tokens("<|endoftext|> is", vocabulary).suffix(2) == [" ", "is"])
    }

    @Test("tokens, counts and ids of random texts are those of a dictionary")
    func againstDictionary() throws {
        var generator = SeededGenerator(3)
        for round in 0..<60 {
            let model = [VocabularyModel.word, .character][round % 2]
            let pattern = model == .word ? [SplitPattern.gpt4, .word, .gpt2][round % 3] : nil
            var configuration = configuration(
                model, size: 257 + [0, 3, 20, 2000][round % 4], pattern: pattern,
                minimum: round % 4)
            if model == .word { configuration.maximumTokenLength = [nil, 3][round / 2 % 2] }
            let texts = (0..<20).map { _ in
                Samples.text(count: Int.random(in: 0...40, using: &generator), using: &generator)
            }
            let vocabulary = try train(configuration, texts)

            // The dictionary: every piece with its count, sorted, the first of them tokens.
            var counts: [[UInt8]: UInt64] = [:]
            for piece in texts.flatMap({ configuration.pattern.pieces($0) }) {
                counts[piece, default: 0] += 1
            }
            let chosen = counts.filter {
                $0.key.count > 1 && $0.key.count <= configuration.maximumTokenLength ?? .max
                    && $0.value >= UInt64(configuration.minimumFrequency)
            }.sorted {
                $0.value != $1.value
                    ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key)
            }.prefix(configuration.vocabularySize - 257).map(\.key)
            #expect((257..<vocabulary.count).map { vocabulary.bytes(of: TokenID($0)) } == chosen)
            var ids: [[UInt8]: Int] = [:]
            for (index, byte) in ByteCharacters.bytesInOrder.enumerated() {
                ids[[byte]] = 1 + index
            }
            for (index, piece) in chosen.enumerated() { ids[piece] = 257 + index }

            let others = (0..<10).map { _ in Samples.text(count: 60, using: &generator) }
            let encoder = BytePairEncoder(vocabulary)
            var occurrences = [UInt64](repeating: 0, count: vocabulary.count)
            for (index, text) in (texts + others).enumerated() {
                var found: [TokenID] = []
                encoder.encode(text.span, into: &found)
                let expected = configuration.pattern.pieces(text).flatMap { piece in
                    ids[piece].map { [$0] } ?? piece.map { ids[[$0]] ?? -1 }
                }
                #expect(found.map(\.index) == expected)
                #expect(found.flatMap { vocabulary.bytes(of: $0) } == text)
                if index < texts.count { for id in found { occurrences[id.index] += 1 } }
            }
            #expect(vocabulary.counts == occurrences)

            let read = try Vocabulary(tokenizerJSON: vocabulary.tokenizerJSON().span)
            #expect(read.fingerprint == vocabulary.fingerprint)
            #expect(read.model == model)
        }
    }

    @Test("more distinct words than are held at once give the most frequent of all")
    func manyWords() throws {
        var generator = SeededGenerator(5)
        var expected: [(piece: [UInt8], count: UInt64)] = []
        var counts = PieceCounts()
        for number in 0..<20_000 {
            let piece = Array(" w\(number)".utf8)
            let count = UInt64.random(in: 1...500, using: &generator)
            try counts.add(piece.span, occurrences: count)
            expected.append((piece, count))
        }
        expected.sort {
            $0.count != $1.count
                ? $0.count > $1.count : $0.piece.lexicographicallyPrecedes($1.piece)
        }
        let vocabulary = try VocabularyTrainer(configuration(.word, size: 257 + 100)).train(counts)
        #expect(vocabulary.count == 357)
        #expect(
            (0..<100).map { vocabulary.bytes(of: TokenID(257 + $0)) }
                == expected.prefix(100).map(\.piece))
    }

    @Test("what a kind of token does not have is refused")
    func refusals() throws {
        func reason(_ change: (inout VocabularyConfiguration) -> Void) -> String? {
            var configuration = VocabularyConfiguration()
            change(&configuration)
            do { try configuration.validate() } catch { return "\(error)" }
            return nil
        }
        #expect(reason { $0.model = .word } == nil)
        #expect(reason { $0 = .init(model: .character) } == nil)
        #expect(reason { $0.pattern = .word }?.contains("is for \"model\": \"word\"") == true)
        #expect(reason { $0.pattern = .bytes }?.contains("only shows") == true)
        #expect(reason { $0.model = .character }?.contains("not \"gpt4\"") == true)
        #expect(reason { ($0.model, $0.tieRule) = (.word, .bytes) }?.contains("tie") == true)
        #expect(reason { $0.specialTokens = ["é"] }?.contains("learned from text") == true)
        #expect(
            reason {
                $0 = .init(model: .character)
                $0.maximumTokenLength = 2
            }?.contains("max_token_length") == true)
    }

    @Test("a file names the model, which brings its pattern; BPE is written as it always was")
    func file() throws {
        func read(_ text: String) throws -> VocabularyConfiguration {
            try JSONDecoder().decode(VocabularyConfiguration.self, from: Data(text.utf8))
        }
        let character = try read(#"{"model": "character"}"#)
        #expect(character == VocabularyConfiguration(model: .character))
        #expect(character.pattern == .character)
        let word = try read(#"{"model": "word", "pattern": "word", "vocab_size": 300}"#)
        #expect(word.pattern == .word)
        for configuration in [character, word, try read("{}")] {
            let written = String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
            #expect(written.contains("\"model\"") == (configuration.model != .bpe))
            #expect(try read(written) == configuration)
        }
    }

    @Test("counts beyond 64 bits are an error")
    func overflow() throws {
        func counts() throws -> PieceCounts {
            var counts = PieceCounts()
            try counts.add(Array("ab".utf8).span, occurrences: 1 << 63)
            return counts
        }
        #expect(throws: TokenizationError.countOverflow) {
            _ = try VocabularyTrainer(configuration(.word, size: 300)).train(counts())
        }
    }
}
