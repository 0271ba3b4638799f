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

    @Test(
        "every short text over a hostile alphabet is cut as the expression says",
        arguments: [SplitPattern.gpt2, .gpt4])
    func exhaustive(pattern: SplitPattern) throws {
        let matcher = PatternMatcher(try #require(pattern.regularExpression))
        let alphabet = Samples.hostile
        var different = 0
        var example: [UInt8] = []
        func check(_ text: [UInt8], depth: Int) {
            if !text.isEmpty, pattern.pieces(text) != matcher.pieces(of: text) {
                different += 1
                example = text
            }
            guard depth > 0 else { return }
            for part in alphabet { check(text + part, depth: depth - 1) }
        }
        check([], depth: 3)
        #expect(different == 0, "for example \(example)")
    }

    @Test(
        "long random texts are cut as the expression says", arguments: [SplitPattern.gpt2, .gpt4])
    func random(pattern: SplitPattern) throws {
        let matcher = PatternMatcher(try #require(pattern.regularExpression))
        var generator = SeededGenerator(7)
        for round in 0..<600 {
            var text = Samples.text(
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

    @Test("a run of any length has the same pieces as the expression", arguments: [1, 7, 8, 9, 40])
    func runs(count: Int) throws {
        for pattern in [SplitPattern.gpt2, .gpt4] {
            let matcher = PatternMatcher(try #require(pattern.regularExpression))
            for part in Samples.hostile {
                for tail in [[], Array("a".utf8), Array(" 1".utf8), Array("\n ".utf8)] {
                    let text = Array(repeatElement(part, count: count).joined()) + tail
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
