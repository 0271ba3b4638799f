extension RecurrentConfiguration {
    /// The fields of a recurrent model's `config.json`. No class of Hugging Face's has these
    /// values of `model_type`, so that `AutoModel` refuses them and names the value.
    private struct Fields: Decodable {
        var model_type: RecurrentArchitecture
        var n_layer: Int
        var n_embd: Int
        var hidden_size: Int
        var n_positions: Int
        var vocab_size: Int
        var tie_word_embeddings: Bool
        var nonlinearity: String?
        var eos_token_id: ConfigurationData.EndTokens?

        static let keys: Set<String> = [
            "n_layer", "n_embd", "hidden_size", "n_positions", "nonlinearity",
        ]
    }

    /// The shape in a `config.json` that ``configurationText(endToken:type:)`` wrote.
    public static func read(
        _ file: ConfigurationData
    ) throws -> (shape: RecurrentConfiguration, endToken: Int?) {
        let fields = try file.decode(Fields.self)
        try file.check(known: Fields.keys)
        guard fields.nonlinearity ?? "tanh" == "tanh" else {
            throw Unsupported("nonlinearity is \(fields.nonlinearity ?? ""), not tanh")
        }
        let shape = RecurrentConfiguration(
            architecture: fields.model_type, layerCount: fields.n_layer,
            embeddingSize: fields.n_embd, hiddenUnitCount: fields.hidden_size,
            positionCount: fields.n_positions, vocabularySize: fields.vocab_size,
            tying: fields.tie_word_embeddings)
        return (shape, fields.eos_token_id?.first)
    }

    /// The text of `config.json`.
    public func configurationText(endToken: TokenID?, type: NumberType) -> String {
        let end = endToken.map(\.description) ?? "null"
        return """
            {
              "architectures": [
                "\(architecture.rawValue.uppercased())LanguageModel"
              ],
              "bos_token_id": \(end),
              "eos_token_id": \(end),
              "hidden_size": \(hiddenSize),
              "model_type": "\(architecture.rawValue)",
              "n_embd": \(embeddingSize),
              "n_layer": \(layerCount),
              "n_positions": \(positionCount),
              "tie_word_embeddings": \(tiesEmbeddings),
              "torch_dtype": "\(type.configurationName)",
              "vocab_size": \(vocabularySize)
            }

            """
    }
}
