import Storage

extension GPT {
    /// Reads a Hugging Face directory of a GPT-2 model: `config.json` and `model.safetensors`.
    ///
    /// Tensor names with and without the prefix "transformer." are understood; the attention masks
    /// that old checkpoints hold are ignored.
    public convenience init(directory: String) throws(TransformerError) {
        let configuration = try ModelConfigurationFile(path: directory + "/config.json")
            .configuration
        let path = directory + "/model.safetensors"
        let file = try SafetensorsFile(path: path)
        let prefix =
            file.tensors.contains { $0.name.hasPrefix("transformer.") } ? "transformer." : ""
        // Looked at before the allocation, so that a configuration of another size costs nothing.
        let layout = ParameterLayout(configuration)
        for tensor in layout.tensors {
            guard let found = file.tensor(named: prefix + tensor.name) else {
                throw .missingTensor(path: path, name: prefix + tensor.name)
            }
            guard found.shape == tensor.shape else {
                throw .shapeMismatch(
                    path: path, name: found.name, expected: tensor.shape, found: found.shape)
            }
        }
        let known = Set(layout.tensors.map { prefix + $0.name })
        for tensor in file.tensors where !known.contains(tensor.name) {
            let isMask =
                tensor.name.hasSuffix(".attn.bias") || tensor.name.hasSuffix(".attn.masked_bias")
            guard isMask || tensor.name == "lm_head.weight" else {
                throw .unsupportedModel(
                    path: path, reason: "it has a tensor \(tensor.name) that GPT-2 lacks")
            }
        }
        try self.init(zeros: configuration)
        for tensor in layout.tensors {
            try file.read(
                prefix + tensor.name, shape: tensor.shape, into: parameters, at: tensor.offset)
        }
    }

    /// Writes `config.json`, `generation_config.json` and `model.safetensors` into a directory that
    /// exists, each whole or not at all, so that Hugging Face's `from_pretrained` reads it.
    ///
    /// - Parameter endToken: the id that ends a text, for both configurations.
    public func write(
        toDirectory directory: String, endToken: Int32? = nil
    ) throws(TransformerError) {
        let end = endToken.map(Int.init)
        do {
            try FileReplacement.write(
                ModelConfigurationFile.text(configuration, endToken: end),
                to: directory + "/config.json")
            try FileReplacement.write(
                ModelConfigurationFile.generationText(endToken: end),
                to: directory + "/generation_config.json")
        } catch {
            throw .storage(reason: error.description)
        }
        try SafetensorsFile.write(
            layout.tensors.map {
                .init(
                    name: "transformer." + $0.name, shape: $0.shape, buffer: parameters,
                    offset: $0.offset)
            }, to: directory + "/model.safetensors")
    }
}
