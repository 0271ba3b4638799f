import Tokenization
public import Work

extension TieRule: SettingChoice {}

extension VocabularyConfiguration: SettingSection {
    /// Every key of the section.
    public static let settingKeys: [SettingKey<VocabularyConfiguration>] = [
        .value(
            CodingKeys.model, \.model,
            "What the tokens are: merges of byte-pair encoding, whole words, or characters.",
            also: ["type", "algorithm", "kind"]),
        .number(
            CodingKeys.vocabularySize, \.vocabularySize, .whole(256...TokenTable.maximumCount),
            unit: "tokens",
            "Tokens in all. They are the special ones, 256 bytes, and what is learned.",
            example: 8192, also: ["n_vocab", "vocabulary_size", "size", "num_tokens"]),
        .value(
            CodingKeys.pattern, \.pattern, of: SplitPattern.regular.map(\.rawValue),
            """
            The rule that cuts text into pieces, which no merge crosses. It is character for \
            vocabularies of characters.
            """, example: "o200k",
            also: ["pre_tokenizer", "pretokenizer", "split_pattern", "regex", "pat_str"]),
        .number(
            CodingKeys.superwordsFrom, \.superwordsFrom, .whole(257...TokenTable.maximumCount),
            unit: "tokens",
            """
            Tokens before the first superword, which may join words; null for words alone. The \
            texts are read twice, and are cut by the pattern superbpe in the end.
            """, when: "model is bpe", example: 6144, also: ["superbpe", "transition_point"]),
        .value(
            CodingKeys.parity, \.parity,
            """
            Whether no source is to be compressed much worse than the others. Each merge is that \
            of the one that has the fewest bytes a token by then; it needs several in \
            corpus.sources.
            """, when: "model is bpe", also: ["parity_aware", "fair"]),
        .value(
            CodingKeys.specialTokens, \.specialTokens, isFilled: true,
            "The special tokens, which get the first ids in this order.",
            also: ["special", "special_token", "added_tokens"]),
        .value(
            CodingKeys.excludeSpecial, \.excludeSpecial,
            """
            Special tokens that are not learned from where a text has them. None, all of \
            special_tokens, or a list of strings.
            """, example: ["<|endoftext|>"], also: ["skip_special", "exclude_special_tokens"]),
        .number(
            CodingKeys.minimumFrequency, \.minimumFrequency, .whole(0...1 << 60),
            unit: "occurrences",
            "The least count of a pair that is merged. It is also that of a word or character.",
            also: ["min_count", "minimum_frequency"]),
        .number(
            CodingKeys.maximumTokenLength, \.maximumTokenLength, .whole(1...1 << 30),
            unit: "bytes", "The most bytes of a learned token; null for no limit.",
            when: "model is bpe or word", example: 16, also: ["max_token_bytes"]),
        .value(
            CodingKeys.tieRule, \.tieRule,
            """
            Order of the bytes, which decides between equally frequent pairs. huggingface is as \
            tokenizers does it, bytes as rustbpe and bpeasy do.
            """, when: "model is bpe", also: ["tie_rule", "ties", "tie_break"]),
        .number(
            CodingKeys.memory, \.memory, ByteSize.memoryRange, unit: "bytes",
            """
            Memory that learning may take; null for three quarters of the machine's. Counts that \
            need more go to the disk; the result is the same.
            """, example: "4GiB", also: ["max_memory", "memory_limit"]),
    ]
}
