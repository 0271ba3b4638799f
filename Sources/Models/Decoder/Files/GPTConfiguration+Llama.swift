extension GPTConfiguration {
    /// The fields of `LlamaConfig`, `MistralConfig`, `Qwen2Config` and `Qwen3Config` that decide
    /// whether Quern computes the same; absent ones have their defaults.
    struct LlamaFields: Decodable {
        var vocab_size: Int?
        var hidden_size: Int?
        var intermediate_size: Int?
        var num_hidden_layers: Int?
        var num_attention_heads: Int?
        var num_key_value_heads: Int?
        var head_dim: Int?
        var max_position_embeddings: Int?
        var original_max_position_embeddings: Int?
        var rms_norm_eps: Double?
        var rope_theta: Double?
        var rope_scaling: Rotation?
        var rope_parameters: Rotation?
        var partial_rotary_factor: Double?
        var hidden_act: String?
        var tie_word_embeddings: Bool?
        var attention_bias: Bool?
        var mlp_bias: Bool?
        var use_sliding_window: Bool?
        var sliding_window: Int?
        var max_window_layers: Int?
        var layer_types: [String]?
        var eos_token_id: ConfigurationData.EndTokens?

        /// The defaults of the classes, where they differ.
        private struct Defaults {
            var inner = 22016
            var keyValueHeads: Int? = 32
            var headSize: Int?
            var positions = 32768
            var vocabulary = 151_936

            init(_ architecture: Architecture) {
                switch architecture {
                case .mistral:
                    (inner, keyValueHeads, positions, vocabulary) = (14336, 8, 131_072, 32000)
                case .qwen2: break
                case .qwen3: headSize = 128
                case .gpt2, .gptNeoX, .gemma3, .llama:
                    (inner, keyValueHeads, positions, vocabulary) = (11008, nil, 2048, 32000)
                }
            }
        }

        /// The keys that are read here.
        static func keys(_ architecture: Architecture) -> Set<String> {
            let common: Set<String> = [
                "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                "num_key_value_heads", "head_dim", "max_position_embeddings",
                "original_max_position_embeddings", "rms_norm_eps", "rope_theta", "rope_scaling",
                "rope_parameters", "partial_rotary_factor", "hidden_act", "layer_types",
            ]
            let windows: Set<String> = [
                "use_sliding_window", "sliding_window", "max_window_layers",
            ]
            switch architecture {
            case .gpt2, .gptNeoX, .gemma3, .llama:
                return common.union(["attention_bias", "mlp_bias"])
            case .mistral: return common.union(["sliding_window"])
            case .qwen2: return common.union(windows)
            case .qwen3: return common.union(windows).union(["attention_bias"])
            }
        }

        /// - Parameter keys: those of the file, which may say that something is not there.
        func contents(
            _ architecture: Architecture, keys: Set<String>
        ) throws(Unsupported) -> Contents {
            let defaults = Defaults(architecture)
            var configuration = GPTConfiguration(
                architecture: architecture, layerCount: num_hidden_layers ?? 32,
                headCount: num_attention_heads ?? 32, embeddingSize: hidden_size ?? 4096,
                positionCount: max_position_embeddings ?? defaults.positions,
                vocabularySize: vocab_size ?? defaults.vocabulary,
                layerNormEpsilon: Float(rms_norm_eps ?? 1e-6))
            configuration.keyValueHeadCount =
                keys.contains("num_key_value_heads") ? num_key_value_heads : defaults.keyValueHeads
            configuration.headDimension = head_dim ?? defaults.headSize
            configuration.intermediateSize = intermediate_size ?? defaults.inner
            configuration.tiesEmbeddings = tie_word_embeddings ?? false
            let name = hidden_act ?? "silu"
            guard let activation = Activation(configurationName: name) else {
                throw Unsupported("hidden_act is \(name), which Quern does not compute")
            }
            configuration.variations.activation = activation
            if attention_bias ?? false { configuration.variations.attentionBiases = .all }
            if mlp_bias ?? false { configuration.variations.feedForwardBiases = true }
            try readRotation(into: &configuration)
            try readWindow(into: &configuration, keys: keys)
            return Contents(configuration: configuration, endToken: eos_token_id)
        }

        private func readRotation(into configuration: inout GPTConfiguration) throws(Unsupported) {
            if let share = partial_rotary_factor, share != 1 {
                throw Unsupported(
                    "partial_rotary_factor is \(share), and Hugging Face's class of "
                        + "\(configuration.architecture.rawValue) turns whole heads")
            }
            // `rope_scaling` goes before `rope_parameters`, as in Transformers'
            // `convert_rope_params_to_dict`.
            let rotation = (rope_scaling?.isEmpty ?? true) ? rope_parameters : rope_scaling
            configuration.rotaryBase =
                rotation?.rope_theta ?? rope_theta ?? GPTConfiguration.defaultRotaryBase
            configuration.variations.rotaryScaling = try rotation?.scaling(
                positionCount: configuration.positionCount,
                original: original_max_position_embeddings)
        }

        /// A window slides where there is one and it is not switched off: in all layers of Mistral,
        /// in those from `max_window_layers` on of Qwen.
        private func readWindow(
            into configuration: inout GPTConfiguration, keys: Set<String>
        ) throws(Unsupported) {
            var first = 0
            switch configuration.architecture {
            case .gpt2, .gptNeoX, .gemma3, .llama: break
            case .mistral:
                configuration.variations.slidingWindow =
                    keys.contains("sliding_window") ? sliding_window : 4096
            case .qwen2, .qwen3:
                guard use_sliding_window ?? false else { break }
                configuration.variations.slidingWindow =
                    keys.contains("sliding_window") ? sliding_window : 4096
                first = max_window_layers ?? 28
            }
            guard let layer_types else {
                configuration.variations.fullLayers = Set(
                    configuration.layers.prefix(max(first, 0)))
                return
            }
            try configuration.read(layerTypes: layer_types)
            guard
                configuration.architecture != .mistral
                    || configuration.localLayers.count % max(configuration.layerCount, 1) == 0
            else {
                throw Unsupported(
                    "it has layers of several types, and Hugging Face's class of mistral knows one")
            }
        }
    }
}

