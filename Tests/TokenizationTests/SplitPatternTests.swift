import Bytes
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
            (.r50k, "DON'T don't  ", ["DON", "'", "T", " don", "'t", "  "]),
            (.cl100k, "a  \n  ", ["a", "  \n  "]),
            (.cl100k, "a  \n  b", ["a", "  \n", " ", " b"]),
            (.llama3, "a  \n  ", ["a", "  \n", "  "]),
            (.nanochat, "in 1984", ["in", " ", "19", "84"]),
            (.qwen2, "in 1984", ["in", " ", "1", "9", "8", "4"]),
            (.qwen2, "e\u{301}a", ["e", "\u{301}a"]),
            (.qwen35, "e\u{301}a", ["e\u{301}a"]),
            (.o200k, "HelloWorld DON'T", ["Hello", "World", " DON'T"]),
            (.o200k, "漢AB \u{301}AB", ["漢", "AB", " \u{301}", "AB"]),
            (.o200k, "// a/b\n\n", ["//", " a", "/b", "\n\n"]),
            (.o200k, "!\n/\n x", ["!\n/\n", " x"]),
            (.tekken, "HelloWorld DON'T 19", ["Hello", "World", " DON", "'T", " ", "1", "9"]),
            (.deepseek3, "in 1984年に", ["in", " ", "198", "4", "年に"]),
            (.deepseek3, "a漢字 b、ラーメン・Ω", ["a", "漢字", " b", "、", "ラーメン", "・", "Ω"]),
            (.deepseek3, "don't \u{1}\u{2}x", ["don", "'t", " ", "\u{1}", "\u{2}x"]),
            (
                .deepseekCoder, "in  1984\n年に x!= y",
                [
                    "in", "  ", "1", "9", "8", "4", "\n", "年に", " x", "!", "=", " y",
                ]
            ),
            (.deepseekCoder, "“漢字a” 漢b", ["“", "漢字", "a", "”", " ", "漢", "b"]),
            (.deepseekLLM, "x² = ñé a  ", ["x", "²", " =", " ñé", " a", "  "]),
            (.deepseekLLM, "ש  a\u{1} \u{2003}", ["ש", " ", " a", "\u{1}", " ", "\u{2003}"]),
            (.kimi, "漢字AB漢 Hello〇1⺀", ["漢字", "AB", "漢", " Hello", "〇", "1", "⺀"]),
            (.kimi, "//a/b\n/ ⺀", ["//", "a", "/b", "\n", "/", " ⺀"]),
            (.starcoder, "in  1984", ["in", "  ", "1", "9", "8", "4"]),
            (.superbpe, "in  1984, don't\n12", ["in  ", "1", "984", ", don't\n", "12"]),
            (.superbpe, "123456½1234²٣٤٥٦", ["123", "456½1", "234²٣", "٤٥٦"]),
            (.bytes, "ab", ["a", "b"]),
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

    /// One of everything that a pattern tells apart, what matters most in front.
    private func alphabet(_ pattern: SplitPattern) -> [[UInt8]] {
        let parts =
            switch pattern {
            case .gpt2, .r50k, .starcoder:
                ["'", "s", " ", "\n", "1", "!", "l", "e", "S", "½", "\u{A0}", "\u{301}"]
            case .cl100k, .llama3, .gpt4, .nanochat, .qwen2, .qwen35:
                ["'", "S", " ", "\n", "1", "\u{301}", "ſ", "l", "½", "\r", "\u{A0}", "!"]
            case .deepseekCoder:
                [" ", "a", "漢", "!", "\n", "1", "“", "\u{3000}", "=", "\u{2003}", "\u{301}", "é"]
            case .deepseekLLM:
                [" ", "\u{3000}", "a", "=", "²", "\u{2003}", "漢", "\n", "¬", "、", "1", "!"]
            case .kimi:
                ["漢", "S", "s", " ", "⺀", "〇", "\u{301}", "'", "1", "\n", "/", "ǅ"]
            case .superbpe:
                ["1", "½", "a", "٣", "²", " ", "2", "12", "漢", "\n", "'", "!"]
            case .o200k, .tekken:
                ["'", "s", "S", "漢", "\u{301}", " ", "ǅ", "1", "\n", "\t", "/", "!"]
            default:
                ["a", "漢", "!", " ", "\n", "\u{1}", "'", "é", "ー", "\u{3099}", "1", "・"]
            }
        return parts.map { Array($0.utf8) } + [[0xE3]]
    }

    /// First text of up to `count` parts that `pattern` and its expressions cut differently.
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
        #expect(firstDifference(pattern, alphabet(pattern), count: 3) == nil)
        #expect(firstDifference(pattern, Array(alphabet(pattern).prefix(7)), count: 4) == nil)
    }

    @Test(
        "every pair of unlike characters is cut as the expressions say",
        arguments: SplitPattern.regular)
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
            for count in [3, 8, 33] {
                for tail in ["", " 1", "A's\n "] {
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

    #if DEBUG
        /// Runs that a scanner could be made to look across again and again.
        private static let runs: [String] = [
            "a", "A", "1", "½", " ", "\n", " \n", "\u{A0}", "!", "/", "'", "'s", "漢", "ー",
            "\u{301}", "\u{1}", "漢A", "\u{301}A", "!\n", "-", "\u{3099}・",
        ]

        @Test("no byte is looked at more than a few times", arguments: SplitPattern.allCases)
        func linearTime(pattern: SplitPattern) {
            for run in Self.runs {
                for (start, end) in [
                    ("", ""), ("", "x"), ("漢", "'s"), (" ", "漢"), ("\u{301}", "1"),
                ] {
                    let text = Array((start + String(repeating: run, count: 400) + end).utf8)
                    let looks = ByteView.looks(at: text.span) { view in
                        var visitor = Walk(text: view)
                        pattern.accept(&visitor)
                    }
                    // Characters of several bytes and what is looked at twice included.
                    #expect(looks <= 8 * text.count, "\(start) \(run) \(end)")
                }
            }
        }

        private struct Walk: PieceScannerVisitor {
            let text: ByteView

            func visit(_ scanner: some PieceScanner) {
                var start = 0
                while start < text.count { start = scanner.pieceEnd(in: text, from: start) }
            }
        }
    #endif
}
