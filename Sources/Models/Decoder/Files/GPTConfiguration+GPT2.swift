extension GPTConfiguration {
    /// The fields of `GPT2Config` that decide whether Quern computes the same; absent ones have its
    /// defaults.
    struct GPT2Fields: Decodable {
        var vocab_size: Int?
        var n_positions: Int?
        var n_embd: Int?
        var n_layer: Int?
        var n_head: Int?
        var n_inner: Int?
        var activation_function: String?
        var layer_norm_epsilon: Double?
        var tie_word_embeddings: Bool?
        var scale_attn_weights: Bool?
        var scale_attn_by_inverse_layer_idx: Bool?
        var add_cross_attention: Bool?
        /// A key of ours, which `GPT2Config` keeps and does not look at: the table is the same.
        var position_embedding_type: String?
        var bos_token_id: ConfigurationData.EndTokens?
        var eos_token_id: ConfigurationData.EndTokens?

        /// The keys that are read here. `n_ctx` repeats the context, though not in all published
        /// files, and `n_positions` counts.
        static let keys: Set<String> = [
            "n_positions", "n_embd", "n_layer", "n_head", "n_inner", "activation_function",
            "layer_norm_epsilon", "scale_attn_weights", "scale_attn_by_inverse_layer_idx",
            "add_cross_attention", "n_ctx", "position_embedding_type",
        ]

        func contents() throws(Unsupported) -> Contents {
            let name = activation_function ?? "gelu_new"
            guard let activation = Activation(configurationName: name) else {
                throw Unsupported(
                    "activation_function is \(name), which Quern does not compute")
            }
            guard scale_attn_weights ?? true, !(scale_attn_by_inverse_layer_idx ?? false) else {
                throw Unsupported("its attention is scaled in another way")
            }
            guard !(add_cross_attention ?? false) else {
                throw Unsupported("it has cross-attention")
            }
            var configuration = GPTConfiguration(
                architecture: .gpt2, layerCount: n_layer ?? 12, headCount: n_head ?? 12,
                embeddingSize: n_embd ?? 768, positionCount: n_positions ?? 1024,
                vocabularySize: vocab_size ?? 50257,
                layerNormEpsilon: Float(layer_norm_epsilon ?? 1e-5))
            configuration.intermediateSize = n_inner
            configuration.variations.activation = activation
            switch position_embedding_type ?? "absolute" {
            case "absolute", "learned": break
            case PositionEncoding.sinusoidal.rawValue: configuration.positions = .sinusoidal
            case let other: throw Unsupported("position_embedding_type is \(other)")
            }
            configuration.tiesEmbeddings = tie_word_embeddings ?? true
            return Contents(configuration: configuration, endToken: eos_token_id)
        }

        /// `n_ctx` repeats the context, because converters to GGUF read it.
        static func text(_ c: GPTConfiguration, _ end: String, _ type: String) -> String {
            let positions =
                c.positionEncoding == .sinusoidal
                ? "\n  \"position_embedding_type\": \"sinusoidal\"," : ""
            let inner = c.intermediateSize.map(String.init) ?? "null"
            return """
                {
                  "activation_function": "\(c.activation.rawValue)",
                  "architectures": [
                    "GPT2LMHeadModel"
                  ],
                  "attn_pdrop": 0.0,
                  "bos_token_id": \(end),
                  "embd_pdrop": 0.0,
                  "eos_token_id": \(end),
                  "initializer_range": 0.02,
                  "layer_norm_epsilon": \(c.layerNormEpsilon),
                  "model_type": "gpt2",
                  "n_ctx": \(c.positionCount),
                  "n_embd": \(c.embeddingSize),
                  "n_head": \(c.headCount),
                  "n_inner": \(inner),
                  "n_layer": \(c.layerCount),
                  "n_positions": \(c.positionCount),\(positions)
                  "resid_pdrop": 0.0,
                  "tie_word_embeddings": \(c.tiesEmbeddings),
                  "torch_dtype": "\(type)",
                  "vocab_size": \(c.vocabularySize)
                }

                """
        }
    }
}
