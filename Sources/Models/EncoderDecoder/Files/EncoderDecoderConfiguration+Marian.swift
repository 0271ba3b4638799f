extension EncoderDecoderConfiguration {
    /// The value of `model_type` in Marian's `config.json`.
    public static var modelTypes: [String] { ["marian"] }

    /// The fields of `MarianConfig` that decide whether Quern computes the same; absent ones have
    /// its defaults.
    private struct Fields: Decodable {
        var is_encoder_decoder: Bool?
        var num_hidden_layers: Int?
        var vocab_size: Int?
        var decoder_vocab_size: Int?
        var max_position_embeddings: Int?
        var d_model: Int?
        var encoder_layers: Int?
        var encoder_ffn_dim: Int?
        var encoder_attention_heads: Int?
        var decoder_layers: Int?
        var decoder_ffn_dim: Int?
        var decoder_attention_heads: Int?
        var activation_function: String?
        var scale_embedding: Bool?
        var share_encoder_decoder_embeddings: Bool?
        var tie_word_embeddings: Bool?
        var normalize_before: Bool?
        var normalize_embedding: Bool?
        var pad_token_id: Int?
        var decoder_start_token_id: Int?
        var eos_token_id: ConfigurationData.EndTokens?

        /// The keys that are read here, and those that say something about training or nothing at
        /// all, some of which Marian's converter left.
        static let keys: Set<String> = [
            "decoder_vocab_size", "max_position_embeddings", "d_model", "encoder_layers",
            "encoder_ffn_dim", "encoder_attention_heads", "decoder_layers", "decoder_ffn_dim",
            "decoder_attention_heads", "activation_function", "scale_embedding",
            "share_encoder_decoder_embeddings", "normalize_before", "normalize_embedding",
            "is_encoder_decoder", "num_hidden_layers", "activation_dropout", "attention_dropout",
            "dropout", "classifier_dropout", "classif_dropout", "encoder_layerdrop",
            "decoder_layerdrop", "init_std", "static_position_embeddings", "extra_pos_embeddings",
        ]

        func shape() throws(Unsupported) -> EncoderDecoderConfiguration {
            let activation = activation_function ?? "gelu"
            guard activation == "relu" else {
                throw Unsupported("activation_function is \(activation), not relu")
            }
            guard scale_embedding ?? false else {
                throw Unsupported("scale_embedding is false: its embeddings are not scaled")
            }
            guard share_encoder_decoder_embeddings ?? true, tie_word_embeddings ?? true else {
                throw Unsupported("its sides and its head do not share one matrix of embeddings")
            }
            guard !(normalize_before ?? false), !(normalize_embedding ?? false) else {
                throw Unsupported("its norms stand elsewhere")
            }
            guard is_encoder_decoder ?? true else {
                throw Unsupported("is_encoder_decoder is false, and model_type is marian")
            }
            func same(_ name: String, _ encoder: Int?, _ decoder: Int?, _ standard: Int)
                throws(Unsupported) -> Int
            {
                let (a, b) = (encoder ?? standard, decoder ?? standard)
                guard a == b else {
                    throw Unsupported("its encoder has \(a) \(name) and its decoder \(b)")
                }
                return a
            }
            var shape = EncoderDecoderConfiguration()
            shape.layerCount = try same("layers", encoder_layers, decoder_layers, 12)
            guard num_hidden_layers ?? shape.layerCount == shape.layerCount else {
                throw Unsupported("its num_hidden_layers is not its encoder_layers")
            }
            shape.headCount = try same(
                "heads", encoder_attention_heads, decoder_attention_heads, 16)
            shape.intermediateSize = try same(
                "floats inside", encoder_ffn_dim, decoder_ffn_dim, 4096)
            shape.embeddingSize = d_model ?? 1024
            shape.positionCount = max_position_embeddings ?? 1024
            shape.vocabularySize = vocab_size ?? 58_101
            guard decoder_vocab_size ?? shape.vocabularySize == shape.vocabularySize else {
                throw Unsupported("its decoder has another vocabulary")
            }
            let pad = pad_token_id ?? 58_100
            guard decoder_start_token_id ?? 58_100 == pad else {
                throw Unsupported("its decoder_start_token_id is not its pad_token_id")
            }
            shape.padToken = pad
            shape.endToken = eos_token_id?.first ?? 0
            return shape
        }
    }

    /// The shape that `MarianMTModel` would have.
    public static func read(
        _ file: ConfigurationData
    ) throws -> (shape: EncoderDecoderConfiguration, endToken: Int?) {
        let shape = try file.decode(Fields.self).shape()
        try file.check(known: Fields.keys)
        return (shape, shape.endToken)
    }

    /// The text of `config.json`.
    ///
    /// `forced_eos_token_id` is there because Marian's default would force a token at the end of
    /// every text.
    public func configurationText(endToken: TokenID?, type: NumberType) -> String {
        let (pad, end) = (padToken ?? 0, self.endToken ?? 0)
        return """
            {
              "activation_dropout": 0.0,
              "activation_function": "relu",
              "architectures": [
                "MarianMTModel"
              ],
              "attention_dropout": 0.0,
              "bos_token_id": null,
              "d_model": \(embeddingSize),
              "decoder_attention_heads": \(headCount),
              "decoder_ffn_dim": \(feedForwardSize),
              "decoder_layerdrop": 0.0,
              "decoder_layers": \(layerCount),
              "decoder_start_token_id": \(pad),
              "decoder_vocab_size": \(vocabularySize),
              "dropout": 0.0,
              "encoder_attention_heads": \(headCount),
              "encoder_ffn_dim": \(feedForwardSize),
              "encoder_layerdrop": 0.0,
              "encoder_layers": \(layerCount),
              "eos_token_id": \(end),
              "forced_eos_token_id": null,
              "init_std": 0.02,
              "is_encoder_decoder": true,
              "max_position_embeddings": \(positionCount),
              "model_type": "marian",
              "num_hidden_layers": \(layerCount),
              "pad_token_id": \(pad),
              "scale_embedding": true,
              "share_encoder_decoder_embeddings": true,
              "tie_word_embeddings": true,
              "torch_dtype": "\(type.configurationName)",
              "use_cache": true,
              "vocab_size": \(vocabularySize)
            }

            """
    }
}
