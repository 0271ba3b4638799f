extension SplitPattern {
    /// The patterns that vocabularies can have: all with ``regularExpressions``.
    public static let regular = allCases.filter { !$0.regularExpressions.isEmpty }

    /// The regular expressions of the pattern, each to be applied to every part that the one before
    /// it left; none where the pattern is only for show, or a vocabulary says otherwise how texts
    /// are cut.
    ///
    /// They are spelled so that Oniguruma, which `tokenizers` uses, and the engine of tiktoken read
    /// the same in them, and otherwise as the vocabulary's own publisher does. Where they differ:
    /// what tiktoken reads as a possessive `{1,3}+` is a repetition of a repetition to Oniguruma;
    /// `$` is the end of a line there, so that `\s++$` means the end of the text only because the
    /// possessive sign leaves no line break behind.
    public var regularExpressions: [String] {
        switch self {
        case .gpt2:
            [#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#]
        case .r50k:
            [
                #"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++"#
                    + #"|\s++$|\s+(?!\S)|\s"#
            ]
        case .cl100k:
            [
                #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}"#
                    + #"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"#
            ]
        case .llama3:
            [Self.llama3(numbers: #"\p{N}{1,3}"#)]
        case .gpt4:
            [Self.gpt4(numbers: #"\p{N}{1,3}"#)]
        case .nanochat:
            [Self.gpt4(numbers: #"\p{N}{1,2}"#)]
        case .qwen2:
            [Self.llama3(numbers: #"\p{N}"#)]
        case .qwen35:
            [
                #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"#
                    + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
            ]
        case .o200k:
            [Self.o200k(numbers: #"\p{N}{1,3}"#, contractions: "(?i:'s|'t|'re|'ve|'m|'ll|'d)?")]
        case .tekken:
            [Self.o200k(numbers: #"\p{N}"#, contractions: "")]
        case .deepseek3:
            [
                #"\p{N}{1,3}"#,
                "[一-龥\u{3040}-ゟ゠-ヿ]+",
                // The published file holds the two line breaks themselves.
                ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##
                    + "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*"
                    + "|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
            ]
        case .deepseekCoder:
            [
                #"[\r\n]"#, #"\s?\p{L}+"#, #"\s?\p{P}+"#, DeepSeekCoderScanner.asianExpression,
                #"\p{N}"#,
            ]
        case .deepseekLLM:
            [
                #"[\r\n]"#, #"\s?["# + DeepSeekLists.letters + "]+",
                #"\s?["# + DeepSeekLists.punctuation + "]+", #"\s+$"#,
                DeepSeekCoderScanner.asianExpression, #"\p{N}"#,
            ]
        case .kimi:
            [KimiScanner.expression]
        case .starcoder:
            [#"\p{N}"#] + Self.gpt2.regularExpressions
        case .superbpe:
            [#"\p{N}+"#, #"(?=(\d{3})+(?!\d))"#]
        case .character:
            [#"[\s\S]"#]
        case .word:
            [#"[,.:;?_!"()']|--|\s|(?:(?!--)[^\s,.:;?_!"()'])+"#]
        case .falcon, .sentencePiece, .metaspace, .whole, .bytes:
            []
        }
    }

    /// The pattern that cuts every text as `expressions`, applied one after another, do; `nil` if
    /// none is known to.
    ///
    /// Expressions are read as Oniguruma reads them. Besides ``regularExpressions`` themselves,
    /// every spelling is known that differs from them only in ways that cannot matter.
    public init?(regularExpressions expressions: [String]) {
        // Compared as bytes: strings of characters that only look alike are equal.
        let exact = expressions.map { Array($0.utf8) }
        let plain = expressions.map(Self.plainSpelling)
        let found =
            Self.regular.first { $0.regularExpressions.map { Array($0.utf8) } == exact }
            ?? Self.regular.first { $0.regularExpressions.map(Self.plainSpelling) == plain }
        guard let found else { return nil }
        self = found
    }

    /// The pattern that cuts every text as `expression` does in tiktoken; `nil` if none is known
    /// to.
    ///
    /// Files of tiktoken's kind hold expressions for its engine, which reads a `{1,3}+` as
    /// possessive. Nothing comes after it that could take a digit back, so the sign does not matter
    /// there.
    public init?(tiktokenExpression expression: String) {
        self.init(regularExpressions: [expression.replacing("{1,3}+", with: "{1,3}")])
    }

    /// The bytes of `expression` in a spelling that all have in common that cut every text alike by
    /// the rules here.
    private static func plainSpelling(_ expression: String) -> [UInt8] {
        spellings.reduce(Array(expression.utf8)) { spelling, rule in
            spelling.replacing(Array(rule.old.utf8), with: Array(rule.new.utf8))
        }
    }

    private static let spellings: [(old: String, new: String)] = [
        // Some files hold the characters themselves.
        ("\r", #"\r"#), ("\n", #"\n"#),
        // The same contractions, where they are an alternative.
        ("(?i:'s|'t|'re|'ve|'m|'ll|'d)|", "'(?i:[sdmt]|ll|ve|re)|"),
        ("'s|'t|'re|'ve|'m|'ll|'d|", "'(?:[sdmt]|ll|ve|re)|"),
        // A class of one class.
        (#"[\p{L}]+"#, #"\p{L}+"#), (#"[\p{N}]+"#, #"\p{N}+"#),
        // A possessive sign where what follows, if anything, matches no character that it could
        // give back.
        (#"[^\r\n\p{L}\p{N}]?+\p{L}"#, #"[^\r\n\p{L}\p{N}]?\p{L}"#),
        (#"\p{L}++|"#, #"\p{L}+|"#), (#"\p{N}++|"#, #"\p{N}+|"#),
        (#"[^\s\p{L}\p{N}]++|"#, #"[^\s\p{L}\p{N}]+|"#),
        (#"[^\s\p{L}\p{N}]++[\r\n]*"#, #"[^\s\p{L}\p{N}]+[\r\n]*"#), (#"[\r\n]*+|"#, #"[\r\n]*|"#),
        // `\s*` goes as far as the last line break.
        (#"|\s*[\r\n]+|"#, #"|\s*[\r\n]|"#),
        // Behind `\s+(?!\S)` only a single character is left.
        (#"|\s+(?!\S)|\s+"#, #"|\s+(?!\S)|\s"#),
    ]

    private static func llama3(numbers: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    private static func gpt4(numbers: String) -> String {
        #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|"# + numbers
            + #"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#
    }

    private static func o200k(numbers: String, contractions: String) -> String {
        let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
        let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
        return #"[^\r\n\p{L}\p{N}]?"# + upper + "*" + lower + "+" + contractions
            + #"|[^\r\n\p{L}\p{N}]?"# + upper + "+" + lower + "*" + contractions
            + "|" + numbers + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
}
