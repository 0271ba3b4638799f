import Testing

@testable import Tokenization

@Suite struct GGUFFileTests {
    private static let vocabulary = Result {
        var ranks = Dictionary(uniqueKeysWithValues: (0...255).map { ([UInt8($0)], UInt32($0)) })
        ranks[Array("th".utf8)] = 256
        ranks[Array("the".utf8)] = 259
        return try VocabularyImport.ranks(
            NaiveRanks(ranks: ranks).file, specials: [("<|end|>", 257), ("<think>", 260)])
    }

    private func read(_ bytes: [UInt8]) throws -> Vocabulary {
        try VocabularyImport().read(bytes, .gguf).vocabulary
    }

    @Test("a tokenizer comes back, with special, everywhere and unused tokens")
    func roundTrip() throws {
        let vocabulary = try Self.vocabulary.get()
        let plain = try read(GGUFSample.file(vocabulary))
        #expect(plain.pattern == .gpt2)
        #expect(plain.mergeSemantics == .listedMerges)
        #expect(plain.specialTokens == vocabulary.specialTokens)
        #expect(plain.unusedIDs == [258])
        #expect(plain.merges.pairs == vocabulary.merges.pairs)
        let other = try read(
            GGUFSample.file(vocabulary, pre: "llama-bpe", types: [260: 4], version: 2))
        #expect(other.pattern == .llama3)
        #expect(other.mergeSemantics == .wholePieceFirst)
        #expect(other.specialTokens[1].recognition == .everywhere)
        #expect(BytePairEncoder(other).encode("the<think><|end|>").prefix(2) == [259, 260])
    }

    @Test("what is not known is refused with the reason")
    func refused() throws {
        let vocabulary = try Self.vocabulary.get()
        let files: [([UInt8], String)] = [
            (GGUFSample.file(vocabulary, pre: "default"), "pre-tokenizer"),
            (GGUFSample.file(vocabulary, model: "llama"), "byte-level"),
            (GGUFSample.file(vocabulary, version: 1), "version 1"),
            (GGUFSample.file(vocabulary, types: [3: 6]), "type 6"),
            (GGUFSample.file(vocabulary, types: [97: 5]), "byte 97"),
            (Array("GGML".utf8), "no GGUF"), ([], "no GGUF"),
            (Array("GGUF".utf8) + [3, 0, 0, 0], "too early"),
            (
                Array("GGUF".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 0, count: 8)
                    + [UInt8](repeating: 0xFF, count: 8), "too short"
            ),
        ]
        for (file, reason) in files {
            let error = #expect(throws: TokenizationError.self) { try read(file) }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
    }
}
