import Testing

@testable import Tokenization

@Suite struct SplitPatternTests {
    private func strings(_ text: String, _ pattern: SplitPattern) -> [String] {
        pattern.pieces(of: Array(text.utf8).span).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "pieces that a person can check",
        arguments: [
            (.gpt4, "Hold my math!", ["Hold", " my", " math", "!"]),
            (.gpt4, "DON'T 1234567", ["DON", "'T", " ", "123", "456", "7"]),
            (.gpt2, "DON'T don't 1234567", ["DON", "'", "T", " don", "'t", " 1234567"]),
            (.gpt4, "a  \n  ", ["a", "  \n", "  "]),
            (.gpt4, "\t\tx", ["\t", "\tx"]),
            (.gpt2, "\t\tx", ["\t", "\t", "x"]),
            (.gpt4, "it'ſ", ["it", "'ſ"]),
            (.gpt4, "x!!\r\n\r\ny", ["x", "!!\r\n\r\n", "y"]),
            (.character, "né!", ["n", "é", "!"]),
            (
                .word, "Hold -- my math, don't!",
                ["Hold", " ", "--", " ", "my", " ", "math", ",", " ", "don", "'", "t", "!"]
            ),
            (.word, "well-known", ["well-known"]),
        ] as [(SplitPattern, String, [String])])
    func examples(pattern: SplitPattern, text: String, expected: [String]) {
        #expect(strings(text, pattern) == expected)
    }

    /// For each pattern one of everything that it tells apart.
    private func alphabet(_ pattern: SplitPattern) -> [[UInt8]] {
        let parts =
            switch pattern {
            case .gpt2, .r50k, .starcoder:
                ["'", "s", "l", "e", "S", "1", "½", " ", "\n", "\u{A0}", "!", "\u{301}"]
            case .cl100k, .llama3, .gpt4, .nanochat, .qwen2, .qwen35:
                ["'", "S", "ſ", "l", "1", "½", " ", "\n", "\r", "\u{A0}", "!", "\u{301}"]
            case .o200k, .tekken:
                ["'", "s", "S", "ǅ", "漢", "\u{301}", "1", " ", "\n", "\t", "/", "!"]
            default:
                ["'", "a", "é", "漢", "ー", "\u{3099}", "1", " ", "\n", "・", "\u{1}", "\u{301}"]
            }
        return parts.map { Array($0.utf8) } + [[0xE3]]
    }

    /// What `pattern` and its expressions cut differently among all texts of up to `count` parts.
    private func firstDifference(
        _ pattern: SplitPattern, _ alphabet: [[UInt8]], count: Int
    ) -> [UInt8]? {
        let matcher = PatternMatcher(pattern.regularExpressions)
        func search(_ text: [UInt8], _ count: Int) -> [UInt8]? {
            if pattern.pieces(text) != matcher.pieces(of: text) { return text }
            guard count > 0 else { return nil }
            for part in alphabet {
                if let found = search(text + part, count - 1) { return found }
            }
            return nil
        }
        return search([], count)
    }

    @Test("every short text is cut as the expressions say", arguments: SplitPattern.regular)
    func exhaustive(pattern: SplitPattern) {
        #expect(firstDifference(pattern, alphabet(pattern), count: 4) == nil)
    }

    @Test("every pair of unlike characters is cut as the expressions say", arguments: SplitPattern.regular)
    func pairs(pattern: SplitPattern) {
        #expect(firstDifference(pattern, Samples.hostile, count: 2) == nil)
    }

    @Test("long random texts are cut as the expressions say", arguments: SplitPattern.regular)
    func random(pattern: SplitPattern) {
        let matcher = PatternMatcher(pattern.regularExpressions)
        var generator = SeededGenerator(7)
        for round in 0..<300 {
            var text = Samples.text(
                round % 2 == 0 ? alphabet(pattern) : Samples.hostile,
                count: Int.random(in: 4...24, using: &generator), using: &generator)
            if round % 3 == 0 {
                // Any code point, and any bytes.
                for _ in 0..<8 {
                    let value = UInt32.random(in: 0...0x10FFFF, using: &generator)
                    if let scalar = Unicode.Scalar(value) {
                        text.append(contentsOf: Array(String(Character(scalar)).utf8))
                    }
                    text.append(UInt8.random(in: 0...255, using: &generator))
                }
            }
            #expect(pattern.pieces(text) == matcher.pieces(of: text), "\(text)")
        }
    }

    @Test("a run of any length is cut as the expressions say", arguments: SplitPattern.regular)
    func runs(pattern: SplitPattern) {
        let matcher = PatternMatcher(pattern.regularExpressions)
        for part in Samples.hostile {
            for count in [3, 7, 8, 9, 40] {
                for tail in ["", "a", " 1", "\n ", "A's"] {
                    let text = Array(repeatElement(part, count: count).joined()) + Array(tail.utf8)
                    #expect(pattern.pieces(text) == matcher.pieces(of: text), "\(text)")
                }
            }
        }
    }

    @Test("pieces joined together are the text", arguments: SplitPattern.allCases)
    func lossless(pattern: SplitPattern) {
        var generator = SeededGenerator(11)
        for count in 0..<200 {
            let text = Samples.text(count: count % 40, using: &generator)
            #expect(Array(pattern.pieces(text).joined()) == text)
        }
    }
}
