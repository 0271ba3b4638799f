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
        switch file.modelType.flatMap(Architecture.init) {
        case .gpt2, nil:
            contents = try file.decode(GPT2Fields.self).contents()
            try file.check(known: GPT2Fields.keys)
        case let architecture?:
            let fields = try file.decode(LlamaFields.self)
            contents = try fields.contents(architecture, keys: file.keys())
            try file.check(known: LlamaFields.keys(architecture))
            let rotations = try file.decode(Rotations.self)
            try rotations.rope_scaling?.check(known: fields.rope_scaling?.keys ?? [])
            try rotations.rope_parameters?.check(known: fields.rope_parameters?.keys ?? [])
        }
        return (contents.configuration, contents.endToken?.first)
    }

    /// The text of `config.json`.
    public func configurationText(endToken: TokenID?, type: NumberType) -> String {
        let end = endToken.map(\.description) ?? "null"
        let type = type.configurationName
        return architecture == .gpt2
            ? GPT2Fields.text(self, end, type) : LlamaFields.text(self, end, type)
    }
}
