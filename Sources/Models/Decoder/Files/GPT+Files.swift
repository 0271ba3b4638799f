extension GPTConfiguration {
    /// The shape that the `config.json` of a Hugging Face directory describes.
    public init(directory: String) throws(ModelError) {
        self = try ModelConfigurationFile(path: directory + "/config.json").configuration
    }
}

extension GPT {
    /// Reads a Hugging Face directory of a model of one of the kinds that ``Architecture`` names,
    /// as ``ModelDirectory`` describes it. O(parameters).
    public convenience init(directory: String) throws(ModelError) {
        let directory = try ModelDirectory(path: directory)
        // Everything has been looked at by now, so that a file that does not fit costs no memory.
        try self.init(zeros: directory.configuration)
        for index in layout.tensors.indices {
            let range = layout.tensors[index].range
            directory.read(index, numbers: 0..<range.count, into: parameters.slice(range))
        }
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
    public func write(
        toDirectory directory: String, endToken: TokenID? = nil, answerEnd: TokenID? = nil
    ) throws(ModelError) {
        try ModelFileWriter.makeDirectory(directory)
        try ModelFileWriter.write(
            ModelConfigurationFile.text(configuration, endToken: endToken),
            to: directory + "/config.json")
        try ModelFileWriter.write(
            ModelConfigurationFile.generationText(
                endToken: endToken, answerEnd: answerEnd),
            to: directory + "/generation_config.json")
        try SafetensorsFile.write(
            layout.tensors.map {
                .init(
                    name: $0.checkpointName, shape: $0.shape, buffer: parameters,
                    offset: $0.offset)
            }, to: directory + "/model.safetensors")
    }
}
