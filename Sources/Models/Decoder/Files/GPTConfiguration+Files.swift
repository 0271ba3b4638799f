extension GPTConfiguration {
    /// What the fields of a file give.
    struct Contents {
        let configuration: GPTConfiguration
        let endToken: ConfigurationData.EndTokens?
    }

    /// The objects that say how positions turn, whose keys count like the others.
    private struct Rotations: Decodable {
        var rope_scaling: ConfigurationData.PresentKeys?
        var rope_parameters: ConfigurationData.PresentKeys?
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
            contents = try file.decode(LlamaFields.self).contents(architecture)
            try file.check(known: LlamaFields.keys(architecture))
            let rotations = try file.decode(Rotations.self)
            for keys in [rotations.rope_scaling, rotations.rope_parameters] {
                try keys?.check(known: LlamaFields.Rotation.keys)
            }
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
