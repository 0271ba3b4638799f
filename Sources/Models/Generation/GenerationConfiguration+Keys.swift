public import Work

extension GenerationConfiguration: SettingSection {
    /// Every key of the section.
    public static let settingKeys: [SettingKey<GenerationConfiguration>] = [
        .number(
            CodingKeys.maximumTokenCount, \.maximumTokenCount, .whole(0...1 << 31),
            unit: "tokens", "The most tokens to generate.",
            also: [
                "max_tokens", "max_length", "n_predict", "num_predict", "length",
                "max_completion_tokens",
            ]),
        .number(
            CodingKeys.temperature, \.temperature, .real(0...1e6),
            """
            Divides the logits: below 1 the likely becomes likelier. 0 always takes the likeliest \
            token.
            """, also: ["temp"]),
        .number(
            CodingKeys.topK, \.topK, .whole(0...1 << 31), unit: "tokens",
            "Only so many of the likeliest tokens may come; 0 allows all.",
            when: "temperature is above 0", example: 50, also: ["topk"]),
        .number(
            CodingKeys.topP, \.topP, .above(0, upTo: 1), unit: "probability",
            """
            Only the likeliest tokens may come whose probabilities together reach this. 1 allows \
            all (nucleus sampling).
            """, when: "temperature is above 0", also: ["topp", "nucleus"]),
        .number(
            CodingKeys.minP, \.minP, .real(0...1), unit: "share of a probability",
            """
            Only tokens with at least this share of the likeliest one's probability may come. 0 \
            allows all.
            """, when: "temperature is above 0", example: 0.05, also: ["minp"]),
        // Beyond these limits a score would leave the range of floats.
        .number(
            CodingKeys.repetitionPenalty, \.repetitionPenalty, .real(1e-6...1e6),
            """
            Above 1, tokens that the text already has become less probable. The logits are \
            divided by it, or multiplied if they are negative; 1 changes nothing.
            """, example: 1.1, also: ["repeat_penalty", "rep_penalty"]),
        .number(
            CodingKeys.keptTokenCount, \.keptTokenCount, .whole(0...1 << 31), unit: "tokens",
            """
            So many of the first tokens stay when a full context slides. They take half of it at \
            most.
            """, example: 16, also: ["n_keep", "num_keep"]),
        .number(
            CodingKeys.draftTokenCount, \.draftTokenCount, .whole(0...TextDraft.maximumCount),
            unit: "tokens",
            """
            So many tokens are drafted from what the text has already and read at once. The text \
            is the same, and comes faster where it repeats itself.
            """, example: 7,
            also: ["draft_tokens", "num_draft_tokens", "prompt_lookup_num_tokens"]),
        .value(
            CodingKeys.stopStrings, \.stopStrings, isFilled: true,
            "Texts that end a sample, and are not part of it.", example: ["\n\n"],
            also: ["stop", "stop_sequences", "stop_words"]),
        .number(
            CodingKeys.seed, \.seed, .seed, "Seed of the choices.",
            when: "temperature is above 0", also: ["random_seed"]),
    ]
}
