extension GPTConfiguration {
    /// The fields of `GPTNeoXConfig` that decide whether Quern computes the same; absent ones have
    /// its defaults.
    struct NeoXFields: Decodable {
        var vocab_size: Int?
        var hidden_size: Int?
        var intermediate_size: Int?
        var num_hidden_layers: Int?
        var num_attention_heads: Int?
        var max_position_embeddings: Int?
        var original_max_position_embeddings: Int?
        var layer_norm_eps: Double?
        var rotary_pct: Double?
        var rotary_emb_base: Double?
        var rope_scaling: Rotation?
        var rope_parameters: Rotation?
        var hidden_act: String?
        var tie_word_embeddings: Bool?
        var use_parallel_residual: Bool?
        var attention_bias: Bool?
        var eos_token_id: ConfigurationData.EndTokens?

        /// The keys that are read here.
        static let keys: Set<String> = [
            "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
            "max_position_embeddings", "original_max_position_embeddings", "layer_norm_eps",
            "rotary_pct", "rotary_emb_base", "rope_scaling", "rope_parameters", "hidden_act",
            "use_parallel_residual", "attention_bias",
        ]

        /// The share of a head that is turned may stand with the rest of the rotation.
        static let rotationKeys: Set<String> = ["partial_rotary_factor"]

        func contents() throws(Unsupported) -> Contents {
            var configuration = GPTConfiguration(
                architecture: .gptNeoX, layerCount: num_hidden_layers ?? 44,
                headCount: num_attention_heads ?? 64, embeddingSize: hidden_size ?? 6144,
                positionCount: max_position_embeddings ?? 2048,
                vocabularySize: vocab_size ?? 50432,
                layerNormEpsilon: Float(layer_norm_eps ?? 1e-5))
            configuration.intermediateSize = intermediate_size ?? 24576
            configuration.tiesEmbeddings = tie_word_embeddings ?? false
            let name = hidden_act ?? "gelu"
            guard let activation = Activation(configurationName: name) else {
                throw Unsupported("hidden_act is \(name), which Quern does not compute")
            }
            configuration.variations.activation = activation
            configuration.variations.isParallel = use_parallel_residual ?? true
            if !(attention_bias ?? true) {
                configuration.variations.attentionBiases = GPTVariations.AttentionBiases.none
            }
            // In this order Transformers' `convert_rope_params_to_dict` looks.
            let rotation = (rope_scaling?.isEmpty ?? true) ? rope_parameters : rope_scaling
            configuration.rotaryBase =
                rotation?.rope_theta ?? rotary_emb_base ?? GPTConfiguration.defaultRotaryBase
            configuration.variations.rotaryShare =
                rotation?.partial_rotary_factor ?? rotary_pct ?? 0.25
            configuration.variations.rotaryScaling = try rotation?.scaling(
                positionCount: configuration.positionCount,
                original: original_max_position_embeddings)
            return Contents(configuration: configuration, endToken: eos_token_id)
        }

        /// The text of `config.json`. How positions turn is there twice: `rope_parameters` is for
        /// Transformers from version 5 on, the other keys for everyone else.
        static func text(_ c: GPTConfiguration, _ end: String, _ type: String) -> String {
            let scaling = c.variations.rotaryScaling?.members ?? [("rope_type", "\"default\"")]
            let share = "\(c.rotaryShare)"
            let rotation =
                scaling + [("partial_rotary_factor", share), ("rope_theta", "\(c.rotaryBase)")]
            let members: [(String, String)] = [
                ("architectures", "[\n    \"GPTNeoXForCausalLM\"\n  ]"),
                ("attention_bias", "\(c.attentionBiases == .all)"),
                ("attention_dropout", "0.0"), ("bos_token_id", end), ("classifier_dropout", "0.1"),
                ("eos_token_id", end),
                ("hidden_act", "\"\(c.activation.rawValue)\""),
                ("hidden_dropout", "0.0"), ("hidden_size", "\(c.embeddingSize)"),
                ("initializer_range", "0.02"), ("intermediate_size", "\(c.feedForwardSize)"),
                ("layer_norm_eps", "\(c.layerNormEpsilon)"),
                ("max_position_embeddings", "\(c.positionCount)"),
                ("model_type", "\"\(c.architecture.rawValue)\""),
                ("num_attention_heads", "\(c.headCount)"),
                ("num_hidden_layers", "\(c.layerCount)"),
                (
                    "rope_parameters",
                    LlamaFields.object(rotation.sorted { $0.key < $1.key })
                ),
                (
                    "rope_scaling",
                    c.variations.rotaryScaling == nil ? "null" : LlamaFields.object(scaling)
                ),
                ("rotary_emb_base", "\(c.rotaryBase)"), ("rotary_pct", share),
                ("tie_word_embeddings", "\(c.tiesEmbeddings)"), ("torch_dtype", "\"\(type)\""),
                ("use_parallel_residual", "\(c.isParallel)"),
                ("vocab_size", "\(c.vocabularySize)"),
            ]
            let lines = members.map { "  \"\($0.0)\": \($0.1)" }
            return "{\n\(lines.joined(separator: ",\n"))\n}\n"
        }
    }
}
