extension GPTConfiguration {
    /// The fields of `Gemma3TextConfig` that decide whether Quern computes the same; absent ones
    /// have its defaults.
    struct GemmaFields: Decodable {
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
        var rope_local_base_freq: Double?
        var rope_scaling: Rotation?
        var rope_parameters: LayerRotations?
        var hidden_activation: String?
        var tie_word_embeddings: Bool?
        var attention_bias: Bool?
        var query_pre_attn_scalar: Double?
        var sliding_window: Int?
        var sliding_window_pattern: Int?
        var layer_types: [String]?
        var eos_token_id: ConfigurationData.EndTokens?

        /// How positions turn in each kind of layer.
        struct LayerRotations: Decodable {
            var full_attention: Rotation?
            var sliding_attention: Rotation?
        }

        /// The objects that say how positions turn, whose keys count like the others.
        private struct Objects: Decodable {
            var rope_scaling: ConfigurationData.Settings?
            var rope_parameters: [String: ConfigurationValue]?
        }

        private struct LayerObjects: Decodable {
            var rope_parameters: [String: ConfigurationData.Settings?]?
        }

        /// The keys that are read here. `_sliding_window_pattern` repeats what `layer_types` says,
        /// and the class does not look at it.
        static let keys: Set<String> = [
            "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
            "num_key_value_heads", "head_dim", "max_position_embeddings", "rms_norm_eps",
            "rope_theta", "rope_local_base_freq", "rope_scaling", "rope_parameters",
            "hidden_activation", "attention_bias", "query_pre_attn_scalar", "sliding_window",
            "sliding_window_pattern", "_sliding_window_pattern", "layer_types",
        ]

        /// The shape that `file` describes.
        static func contents(_ file: ConfigurationData) throws -> Contents {
            let objects = try file.decode(Objects.self)
            for (key, value) in (objects.rope_parameters ?? [:]).sorted(by: { $0.key < $1.key }) {
                guard GPTVariations.LayerType(rawValue: key) != nil else {
                    throw Unsupported(
                        "its rope_parameters have the key \"\(key)\", where the class has one "
                            + "object for each type of layers, such as full_attention")
                }
                switch value {
                case .object, .null: continue
                default: throw Unsupported("its rope_parameters have no object under \(key)")
                }
            }
            let fields = try file.decode(Self.self)
            let contents = try fields.contents(keys: file.keys())
            try file.check(known: keys)
            try objects.rope_scaling?.check(known: fields.rope_scaling?.keys ?? [])
            for (key, object) in try file.decode(LayerObjects.self).rope_parameters ?? [:] {
                let rotation =
                    key == GPTVariations.LayerType.full.rawValue
                    ? fields.rope_parameters?.full_attention
                    : fields.rope_parameters?.sliding_attention
                try object?.check(known: rotation?.keys ?? [])
            }
            return contents
        }

        /// - Parameter keys: those of the file, which may say that something is not there.
        private func contents(keys: Set<String>) throws(Unsupported) -> Contents {
            var configuration = GPTConfiguration(
                architecture: .gemma3, layerCount: num_hidden_layers ?? 26,
                headCount: num_attention_heads ?? 8, embeddingSize: hidden_size ?? 2304,
                positionCount: max_position_embeddings ?? 131_072,
                vocabularySize: vocab_size ?? 262_208,
                layerNormEpsilon: Float(rms_norm_eps ?? 1e-6))
            configuration.keyValueHeadCount = num_key_value_heads ?? 4
            configuration.headDimension = head_dim ?? 256
            configuration.intermediateSize = intermediate_size ?? 9216
            configuration.tiesEmbeddings = tie_word_embeddings ?? true
            let name = hidden_activation ?? "gelu_pytorch_tanh"
            guard let activation = Activation(configurationName: name) else {
                throw Unsupported("hidden_activation is \(name), which Quern does not compute")
            }
            configuration.variations.activation = activation
            if attention_bias ?? false { configuration.variations.attentionBiases = .all }
            configuration.variations.scoreDivisor = query_pre_attn_scalar ?? 256
            try readRotation(into: &configuration)
            try readWindow(into: &configuration, keys: keys)
            return Contents(configuration: configuration, endToken: eos_token_id)
        }

        /// `rope_scaling` is that of the full layers and goes before `rope_parameters`, as in the
        /// class's `convert_rope_params_to_dict`.
        private func readRotation(into configuration: inout GPTConfiguration) throws(Unsupported) {
            let own = rope_parameters?.full_attention
            let rotation = (rope_scaling?.isEmpty ?? true) ? own : rope_scaling
            configuration.rotaryBase =
                rotation?.rope_theta ?? own?.rope_theta ?? rope_theta ?? 1_000_000
            configuration.variations.rotaryScaling = try rotation?.scaling(
                positionCount: configuration.positionCount, original: nil)
            let local = rope_parameters?.sliding_attention
            if let rule = local?.rule, rule != "default" {
                throw Unsupported(
                    "the positions of its layers of sliding_attention are scaled by the rule "
                        + rule)
            }
            configuration.variations.localRotaryBase =
                local?.rope_theta ?? rope_local_base_freq ?? GPTConfiguration.defaultRotaryBase
        }

