import Testing

@testable import Tokenization

@Suite struct VocabularyFilesTests {
    private static let sample: String = {
        let vocabulary = try? Samples.vocabulary(
            of: [Array(Samples.verse.utf8)], size: 300, specials: ["<|endoftext|>", "<|é|>"])
        return String(decoding: vocabulary?.tokenizerJSON() ?? [], as: UTF8.self)
    }()

    private func read(_ text: String) throws -> Vocabulary {
        try Vocabulary(tokenizerJSON: Array(text.utf8).span)
    }

    @Test("what is written is read back, and written again to the same bytes")
    func roundTrip() throws {
        for pattern in [SplitPattern.gpt2, .gpt4] {
            let vocabulary = try Samples.vocabulary(
                of: [Array(Samples.verse.utf8)], size: 320, pattern: pattern,
                specials: ["<|endoftext|>", "<|\"\\\u{1}é|>"])
            let json = vocabulary.tokenizerJSON()
            let again = try Vocabulary(tokenizerJSON: json.span)
            #expect(again.tokenizerJSON() == json)
            #expect(again.fingerprint == vocabulary.fingerprint)
            #expect(again.pattern == pattern)
            #expect(again.specialTokens == vocabulary.specialTokens)
            #expect(again.endOfText == 0)
        }
    }

    @Test("merges may be strings, layout may differ, and ignore_merges is kept")
    func variants() throws {
        let expected = try read(Self.sample)
        let strings = Self.sample.replacing(/\[\s*("[^"]+"),\s*("[^"]+")\s*\]/) { match in
            String(match.1.dropLast()) + " " + String(match.2.dropFirst())
        }
        #expect(strings != Self.sample)
        #expect(try read(strings).fingerprint == expected.fingerprint)
        let compact = Self.sample.replacing("\n", with: " \t\r\n ")
        #expect(try read(compact).fingerprint == expected.fingerprint)

        let other = try read(
            Self.sample.replacing(#""ignore_merges": false"#, with: #""ignore_merges": true"#))
        #expect(other.mergeSemantics == .wholePieceFirst)
        #expect(other.fingerprint != expected.fingerprint)
        #expect(String(decoding: other.tokenizerJSON(), as: UTF8.self).contains("merges\": true"))
    }

    @Test(
        "what cannot be represented is refused with the reason",
        arguments: [
            (#""type": "BPE""#, #""type": "Unigram""#, "Unigram"),
            (#""dropout": null"#, #""dropout": 0.1"#, "dropout"),
            (#""byte_fallback": false"#, #""byte_fallback": true"#, "byte_fallback"),
            (#"{1,3}"#, #"{1,4}"#, "not known"),
            (#""Isolated""#, #""Removed""#, "Isolated"),
            (#""id": 1,"#, #""id": 400,"#, "400"),
            (#""!": 2,"#, #""!": 3,"#, "3"),
            (#""!": 2,"#, #""漢": 2,"#, "byte"),
            (#""!": 2,"#, #""": 2,"#, "empty"),
            (#""version": "1.0","#, #""version": "1.0", "version": "1.0","#, "twice"),
        ])
    func refused(old: String, new: String, reason: String) throws {
        let text = Self.sample.replacing(old, with: new)
        try #require(text != Self.sample)
        let error = #expect(throws: TokenizationError.self) { try read(text) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test("damaged files are errors, never traps")
    func fuzz() {
        var generator = SeededGenerator(9)
        let bytes = Array(Self.sample.utf8)
        for round in 0..<60 {
            var damaged = bytes
            if round % 3 == 0 {
                damaged.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
            }
            for _ in 0..<Int.random(in: 1...3, using: &generator) where !damaged.isEmpty {
                let place = Int.random(in: 0..<damaged.count, using: &generator)
                switch round % 4 {
                case 0: damaged[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: damaged.remove(at: place)
                case 2:
                    damaged.insert(
                        Array("{}[],:\"\\0e-".utf8).randomElement(using: &generator) ?? 0, at: place
                    )
                default: damaged.swapAt(place, damaged.count - 1 - place)
                }
            }
            do throws(TokenizationError) {
                let vocabulary = try Vocabulary(tokenizerJSON: damaged.span)
                _ = BytePairEncoder(vocabulary).encode("In the beginning")
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test("deep nesting is refused")
    func nesting() {
        let text = #"{"version": "# + String(repeating: "[", count: 100_000)
        let error = #expect(throws: TokenizationError.self) { try read(text) }
        #expect(error?.description.contains("nesting") == true)
    }

    @Test("fingerprints differ when anything differs")
    func fingerprints() throws {
        let text = [Array(Samples.verse.utf8)]
        let all = try [
            Samples.vocabulary(of: text, size: 300),
            Samples.vocabulary(of: text, size: 301),
            Samples.vocabulary(of: text, size: 300, pattern: .gpt2),
            Samples.vocabulary(of: text, size: 300, specials: ["<|end|>"]),
            Samples.vocabulary(of: text, size: 300, specials: []),
            Samples.vocabulary(of: [], size: 257),
        ]
        #expect(Set(all.map(\.fingerprint)).count == all.count)
        #expect(try Samples.vocabulary(of: text, size: 300).fingerprint == all[0].fingerprint)
    }

    @Test("a missing file is an error that names it")
    func missing() {
        let error = #expect(throws: TokenizationError.self) {
            try Vocabulary(directory: "/nowhere/vocab")
        }
        #expect(error?.description.contains("/nowhere/vocab/tokenizer.json") == true)
    }

    @Test("bytes are printed so that each can be told")
    func printable() {
        #expect(Vocabulary.printable(Array(" a\n\\é".utf8) + [0xFF]) == #" a\x0a\\é\xff"#)
    }
}
