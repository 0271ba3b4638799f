public import Work

extension GPTConfiguration {
    /// Every key of the section.
    public static let settingKeys: [SettingKey<GPTConfiguration>] = [
        architectureKey,
        layerKey(
            CodingKeys.layerCount, \.layerCount, unit: "blocks",
            "Blocks, each of attention and a feed-forward part."),
        headKey(CodingKeys.headCount, \.headCount),
        .number(
            CodingKeys.keyValueHeadCount, \.keyValueHeadCount, .whole(1...1 << 16),
            unit: "heads",
            """
            Heads of keys and values, a divisor of n_head; null for n_head. Several heads of \
            queries share one (grouped-query attention).
            """, when: "architecture is \(Architecture.rotaryNames)", example: 2,
            also: ["num_key_value_heads", "n_kv_heads", "num_kv_heads", "n_query_groups"]),
        .number(
            CodingKeys.headDimension, \.headDimension, .whole(1...1 << 16), unit: "floats",
            "Floats of a head; null for n_embd / n_head.",
            when: "architecture is \(Architecture.rotaryNames)",
            example: 64, also: ["head_size", "d_head", "d_kv"]),
        widthKey(
            CodingKeys.embeddingSize, \.embeddingSize,
            "Width: the floats that stand for a token between blocks.",
            also: ["hidden_size", "hidden_dim"]),
        innerKey(
            CodingKeys.intermediateSize, \.intermediateSize,
            """
            Floats inside of the feed-forward part; null for 4 n_embd. Where it is gated, as in \
            all but gpt2 and gpt_neox, null is 8/3 n_embd, rounded up to a multiple of 32.
            """),
        positionKey(
            CodingKeys.positionCount, \.positionCount, most: 1 << 24,
            "Context: the most tokens that the model sees at once."),
        .number(
            CodingKeys.layerNormEpsilon, \.layerNormEpsilon, .real(1e-30...0.999),
            "Added to the variance in LayerNorm, to the mean square in RMSNorm.",
            also: ["rms_norm_eps", "layer_norm_eps", "norm_eps", "norm_epsilon"]),
        .value(
            CodingKeys.positions, \.positions,
            """
            How positions are told apart; null for the architecture's own way. That is learned \
            for gpt2, which also knows sinusoidal, and rotary for the others.
            """, when: "architecture is gpt2", example: "sinusoidal",
            also: ["positions", "position_encoding", "pos_emb", "positional_encoding"]),
        .number(
            CodingKeys.rotaryBase, \.rotaryBase, .above(1, upTo: 1e30),
            "Base of the angles of rotary positions. The larger, the slower the slowest turns.",
            when: "architecture is not gpt2",
            also: ["rope_base", "rotary_base", "theta"]),
        .value(
            CodingKeys.tiesEmbeddings, \.tiesEmbeddings,
            "Whether the output head is the token embedding. Else it is a matrix of its own.",
            also: ["tie_embeddings", "tie_weights", "weight_tying", "tied"]),
    ]

    /// The size of the vocabulary.
    public static let hiddenNumbers: [NumericKey<GPTConfiguration>] = [
        NumericKey(
            CodingKeys.vocabularySize, \.vocabularySize, .whole(1...1 << 28), unit: "tokens")
    ]
}
