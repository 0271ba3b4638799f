extension GPTConfiguration {
    /// The fields of `LlamaConfig` and `Qwen3Config` that decide whether Quern computes the same;
    /// absent ones have their defaults.
    struct LlamaFields: Decodable {
        struct Rotation: Decodable {
            var rope_type: String?
            var type: String?  // as older files call it
            var rope_theta: Double?

            var isEmpty: Bool { rope_type == nil && type == nil && rope_theta == nil }

            static let keys: Set<String> = ["rope_type", "type", "rope_theta"]
        }

        var vocab_size: Int?
        var hidden_size: Int?
        var intermediate_size: Int?
        var num_hidden_layers: Int?
        var num_attention_heads: Int?
        var num_key_value_heads: Int?
        var head_dim: Int?
        var max_position_embeddings: Int?
        var rms_norm_eps: Double?
        var rope_theta: Double?
        var rope_scaling: Rotation?
        var rope_parameters: Rotation?
        var hidden_act: String?
        var tie_word_embeddings: Bool?
        var attention_bias: Bool?
        var mlp_bias: Bool?
        var use_sliding_window: Bool?
        var layer_types: [String]?
        var eos_token_id: ConfigurationData.EndTokens?

        /// The keys that are read here, and those that say something about training or, without
        /// `use_sliding_window`, nothing. `pretraining_tp` splits products whose sum is the same.
        static func keys(_ architecture: Architecture) -> Set<String> {
            let common: Set<String> = [
                "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                "num_key_value_heads", "head_dim", "max_position_embeddings", "rms_norm_eps",
                "rope_theta", "rope_scaling", "rope_parameters", "hidden_act", "attention_bias",
                "attention_dropout",
            ]
            let own: Set<String> =
                architecture == .llama
                ? ["mlp_bias", "pretraining_tp"]
                : ["use_sliding_window", "sliding_window", "max_window_layers", "layer_types"]
            return common.union(own)
        }

        func contents(_ architecture: Architecture) throws(Unsupported) -> Contents {
            let activation = hidden_act ?? "silu"
            guard activation == "silu" else {
                throw Unsupported("hidden_act is \(activation), not silu")
            }
            guard !(attention_bias ?? false), !(mlp_bias ?? false) else {
                throw Unsupported("its products have biases")
            }
            guard !(use_sliding_window ?? false) else {
                throw Unsupported("its attention sees a sliding window only")
            }
            if let other = layer_types?.first(where: { $0 != "full_attention" }) {
                throw Unsupported("it has layers of the type \(other), not full_attention")
            }
            for rotation in [rope_scaling, rope_parameters] {
                let type = rotation?.rope_type ?? rotation?.type ?? "default"
                guard type == "default" else {
                    throw Unsupported("its rotary positions are scaled by the rule \(type)")
                }
            }
            let isLlama = architecture == .llama
            var configuration = GPTConfiguration(
                architecture: architecture, layerCount: num_hidden_layers ?? 32,
                headCount: num_attention_heads ?? 32, embeddingSize: hidden_size ?? 4096,
                positionCount: max_position_embeddings ?? (isLlama ? 2048 : 32768),
                vocabularySize: vocab_size ?? (isLlama ? 32000 : 151_936),
                layerNormEpsilon: Float(rms_norm_eps ?? 1e-6))
            configuration.keyValueHeadCount = num_key_value_heads
            configuration.headDimension = head_dim ?? (isLlama ? nil : 128)
            configuration.intermediateSize = intermediate_size ?? (isLlama ? 11008 : 22016)
            // `rope_scaling` goes before `rope_parameters`, as in Transformers'
            // `convert_rope_params_to_dict`.
            let rotation = (rope_scaling?.isEmpty ?? true) ? rope_parameters : rope_scaling
            configuration.rotaryBase =
                rotation?.rope_theta ?? rope_theta ?? GPTConfiguration.defaultRotaryBase
            configuration.tiesEmbeddings = tie_word_embeddings ?? false
            return Contents(configuration: configuration, endToken: eos_token_id)
        }

        /// The base of the angles is there twice: `rope_parameters` is for Transformers from
        /// version 5 on, `rope_theta` for everyone else.
        static func text(_ c: GPTConfiguration, _ end: String, _ type: String) -> String {
            let isLlama = c.architecture == .llama
            return """
                {
                  "architectures": [
                    "\(isLlama ? "LlamaForCausalLM" : "Qwen3ForCausalLM")"
                  ],
                  "attention_bias": false,
                  "attention_dropout": 0.0,
                  "bos_token_id": \(end),
                  "eos_token_id": \(end),
                  "head_dim": \(c.headSize),
                  "hidden_act": "silu",
                  "hidden_size": \(c.embeddingSize),
                  "initializer_range": 0.02,
                  "intermediate_size": \(c.feedForwardSize),
                  "max_position_embeddings": \(c.positionCount),
                  \(isLlama ? "\"mlp_bias\"" : "\"use_sliding_window\""): false,
                  "model_type": "\(c.architecture.rawValue)",
                  "num_attention_heads": \(c.headCount),
                  "num_hidden_layers": \(c.layerCount),
                  "num_key_value_heads": \(c.keyWidth / c.headSize),
                  "rms_norm_eps": \(c.layerNormEpsilon),
                  "rope_parameters": {
                    "rope_theta": \(c.rotaryBase),
                    "rope_type": "default"
                  },
                  "rope_scaling": null,
                  "rope_theta": \(c.rotaryBase),
                  "tie_word_embeddings": \(c.tiesEmbeddings),
                  "torch_dtype": "\(type)",
                  "vocab_size": \(c.vocabularySize)
                }

                """
        }
    }
}
