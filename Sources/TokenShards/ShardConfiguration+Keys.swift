public import Work

extension EndOfTextPolicy: SettingChoice {}
extension Packing: SettingChoice {}

extension ShardConfiguration: SettingSection {
    /// Every key of the section.
    public static let settingKeys: [SettingKey<ShardConfiguration>] = [
        // The reader of llm.c keeps the count in a signed 32-bit integer.
        .number(
            CodingKeys.tokensPerShard, \.tokensPerShard, .whole(1...Int(Int32.max)),
            unit: "tokens",
            "The most tokens in a shard. No document is cut; one that is longer has its own shard.",
            also: ["shard_size", "tokens"]),
        .value(
            CodingKeys.endOfText, \.endOfText,
            "Place of the end-of-text token: before each document, after it, or nowhere.",
            also: ["eot", "append_eos"]),
        .value(
            CodingKeys.beginToken, \.beginToken, isFilled: true,
            """
            The special token before each document, in place of the end-of-text token; null for \
            none.
            """, example: "<s>",
            also: ["bos", "bos_token", "add_bos"]),
        .value(
            CodingKeys.endToken, \.endToken, isFilled: true,
            """
            The special token behind each document, in place of the end-of-text token; null for \
            none.
            """, example: "</s>",
            also: ["eos", "eos_token", "add_eos"]),
        .value(
            CodingKeys.allowSpecial, \.allowSpecial,
            """
            Special tokens that are recognised in documents: none, all, or a list of them. What \
            is not recognised is ordinary text.
            """, example: ["<|endoftext|>"], also: ["special", "allowed_special"]),
        .number(
            CodingKeys.partBytes, \.partBytes, .whole(1...1 << 50), unit: "bytes",
            """
            Stored bytes of input that make a part, which one machine encodes. Whole files go \
            into a part until there are so many; no shard reaches over its end.
            """, also: ["part_size"]),
    ]
}
