import Bytes
import Files
import Foundation
import Testing

@testable import Tokenization
@testable import VocabularyFiles

@Suite struct VocabularyFormatsTests {
    /// A vocabulary whose special token comes after all others.
    private static func ranked(specials: [(String, UInt32)] = [("<|endoftext|>", 300)]) throws
        -> Vocabulary
    {
        let learned = try Samples.vocabulary(
            of: [Array(Samples.verse.utf8)], size: 300, specials: [])
        return try VocabularyImport.ranks(TiktokenFile.write(learned), specials: specials)
    }

    private func temporary() throws -> String {
        let path = NSTemporaryDirectory() + "quern-formats-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false)
        return path
    }

    @Test("a vocabulary comes back from every format that holds it")
    func roundTrips() throws {
        let folder = try temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let vocabulary = try Self.ranked()

        let directory = folder + "/huggingface"
        #expect(try vocabulary.export(to: directory, format: .huggingface).count == 4)
        var importer = VocabularyImport()
        var result = try importer.read(directory)
        #expect(result.format == .huggingface)
        #expect(result.vocabulary.fingerprint == vocabulary.fingerprint)

        let ranks = folder + "/mine.tiktoken"
        #expect(try vocabulary.export(to: ranks, format: .tiktoken) == [ranks])
        #expect(throws: TokenizationError.self) { try importer.read(ranks) }
        importer.pattern = .gpt4
        importer.specialTokens = [("<|endoftext|>", 300)]
        result = try importer.read(ranks)
        #expect(result.format == .tiktoken)
        #expect(result.vocabulary.fingerprint == vocabulary.fingerprint)

        let gpt2 = folder + "/gpt2"
        #expect(try vocabulary.export(to: gpt2, format: .gpt2).count == 2)
        for path in [gpt2, gpt2 + "/vocab.json", gpt2 + "/merges.txt"] {
            result = try importer.read(path)
            #expect(result.format == .gpt2)
            #expect(result.vocabulary.mergeSemantics == .listedMerges)
            #expect(result.vocabulary.specialTokens == vocabulary.specialTokens)
            #expect(result.vocabulary.merges.pairs == vocabulary.merges.pairs)
        }
        importer.specialTokens = [("<|endoftext|>", 7)]
        #expect(throws: TokenizationError.self) { try importer.read(gpt2) }
        importer.specialTokens = [("<|other|>", nil)]
        #expect(throws: TokenizationError.self) { try importer.read(gpt2) }
        // One that the files lack has the number that is given, if no other token has it.
        importer.specialTokens = [("<|other|>", 400)]
        #expect(try importer.read(gpt2).vocabulary.specialToken("<|other|>") == 400)
        importer.specialTokens = [("<|other|>", 8)]
        #expect(throws: TokenizationError.self) { try importer.read(gpt2) }
        importer.specialTokens = [("<|other|>", nil)]

        // A directory may hold one file whose name is its own.
        let one = folder + "/one"
        try FileSystem.makeDirectory(one)
        #expect(try vocabulary.export(to: one + "/a.tiktoken", format: .tiktoken).count == 1)
        var plain = VocabularyImport()
        plain.pattern = .gpt4
        #expect(try plain.read(one).format == .tiktoken)
        #expect(try vocabulary.export(to: one + "/b.tiktoken", format: .tiktoken).count == 1)
        #expect(throws: TokenizationError.self) { try plain.read(one) }

        #expect(throws: TokenizationError.self) {
            try vocabulary.export(to: folder + "/x", format: .tekken)
        }
        #expect(throws: TokenizationError.self) {
            try vocabulary.export(to: folder + "/x", format: .gguf)
        }
        try FileSystem.makeDirectory(folder + "/none")
        #expect(throws: TokenizationError.self) { try importer.read(folder + "/none") }
    }

    @Test("a vocabulary in Tekken's order comes back from its format")
    func tekken() throws {
        let vocabulary = try Self.tekkenVocabulary()
        let file = TekkenFile.write(vocabulary)
        #expect(TekkenFile.obstacle(vocabulary) == nil)
        let result = try VocabularyImport().read(file, .tekken)
        #expect(result.vocabulary.fingerprint == vocabulary.fingerprint)
    }

    private static func tekkenVocabulary() throws -> Vocabulary {
        var naive = Dictionary(
            uniqueKeysWithValues: (0...255).map { ([UInt8($0)], UInt32($0 + 2)) })
        for (rank, word) in ["th", "the", "in", "é"].enumerated() {
            naive[Array(word.utf8)] = UInt32(258 + rank)
        }
        return try VocabularyImport.ranks(
            NaiveRanks(ranks: naive).file, specials: [("<unk>", 0), ("<s>", 1)])
    }

    @Test(
        "what a tekken.json cannot mean is refused",
        arguments: [
            (#""default_vocab_size": 262"#, #""default_vocab_size": 263"#, "lists 260"),
            (#""default_vocab_size": 262"#, #""default_vocab_size": 1"#, "2 special"),
            (#""default_num_special_tokens": 2"#, #""default_num_special_tokens": 1"#, "lists 260"),
            (#"\\p{N}{1,3}"#, #"\\p{N}{1,5}"#, "not known"),
            (#""AQ==""#, #""AQ=""#, "base64"), (#""AQ==""#, #""AQ!=""#, "base64"),
            (#""AQ==""#, #""AR==""#, "base64"), (#""AQ==""#, #""AA==""#, "same bytes"),
            (#""rank": 7,"#, #""rank": 8,"#, "by rank"), (#""<s>""#, #""<unk>""#, "twice"),
            (#""<s>""#, #""""#, "by rank"),
        ])
    func badTekken(old: String, new: String, reason: String) throws {
        let file = String(decoding: TekkenFile.write(try Self.tekkenVocabulary()), as: UTF8.self)
        let text = file.replacing(old, with: new, maxReplacements: 1)
        try #require(text != file)
        let error = #expect(throws: TokenizationError.self) {
            try VocabularyImport().read(Array(text.utf8), .tekken)
        }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test("an older tekken.json has the special tokens of its program, and fillers")
    func olderTekken() throws {
        let file = String(decoding: TekkenFile.write(try Self.tekkenVocabulary()), as: UTF8.self)
        let start = try #require(file.firstRange(of: #""special_tokens""#)).lowerBound
        let end = try #require(file[..<start].lastIndex(of: ","))
        let text = (file[..<end] + "}")
            .replacing(
                #""default_num_special_tokens": 2"#, with: #""default_num_special_tokens": 22"#
            )
            .replacing(#""default_vocab_size": 262"#, with: #""default_vocab_size": 280"#)
        let vocabulary = try VocabularyImport().read(Array(text.utf8), .tekken).vocabulary
        #expect(vocabulary.count == 280)
        #expect(vocabulary.specialToken("[INST]") == 3)
        #expect(vocabulary.specialToken("<SPECIAL_21>") == 21)
        // Of the 260 tokens of the file, the last two are beyond the size that the program uses.
        #expect(vocabulary.id(Array("the".utf8)) == 279)
        #expect(vocabulary.id(Array("in".utf8)) == nil)
    }

    @Test(
        "what is no .tiktoken file is refused",
        arguments: [
            ("", "no token"), ("IQ== 0\nIg==\n", "rank"), ("IQ== 0\nIg== x\n", "rank"),
            ("IQ== 0\nIg= 1\n", "base64"), (" 0\n", "base64"), ("== 1\n", "base64"),
            ("IQ== 99999999999\n", "rank"), ("IQ== 0\nIQ== 1\n", "same bytes"),
            ("IQ== 0\nIg== 0\n", "number 0"), ("= 0\n", "no token"),
            ("IQ== -1\n", "rank"), ("IQ==  1\n", "rank"),
        ])
    func badRanks(text: String, reason: String) {
        let error = #expect(throws: TokenizationError.self) {
            try VocabularyImport.ranks(Array(text.utf8))
        }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test("line ends and blank lines of a .tiktoken file do not matter")
    func lineEnds() throws {
        let vocabulary = try Self.ranked(specials: [])
        let file = TiktokenFile.write(vocabulary)
        let text = String(decoding: file, as: UTF8.self)
        for other in [
            text.replacing("\n", with: "\r\n"), text.replacing("\n", with: "\n\n"),
            String(text.dropLast()),
        ] {
            #expect(
                try VocabularyImport.ranks(Array(other.utf8)).fingerprint == vocabulary.fingerprint)
        }
    }

    @Test("an empty token of a .tiktoken file leaves its number unused")
    func emptyToken() throws {
        let vocabulary = try Self.ranked(specials: [])
        let text = String(decoding: TiktokenFile.write(vocabulary), as: UTF8.self)
        let other = try VocabularyImport.ranks(Array((text + "= 300\nISEhIQ== 301\n").utf8))
        #expect(other.unusedIDs.contains(300) && other.count == 302)
        #expect(other.id(Array("!!!!".utf8)) == 301)
        // A file of a few ranks lacks bytes.
        #expect(try VocabularyImport.ranks(Array("IQ== 0\nIg== 1\n".utf8)).lackedBytes.count == 254)
    }

    @Test("options that a format does not take are refused")
    func options() throws {
        let json = try Self.ranked().tokenizerJSON()
        var importer = VocabularyImport()
        importer.pattern = .gpt2
        #expect(throws: TokenizationError.self) { try importer.read(json, .huggingface) }
        importer = VocabularyImport()
        importer.preset = .llama3
        #expect(throws: TokenizationError.self) { try importer.read(json, .huggingface) }
        importer = VocabularyImport()
        importer.pattern = .word
        #expect(throws: TokenizationError.self) { try importer.read([], .tiktoken) }
        importer = VocabularyImport()
        importer.ignoresNormalizer = true
        importer.pattern = .gpt2
        #expect(throws: TokenizationError.self) { try importer.read([], .tiktoken) }
    }

    @Test("base64 is read as it is written, in its one canonical spelling")
    func base64() throws {
        var generator = SeededGenerator(1)
        for length in 1..<40 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let text = Base64.encode(bytes)
            #expect(String(decoding: text, as: UTF8.self) == Data(bytes).base64EncodedString())
            var arena = ByteArena()
            #expect(
                ByteView.with(text.span) {
                    Base64.decode($0, from: 0, to: $0.count, into: &arena)
                })
            #expect(arena.bytes.array(from: 0, to: arena.count) == bytes)
        }
        for text in ["", "A", "AA", "AAA", "A===", "====", "AA=A", "AB==", "AAB=", "AA A", "AA-_"] {
            var arena = ByteArena()
            arena.append(7)
            let bytes = Array(text.utf8)
            #expect(
                !ByteView.with(bytes.span) {
                    Base64.decode($0, from: 0, to: $0.count, into: &arena)
                })
            #expect(arena.count == 1)
        }
    }

    @Test("damaged files of every format are errors, never traps")
    func fuzz() throws {
        var generator = SeededGenerator(12)
        let ranked = try Self.ranked()
        let (vocabularyJSON, merges) = GPT2Files.write(ranked)
        let readers: [([UInt8], ([UInt8]) throws -> Vocabulary)] = [
            (TiktokenFile.write(ranked), { try VocabularyImport.ranks($0) }),
            (
                TekkenFile.write(try Self.tekkenVocabulary()),
                { try VocabularyImport().read($0, .tekken).vocabulary }
            ),
            (
                GGUFSample.file(ranked),
                { try VocabularyImport().read($0, .gguf).vocabulary }
            ),
            (vocabularyJSON, { try Self.readGPT2($0, merges) }),
            (merges, { try Self.readGPT2(vocabularyJSON, $0) }),
        ]
        for (bytes, read) in readers {
            #expect(try read(bytes).count >= 262)
            let copies = Damage.copies(
                of: bytes, count: 100, marks: "{}[],:\"\\0 =\n", using: &generator)
            #expect(Damage.check(copies, read) == [])
        }
    }

    private static func readGPT2(_ vocabulary: [UInt8], _ merges: [UInt8]) throws -> Vocabulary {
        try ByteView.with(vocabulary.span) { vocabulary in
            try ByteView.with(merges.span) { merges in
                try GPT2Files.read(
                    vocabulary, vocabularyPath: "vocab.json", merges: merges,
                    mergesPath: "merges.txt", pattern: .gpt4, specials: [])
            }
        }
    }

    @Test(
        "what GPT-2's files cannot mean is refused",
        arguments: [
            ("#version: 0.2\na b c\n", "line 2"), ("a\n", "line 1"),
            ("t h\n#version x\n", "line 2"),
            ("a é\n", "which is not a token"), ("t 漢\n", "line 1"), ("t h\nt h\n", "are the same"),
            ("q q\n", "which is not a token"), ("t  h\n", "line 1"), (" t h\n", "line 1"),
        ])
    func badMerges(merges: String, reason: String) throws {
        let vocabulary = GPT2Files.write(try Self.ranked()).vocabulary
        let error = #expect(throws: TokenizationError.self) {
            try Self.readGPT2(vocabulary, Array(merges.utf8))
        }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
}
