public import Work

extension RecurrentConfiguration {
    /// Every key of the section.
    public static let settingKeys: [SettingKey<RecurrentConfiguration>] = [
        architectureKey,
        layerKey(
            CodingKeys.layerCount, \.layerCount, unit: "layers",
            "Recurrent layers, each of which reads what the one below has in mind."),
        widthKey(
            CodingKeys.embeddingSize, \.embeddingSize, "Floats that stand for a token."),
        .number(
            CodingKeys.hiddenUnitCount, \.hiddenUnitCount, .whole(1...1 << 16), unit: "units",
            "Hidden units of a layer; null for n_embd.", example: 384,
            also: ["n_hidden", "hidden_units", "units"]),
        positionKey(
            CodingKeys.positionCount, \.positionCount, most: 1 << 24,
            """
            Tokens of a training window, which back-propagation goes through. Reading has no such \
            limit.
            """),
        .value(
            CodingKeys.tying, \.tying,
            """
            Whether the output head is the token embedding; null for yes where hidden_size is \
            n_embd. Else it is a matrix of its own.
            """, example: false, also: ["tie_embeddings", "tie_weights", "weight_tying", "tied"]),
    ]

    /// The size of the vocabulary.
    public static let hiddenNumbers: [NumericKey<RecurrentConfiguration>] = [
        NumericKey(
            CodingKeys.vocabularySize, \.vocabularySize, .whole(1...1 << 28), unit: "tokens")
    ]
}