// MARK: Writing

extension GPTConfiguration.LlamaFields {
    /// The text of `config.json`.
    ///
    /// The base of the angles is there twice: `rope_parameters` is for Transformers from version 5
    /// on, `rope_theta` for everyone else, and `rope_scaling` holds the rest for these.
    static func text(_ c: GPTConfiguration, _ end: String, _ type: String) -> String {
        let scaling = c.variations.rotaryScaling?.members ?? [("rope_type", "\"default\"")]
        let base = (key: "rope_theta", value: "\(c.rotaryBase)")
        let rotation = (scaling + [base]).sorted { $0.key < $1.key }
        var members: [(String, String)] = [
            ("architectures", "[\n    \"\(className(c.architecture))\"\n  ]"),
            ("attention_dropout", "0.0"), ("bos_token_id", end), ("eos_token_id", end),
            ("head_dim", "\(c.headSize)"), ("hidden_act", "\"\(activationName(c.activation))\""),
            ("hidden_size", "\(c.embeddingSize)"), ("initializer_range", "0.02"),
            ("intermediate_size", "\(c.feedForwardSize)"),
            ("max_position_embeddings", "\(c.positionCount)"),
            ("model_type", "\"\(c.architecture.rawValue)\""),
            ("num_attention_heads", "\(c.headCount)"), ("num_hidden_layers", "\(c.layerCount)"),
            ("num_key_value_heads", "\(c.keyWidth / c.headSize)"),
            ("rms_norm_eps", "\(c.layerNormEpsilon)"), ("rope_parameters", object(rotation)),
            ("rope_scaling", c.variations.rotaryScaling == nil ? "null" : object(scaling)),
            ("rope_theta", "\(c.rotaryBase)"), ("tie_word_embeddings", "\(c.tiesEmbeddings)"),
            ("torch_dtype", "\"\(type)\""), ("vocab_size", "\(c.vocabularySize)"),
        ]
        let window = c.variations.slidingWindow
        switch c.architecture {
        case .gpt2, .gptNeoX, .gemma3, .llama:
            members.append(("mlp_bias", "\(c.hasFeedForwardBiases)"))
        case .mistral:
            members.append(("sliding_window", window.map(String.init) ?? "null"))
        case .qwen2, .qwen3:
            members.append(("use_sliding_window", "\(window != nil)"))
            if let window {
                members.append(("sliding_window", "\(window)"))
                members.append(("max_window_layers", "\(c.localLayers.first ?? c.layerCount)"))
            }
        }
        let local = c.localLayers
        if let first = local.first, local != Array(first..<c.layerCount) {
            // Layers that are full behind one where a window slides, which no other key can say.
            members.append(("layer_types", c.layerTypesText))
        }
        if c.architecture.choosesAttentionBiases {
            members.append(("attention_bias", "\(c.attentionBiases == .all)"))
        }
        let lines = members.sorted { $0.0 < $1.0 }.map { "  \"\($0.0)\": \($0.1)" }
        return "{\n\(lines.joined(separator: ",\n"))\n}\n"
    }

    static func object(_ members: [(key: String, value: String)]) -> String {
        let lines = members.map { "    \"\($0.key)\": \($0.value)" }
        return "{\n\(lines.joined(separator: ",\n"))\n  }"
    }

    private static func className(_ architecture: Architecture) -> String {
        switch architecture {
        case .gpt2, .gptNeoX, .gemma3, .llama: "LlamaForCausalLM"
        case .mistral: "MistralForCausalLM"
        case .qwen2: "Qwen2ForCausalLM"
        case .qwen3: "Qwen3ForCausalLM"
        }
    }

    static func activationName(_ activation: Activation) -> String {
        activation == .geluTanh ? "gelu_pytorch_tanh" : activation.rawValue
    }
}
