extension GPTConfiguration {
    /// What the fields of a file give.
    struct Contents {
        let configuration: GPTConfiguration
        let endToken: ConfigurationData.EndTokens?
    }

    /// The objects that say how positions turn, whose keys count like the others.
    private struct Rotations: Decodable {
        var rope_scaling: ConfigurationData.Settings?
        var rope_parameters: ConfigurationData.Settings?
    }

    /// The shape that Hugging Face's class of that architecture would have.
    public static func read(
        _ file: ConfigurationData
    ) throws -> (shape: GPTConfiguration, endToken: Int?) {
        let contents: Contents
        if file.modelType == GemmaWithImages.modelType {
            contents = try GemmaWithImages.contents(file)
            return (contents.configuration, contents.endToken?.first)
        }
        switch file.modelType.flatMap(Architecture.init) {
        case .gpt2, nil:
            contents = try file.decode(GPT2Fields.self).contents()
            try file.check(known: GPT2Fields.keys)
        case .gptNeoX:
            let fields = try file.decode(NeoXFields.self)
            contents = try fields.contents()
            try file.check(known: NeoXFields.keys)
            try check(
                try file.decode(Rotations.self), fields.rope_scaling, fields.rope_parameters,
                also: NeoXFields.rotationKeys)
        case .gemma3: contents = try GemmaFields.contents(file)
        case let architecture?:
            let fields = try file.decode(LlamaFields.self)
            contents = try fields.contents(architecture, keys: file.keys())
            try file.check(known: LlamaFields.keys(architecture))
            try check(
                try file.decode(Rotations.self), fields.rope_scaling, fields.rope_parameters)
        }
        return (contents.configuration, contents.endToken?.first)
    }

    /// Throws for a key in what says how positions turn that is not known.
    private static func check(
        _ rotations: Rotations, _ scaling: Rotation?, _ parameters: Rotation?,
        also keys: Set<String> = []
    ) throws(Unsupported) {
        try rotations.rope_scaling?.check(known: (scaling?.keys ?? []).union(keys))
        try rotations.rope_parameters?.check(known: (parameters?.keys ?? []).union(keys))
    }

    /// The text of `config.json`.
    public func configurationText(endToken: TokenID?, type: NumberType) -> String {
        let end = endToken.map(\.description) ?? "null"
        let type = type.configurationName
        return switch architecture {
        case .gpt2: GPT2Fields.text(self, end, type)
        case .gptNeoX: NeoXFields.text(self, end, type)
        case .gemma3: GemmaFields.text(self, end, type)
        case .llama, .mistral, .qwen2, .qwen3: LlamaFields.text(self, end, type)
        }
    }
}
