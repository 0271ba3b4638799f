extension LanguageModel {
    /// Reads a Hugging Face directory of a model of this family, as ``ModelDirectory`` describes
    /// it. O(parameters).
    public init(directory path: String) throws(ModelError) {
        let directory = try ModelDirectory(path: path)
        guard let shape = directory.configuration as? Shape else {
            throw .unsupportedModel(
                path: path,
                reason: "it is a \(directory.configuration.architectureName), "
                    + "not a \(Shape.architectures.joined(separator: ", "))")
        }
        // Everything has been looked at by now, so that a file that does not fit costs no memory.
        try self.init(zeros: shape)
        try directory.read(into: self)
    }

    /// Writes `config.json`, `generation_config.json` and `model.safetensors` into a directory,
    /// which is made if it is missing, each whole or not at all, so that Hugging Face's
    /// `from_pretrained` reads it.
    ///
    /// - Parameters:
    ///   - directory: where they go.
    ///   - endToken: the id that ends a text, for both configurations.
    ///   - answerEnd: the id that ends an answer, where the model was tuned to give answers:
    ///     generation stops there as well.
    /// - Throws: `ModelError.notFiniteWeight` for a model with a parameter that is no number, of
    ///   which nothing is written.
    public func write(
        toDirectory directory: String, endToken: TokenID? = nil, answerEnd: TokenID? = nil
    ) throws(ModelError) {
        try checkFinite()
        try ModelFileWriter.makeDirectory(directory)
        try ModelFileWriter.write(
            configuration.configurationText(endToken: endToken, type: .float32),
            to: directory + "/config.json")
        try ModelFileWriter.write(
            ModelConfigurationFile.generationText(
                endToken: endToken ?? configuration.endTokenID, answerEnd: answerEnd,
                startToken: configuration.startTokenID),
            to: directory + "/generation_config.json")
        try SafetensorsFile.write(
            layout.tensors.map {
                .init(
                    name: $0.checkpointName, shape: $0.shape, buffer: parameters,
                    offset: $0.offset, rowOrder: $0.rowOrder)
            }, to: directory + "/model.safetensors")
    }
}
