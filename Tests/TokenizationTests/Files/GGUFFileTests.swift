import Bytes
import Testing

@testable import Tokenization
@testable import VocabularyFiles

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
            (GGUFSample.file(vocabulary, model: "llama"), "no tokenizer.ggml.scores"),
            (GGUFSample.file(vocabulary, model: "t5"), "byte-level"),
            (GGUFSample.file(vocabulary, version: 1), "version 1"),
            (GGUFSample.file(vocabulary, types: [3: 6]), "type 6"),
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

    @Test("SentencePiece's BPE is that of its own file")
    func sentencePiece() throws {
        var model = SentencePieceModel(["▁t", "he", "▁the", "éé", "漢字", "▁漢字"])
        let vocabulary = try read(model.gguf)
        #expect(vocabulary.fingerprint == (try model.read()).fingerprint)
        #expect(vocabulary.textPrefix == [TokenID(1)])
        model.beginsTexts = false
        #expect(try read(model.gguf).textPrefix.isEmpty)
        model.addsPrefix = false
        model.pieces.append(("<ab>", 0, 4))
        // A number that is not used, as converters fill up to the model's rows.
        model.pieces.append(("[PAD1]", -2000, 5))
        let other = try read(model.gguf)
        #expect(other.ids("the<ab>漢字", .none) == model.naive("the") + [274] + model.naive("漢字"))
        #expect(model.pieces[274].name == "<ab>")
        model.addsPrefix = true
        for (change, reason) in [
            ({ _ in }, "pieces of its user"), ({ $0.pieces[5].kind = 7 }, "type 7"),
            ({ $0.pieces[265].score = .nan }, "no score"), ({ $0.pieces[4].name = "" }, "is empty"),
        ] as [((inout SentencePieceModel) -> Void, String)] {
            var changed = model
            change(&changed)
            let error = #expect(throws: TokenizationError.self) { try read(changed.gguf) }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
    }

    /// A GGUF file without tensors that holds `members`.
    private func file(_ members: GGUFMembers) -> [UInt8] {
        Array("GGUF".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 0, count: 8)
            + [UInt8(members.count)] + [UInt8](repeating: 0, count: 7) + members.bytes
    }

    @Test(
        "what is written for llama.cpp is read again with the same ids, or refused",
        arguments: [
            (SplitPattern.gpt2, "gpt-2"), (.r50k, "gpt-2"), (.gpt4, "dbrx"), (.llama3, "dbrx"),
            (.qwen2, "qwen2"), (.qwen35, "qwen35"), (.starcoder, "smollm"),
            (.deepseek3, "deepseek-v3"), (.o200k, nil), (.tekken, nil), (.cl100k, nil),
            (.nanochat, nil),
        ] as [(SplitPattern, String?)])
    func written(pattern: SplitPattern, name: String?) throws {
        let vocabulary = try Samples.vocabulary(
            of: [Array(Samples.verse.utf8)], size: 300, pattern: pattern)
        let settings = Vocabulary.GGUFSettings(rowCount: vocabulary.count + 3)
        guard let name else {
            let error = #expect(throws: TokenizationError.self) {
                try vocabulary.ggufMembers(settings)
            }
            #expect(error?.description.contains("pattern \(pattern.rawValue)") == true)
            return
        }
        let members = try vocabulary.ggufMembers(settings)
        let copy = try read(file(members))
        #expect(GGUFPreTokenizer.named(name)?.pattern == copy.pattern)
        #expect(copy.specialTokens == vocabulary.specialTokens)
        #expect(copy.merges.pairs == vocabulary.merges.pairs)
        #expect(copy.count == vocabulary.count)
        let text = "the mill's\n\n  1234 grinds — “é” "
        #expect(BytePairEncoder(copy).encode(text) == BytePairEncoder(vocabulary).encode(text))
        // The same again is the same bytes.
        #expect(try vocabulary.ggufMembers(settings) == members)
    }

    @Test(
        "tokens that end a text have keys, the names of which llama.cpp knows last",
        arguments: [
            // The ends, beside the vocabulary's own; the keys of turn and message; what is left.
            ([], nil, nil, []), (["<|im_end|>"], "<|im_end|>", nil, []),
            (["<|eom_id|>", "<|eot_id|>"], "<|eot_id|>", "<|eom_id|>", []),
            (["<|eom_id|>"], nil, "<|eom_id|>", []), (["<x>"], "<x>", nil, []),
            (["<x>", "<|eom_id|>"], "<x>", "<|eom_id|>", []),
            (["<x>", "<y>", "<|im_end|>"], "<x>", "<y>", []),
            (["<x>", "<y>", "<z>", "<|im_end|>"], "<x>", "<y>", ["<z>"]),
            // llama.cpp takes it out again, where the other two are there.
            (["<|end|>", "<x>"], "<x>", nil, ["<|end|>"]),
        ] as [([String], String?, String?, [String])])
    func ends(names: [String], turn: String?, message: String?, left: [String]) throws {
        let all = [
            "<x>", "<y>", "<z>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|return|>",
            "<|call|>",
        ]
        let vocabulary = try Samples.vocabulary(of: [Array(Samples.verse.utf8)], size: 300)
            .adding(specialTokens: all)
        func id(_ name: String) throws -> TokenID { try #require(vocabulary.specialToken(name)) }
        var settings = Vocabulary.GGUFSettings(rowCount: vocabulary.count)
        settings.endTokens = Set(try names.map(id) + [try #require(vocabulary.endOfText)])
        #expect(vocabulary.tokensUnheededByGGUF(settings) == (try left.map(id)))
        var plain = Vocabulary.GGUFSettings(rowCount: vocabulary.count)
        plain.endToken = settings.endToken
        let members = try vocabulary.ggufMembers(settings)
        for (key, name) in [("eot", turn), ("eom", message)] {
            var expected = GGUFMembers()
            let key = "tokenizer.ggml.\(key)_token_id"
            guard let name else {
                #expect(!members.bytes.contains(Array(key.utf8)))
                continue
            }
            expected.add(key, try id(name).rawValue)
            #expect(members.bytes.contains(expected.bytes))
        }
        // All else is as without a list.
        let rest = try vocabulary.ggufMembers(plain)
        #expect(members.count - rest.count == [turn, message].count { $0 != nil })
    }

    @Test(
        "added tokens that llama.cpp would cut otherwise are refused",
        arguments: [
            (["ab", "bcd"], false), (["abc", "bcd"], false), (["abcd", "bc"], true),
            (["abc", "cd"], true), (["<|a|>", "<|b|>", "<|a|><|b|>"], true),
            (["  ", "   ", "        "], true), (["aa", "aaa"], true), (["ab", "ba"], false),
            (["[X]", "]["], false), (["x[", "[X]"], false),
        ] as [([String], Bool)])
    func overlaps(contents: [String], isWritten: Bool) throws {
        var file = JSONVocabulary.bytes()
        for (index, content) in contents.enumerated() { file.add(256 + index, content) }
        let vocabulary = try file.read()
        let settings = Vocabulary.GGUFSettings(rowCount: vocabulary.count)
        if isWritten {
            _ = try vocabulary.ggufMembers(settings)
        } else {
            let error = #expect(throws: TokenizationError.self) {
                try vocabulary.ggufMembers(settings)
            }
            #expect(error?.description.contains("overlap in a text") == true)
        }
    }

    @Test("two passes matter only where a token of the first lies in a longer one of the second")
    func passes() throws {
        for (isLast, isWritten) in [(false, false), (true, true)] {
            var file = JSONVocabulary.bytes()
            file.add(256, "<abc>", normalized: true)
            file.add(257, "ab", normalized: isLast)
            let vocabulary = try file.read()
            let settings = Vocabulary.GGUFSettings(rowCount: vocabulary.count)
            #expect(((try? vocabulary.ggufMembers(settings)) != nil) == isWritten)
        }
    }

    @Test("what llama.cpp does not do is refused")
    func obstacles() throws {
        func refusal(_ change: (inout JSONVocabulary) -> Void) -> String {
            var file = JSONVocabulary.bytes()
            change(&file)
            do {
                let vocabulary = try file.read()
                _ = try vocabulary.ggufMembers(.init(rowCount: vocabulary.count))
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(refusal { _ in } == "")
        #expect(refusal { $0.normalizer = #"{"type": "NFC"}"# }.contains("the form NFC"))
        #expect(refusal { $0.add(256, "<m>", left: true) }.contains("minds what is around"))
        #expect(
            refusal { $0.preTokenizer = #"{"type": "ByteLevel", "add_prefix_space": true}"# }
                .contains("puts a space before"))
        #expect(
            refusal {
                $0 = .characters("▁ab", merges: [("a", "b")])
            }.contains("spelled as SentencePiece's"))
    }

    @Test("a token that only a whole piece becomes needs a name that says so")
    func wholePieces() throws {
        var ranks = Dictionary(uniqueKeysWithValues: (0...255).map { ([UInt8($0)], UInt32($0)) })
        ranks[Array("mill".utf8)] = 257
        let vocabulary = try VocabularyImport.ranks(NaiveRanks(ranks: ranks).file)
        #expect(try vocabulary.ggufMembers(.init(rowCount: 258)).count == 6)
        let other = Vocabulary(
            pattern: .qwen2, mergeSemantics: .wholePieceFirst, specialTokens: [],
            tokens: vocabulary.tokens, merges: vocabulary.merges)
        let error = #expect(throws: TokenizationError.self) {
            try other.ggufMembers(.init(rowCount: 258))
        }
        #expect(error?.description.contains("which merging its bytes does not end in") == true)
        var settings = Vocabulary.GGUFSettings(rowCount: 258)
        settings.preTokenizer = "gpt-2"
        settings.chatTemplate = "{{ messages }}"
        settings.addsBeginning = true
        let members = try other.ggufMembers(settings)
        #expect(try read(file(members)).unusedIDs == [256])
    }
}
