import Testing

@testable import Tokenization

@Suite struct PatternSpellingTests {
    /// Expressions as published, with the pattern that cuts as they do.
    static let published: [(SplitPattern, [String])] = [
        // tiktoken before version 0.9 and before 0.5.
        (.gpt2, [#"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#]),
        (
            .gpt2,
            [
                #"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}]+| ?[\p{N}]+| ?[^\s\p{L}\p{N}]+"#
                    + #"|\s+(?!\S)|\s+"#
            ]
        ),
        (
            .llama3,
            [
                #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}"#
                    + #"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s"#
            ]
        ),
        // minbpe and rustbpe without possessive signs.
        (
            .nanochat,
            [
                #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,2}"#
                    + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#
            ]
        ),
        (
            .nanochat,
            [
                #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,2}"#
                    + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
            ]
        ),
        // DeepSeek with the line breaks written out.
        (
            .deepseek3,
            [
                #"\p{N}{1,3}"#, "[一-龥\u{3040}-ゟ゠-ヿ]+",
                ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##
                    + #"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"#
                    + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            ]
        ),
    ]

    @Test("each pattern is known by its own expressions", arguments: SplitPattern.regular)
    func own(pattern: SplitPattern) {
        #expect(SplitPattern(regularExpressions: pattern.regularExpressions) == pattern)
        #expect(SplitPattern(preTokenizers: pattern.preTokenizers) == pattern)
        if pattern.regularExpressions.count == 1 {
            let expression = pattern.regularExpressions[0]
            #expect(SplitPattern(tiktokenExpression: expression) == pattern)
            let steps: [PreTokenizerStep] = [
                .keepMatches(expression), .byteLevel(usesExpression: false),
            ]
            #expect(SplitPattern(preTokenizers: steps) == pattern)
        }
    }

    @Test("published spellings are known, and cut as the pattern does", arguments: published)
    func spellings(pattern: SplitPattern, expressions: [String]) {
        #expect(SplitPattern(regularExpressions: expressions) == pattern)
        let matcher = PatternMatcher(expressions)
        var generator = SeededGenerator(5)
        for _ in 0..<500 {
            let text = Samples.text(
                count: Int.random(in: 1...12, using: &generator), using: &generator)
            #expect(pattern.pieces(text) == matcher.pieces(of: text), "\(text)")
        }
    }

    @Test("tiktoken's cl100k is known only where tiktoken's engine reads it")
    func possessiveCount() {
        let expression =
            #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"#
            + #"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"#
        #expect(SplitPattern(tiktokenExpression: expression) == .cl100k)
        #expect(SplitPattern(regularExpressions: [expression]) == nil)
        for pattern in SplitPattern.regular {
            #expect(pattern.regularExpressions.allSatisfy { !$0.contains(/[0-9]}\+/) })
        }
    }

    @Test("steps of published files are the patterns that they amount to")
    func steps() {
        let split = PreTokenizerStep.split(SplitPattern.llama3.regularExpressions[0])
        let keep = PreTokenizerStep.keepMatches(SplitPattern.llama3.regularExpressions[0])
        let bytes = PreTokenizerStep.byteLevel(usesExpression: false)
        let gpt2 = PreTokenizerStep.byteLevel(usesExpression: true)
        let digit = PreTokenizerStep.split(#"\p{N}"#)
        let cases: [([PreTokenizerStep], SplitPattern?)] = [
            ([gpt2], .gpt2), ([split, bytes], .llama3), ([keep, bytes], .llama3),
            ([.digits, gpt2], .starcoder), ([digit, gpt2], .starcoder),
            // Cut once more by GPT-2's expression, by nothing, and not turned into bytes.
            ([split, gpt2], nil), ([keep, gpt2], nil), ([bytes], nil), ([split], nil), ([], nil),
            ([bytes, split], nil), ([.digits, bytes], nil), ([.digits, keep, bytes], nil),
        ]
        for (steps, pattern) in cases {
            #expect(SplitPattern(preTokenizers: steps) == pattern, "\(steps)")
        }
    }

    @Test(
        "expressions that cut differently are not known",
        arguments: [
            // A sign that matters, and contractions that do not fold U+017F.
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+[\p{L}\p{M}]+|\p{N}"#
                + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            #"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"#
                + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
                + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            #"\p{N}"#, "", " ",
        ])
    func unknown(expression: String) {
        #expect(SplitPattern(regularExpressions: [expression]) == nil)
        #expect(SplitPattern(tiktokenExpression: expression) == nil)
    }
}