        /// A window slides in the layers that `layer_types` says, or else in all but each sixth.
        private func readWindow(
            into configuration: inout GPTConfiguration, keys: Set<String>
        ) throws(Unsupported) {
            configuration.variations.slidingWindow =
                keys.contains("sliding_window") ? sliding_window : 4096
            if let layer_types {
                try configuration.read(layerTypes: layer_types)
                return
            }
            let pattern = sliding_window_pattern ?? 6
            guard pattern > 0 else {
                throw Unsupported("sliding_window_pattern is \(pattern)")
            }
            configuration.variations.fullLayers = Set(
                configuration.layers.filter { ($0 + 1) % pattern == 0 })
        }
    }
}

extension GPTVariations {
    /// What a layer's attention sees, by the names of `layer_types`.
    enum LayerType: String {
        case full = "full_attention"
        case local = "sliding_attention"
    }
}

extension GPTConfiguration {
    /// Takes over in which layers a window slides.
    mutating func read(layerTypes names: [String]) throws(Unsupported) {
        guard names.count == layerCount else {
            throw Unsupported(
                "layer_types has \(names.count) types for \(layerCount) layers")
        }
        variations.fullLayers = []
        for (layer, name) in names.enumerated() {
            switch GPTVariations.LayerType(rawValue: name) {
            case .full: variations.fullLayers.insert(layer)
            case .local:
                guard variations.slidingWindow != nil else {
                    throw Unsupported(
                        "it has layers of the type sliding_attention and no window that slides")
                }
            case nil:
                throw Unsupported(
                    "it has layers of the type \(name), where Quern knows full_attention and "
                        + "sliding_attention")
            }
        }
    }

    /// The list `layer_types`.
    var layerTypesText: String {
        let names = (0..<layerCount).map { layer in
            let type = isLocal(layer) ? GPTVariations.LayerType.local : .full
            return "    \"\(type.rawValue)\""
        }
        return "[\n\(names.joined(separator: ",\n"))\n  ]"
    }
}

// MARK: Writing

extension GPTConfiguration.GemmaFields {
    /// The text of `config.json`. How positions turn is there twice: `rope_parameters` is for
    /// Transformers from version 5 on, the other keys for everyone else.
    static func text(_ c: GPTConfiguration, _ end: String, _ type: String) -> String {
        let scaling = c.variations.rotaryScaling?.members ?? [("rope_type", "\"default\"")]
        let local = c.variations.localRotaryBase ?? GPTConfiguration.defaultRotaryBase
        func rotation(_ members: [(key: String, value: String)], _ base: Double) -> String {
            let all = (members + [("rope_theta", "\(base)")]).sorted { $0.key < $1.key }
            let lines = all.map { "      \"\($0.key)\": \($0.value)" }
            return "{\n\(lines.joined(separator: ",\n"))\n    }"
        }
        let rotations: [(key: String, value: String)] = [
            (GPTVariations.LayerType.full.rawValue, rotation(scaling, c.rotaryBase)),
            (
                GPTVariations.LayerType.local.rawValue,
                rotation([("rope_type", "\"default\"")], local)
            ),
        ]
        let divisor = c.variations.scoreDivisor ?? Double(c.headSize)
        // The class wants a whole number where it is one.
        let scalar = Int(exactly: divisor).map(String.init) ?? "\(divisor)"
        // The class wants a window also where no layer has one.
        let window = c.variations.slidingWindow ?? c.positionCount
        let members: [(String, String)] = [
            ("architectures", "[\n    \"Gemma3ForCausalLM\"\n  ]"),
            ("attention_bias", "\(c.attentionBiases == .all)"), ("attention_dropout", "0.0"),
            ("attn_logit_softcapping", "null"), ("bos_token_id", end), ("eos_token_id", end),
            ("final_logit_softcapping", "null"), ("head_dim", "\(c.headSize)"),
            (
                "hidden_activation",
                "\"\(GPTConfiguration.LlamaFields.activationName(c.activation))\""
            ),
            ("hidden_size", "\(c.embeddingSize)"), ("initializer_range", "0.02"),
            ("intermediate_size", "\(c.feedForwardSize)"), ("layer_types", c.layerTypesText),
            ("max_position_embeddings", "\(c.positionCount)"),
            ("model_type", "\"\(c.architecture.rawValue)\""),
            ("num_attention_heads", "\(c.headCount)"), ("num_hidden_layers", "\(c.layerCount)"),
            ("num_key_value_heads", "\(c.keyWidth / c.headSize)"),
            ("query_pre_attn_scalar", scalar), ("rms_norm_eps", "\(c.layerNormEpsilon)"),
            ("rope_local_base_freq", "\(local)"),
            ("rope_parameters", GPTConfiguration.LlamaFields.object(rotations)),
            (
                "rope_scaling",
                c.variations.rotaryScaling == nil
                    ? "null" : GPTConfiguration.LlamaFields.object(scaling)
            ),
            ("rope_theta", "\(c.rotaryBase)"), ("sliding_window", "\(window)"),
            ("tie_word_embeddings", "\(c.tiesEmbeddings)"), ("torch_dtype", "\"\(type)\""),
            ("use_bidirectional_attention", "false"), ("vocab_size", "\(c.vocabularySize)"),
        ]
        let lines = members.map { "  \"\($0.0)\": \($0.1)" }
        return "{\n\(lines.joined(separator: ",\n"))\n}\n"
    }
}
