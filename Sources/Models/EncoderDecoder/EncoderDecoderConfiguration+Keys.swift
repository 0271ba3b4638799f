public import Work

extension EncoderDecoderConfiguration {
    /// Every key of the section: the tokens are the vocabulary's.
    public static let settingKeys: [SettingKey<EncoderDecoderConfiguration>] = [
        architectureKey,
        layerKey(
            CodingKeys.layerCount, \.layerCount, unit: "blocks",
            "Blocks of the encoder, and as many of the decoder."),
        headKey(CodingKeys.headCount, \.headCount),
        widthKey(
            CodingKeys.embeddingSize, \.embeddingSize,
            "Width: the floats that stand for a token between blocks.",
            also: ["hidden_size", "hidden_dim"]),
        innerKey(
            CodingKeys.intermediateSize, \.intermediateSize,
            "Floats inside of the feed-forward part; null for 4 n_embd."),
        positionKey(
            CodingKeys.positionCount, \.positionCount, most: 1 << 20,
            "Tokens of a training window, which holds whole pairs. No side of a pair is longer."),
    ]

    /// The size of the vocabulary and two of its tokens.
    public static let hiddenNumbers: [NumericKey<EncoderDecoderConfiguration>] = [
        NumericKey(
            CodingKeys.vocabularySize, \.vocabularySize, .whole(1...1 << 28), unit: "tokens"),
        NumericKey(CodingKeys.padToken, \.padToken, .whole(0...1 << 28), unit: "token id"),
        NumericKey(CodingKeys.endToken, \.endToken, .whole(0...1 << 28), unit: "token id"),
    ]
}
