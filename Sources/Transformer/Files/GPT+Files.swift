import Storage

extension GPTConfiguration {
    /// The shape that the `config.json` of a Hugging Face directory describes.
    public init(directory: String) throws(TransformerError) {
        self = try ModelConfigurationFile(path: directory + "/config.json").configuration
    }
}

extension GPT {
    /// Reads a Hugging Face directory of a model of one of the kinds that ``Architecture`` names:
    /// `config.json` and `model.safetensors`.
    ///
    /// Tensor names with and without their prefix are understood; what old checkpoints hold besides
    /// parameters is ignored.
    public convenience init(directory: String) throws(TransformerError) {
        let configuration = try ModelConfigurationFile(path: directory + "/config.json")
            .configuration
        let path = directory + "/model.safetensors"
        let file = try SafetensorsFile(path: path)
        let prefix = TensorNames(configuration.architecture).prefix
        let hasPrefix = file.tensors.contains { $0.name.hasPrefix(prefix) }
        func name(_ tensor: ParameterLayout.Tensor) -> String {
            hasPrefix ? tensor.checkpointName : tensor.name
        }
        // Looked at before the allocation, so that a configuration of another size costs nothing.
        let layout = ParameterLayout(configuration)
        for tensor in layout.tensors {
            guard let found = file.tensor(named: name(tensor)) else {
                throw .missingTensor(path: path, name: name(tensor))
            }
            guard found.shape == tensor.shape else {
                throw .shapeMismatch(
                    path: path, name: found.name, expected: tensor.shape, found: found.shape)
            }
        }
        let known = Set(layout.tensors.map(name))
        let ignored = [".attn.bias", ".attn.masked_bias", ".rotary_emb.inv_freq"]
        for tensor in file.tensors where !known.contains(tensor.name) {
            // A head that is tied may be there as a copy.
            let isKnown = tensor.name == TensorNames.head && configuration.tiesEmbeddings
            guard isKnown || ignored.contains(where: tensor.name.hasSuffix) else {
                throw .unsupportedModel(
                    path: path,
                    reason: "it has a tensor \(tensor.name) that "
                        + "\(configuration.architecture.rawValue) lacks")
            }
        }
        try self.init(zeros: configuration)
        for tensor in layout.tensors {
            try file.read(
                name(tensor), shape: tensor.shape, into: parameters, at: tensor.offset)
        }
    }

    /// Writes `config.json`, `generation_config.json` and `model.safetensors` into a directory that
    /// exists, each whole or not at all, so that Hugging Face's `from_pretrained` reads it.
    ///
    /// - Parameters:
    ///   - endToken: the id that ends a text, for both configurations.
    ///   - answerEnd: the id that ends an answer, where the model was tuned to give answers: generation
    ///     stops there as well.
    public func write(
        toDirectory directory: String, endToken: Int32? = nil, answerEnd: Int32? = nil
    ) throws(TransformerError) {
        let end = endToken.map(Int.init)
        do {
            try FileReplacement.write(
                ModelConfigurationFile.text(configuration, endToken: end),
                to: directory + "/config.json")
            try FileReplacement.write(
                ModelConfigurationFile.generationText(
                    endToken: end, answerEnd: answerEnd.map(Int.init)),
                to: directory + "/generation_config.json")
        } catch {
            throw .storage(reason: error.description)
        }
        try SafetensorsFile.write(
            layout.tensors.map {
                .init(
                    name: $0.checkpointName, shape: $0.shape, buffer: parameters,
                    offset: $0.offset)
            }, to: directory + "/model.safetensors")
    }
}
