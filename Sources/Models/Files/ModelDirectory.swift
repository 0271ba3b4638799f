/// A model in a Hugging Face directory, looked at but not read: `config.json`, and
/// `model.safetensors` or the files that `model.safetensors.index.json` names.
///
/// Numbers may be F32, F16 or BF16. Tensor names with and without their prefix are understood; what
/// old checkpoints hold besides parameters is ignored. The files stay mapped and are read where
/// they are needed, so that a model of any size takes no memory here.
public struct ModelDirectory: Sendable {
    /// The directory.
    public let path: String
    /// The model's shape.
    public let configuration: GPTConfiguration
    /// The tensors, and where they lie in the memory of a ``GPT``.
    public let layout: ParameterLayout
    /// The id that ends a text: what the configuration says, if it is an id of the model.
    public var endToken: TokenID?

    /// A tensor in its file, for each of the layout's.
    private let sources: [Source]

    private struct Source: Sendable {
        let entry: ModelWeights.Entry
        let type: NumberType
    }

    /// Looks at the directory at `path`, and checks that it is whole and that Quern computes what
    /// it describes. O(tensors), unless a tied head is there as a copy, which is compared.
    ///
    /// - Parameters:
    ///   - path: a Hugging Face model directory.
    ///   - contextLength: fewer positions than the model has, to use it with; nil for all.
    public init(path: String, contextLength: Int? = nil) throws(ModelError) {
        let file = try ModelConfigurationFile(path: path + "/config.json")
        var configuration = file.configuration
        let weights = try ModelWeights(directory: path)
        sources = try Self.sources(in: weights, of: configuration)
        if let contextLength {
            guard (1...configuration.positionCount).contains(contextLength) else {
                throw .badConfiguration(
                    reason: "a context of \(contextLength) tokens is not within the "
                        + "\(configuration.positionCount) positions of \(path)")
            }
            // Learned positions that are not used are the last rows of their table.
            configuration.positionCount = contextLength
        }
        self.path = path
        self.configuration = configuration
        layout = ParameterLayout(configuration)
        endToken = file.endToken.flatMap {
            (0..<configuration.vocabularySize).contains($0) ? TokenID($0) : nil
        }
    }

    /// Number type of a tensor of the layout in its file.
    public func type(ofTensor index: Int) -> NumberType { sources[index].type }

    /// Copies some numbers of the layout's tensor `index`, counted from its first. O(count).
    func read(_ index: Int, numbers: Range<Int>, into floats: FloatSlice) {
        let source = sources[index]
        source.entry.file.read(source.entry.tensor, source.type, numbers: numbers, into: floats)
    }

    /// The tensor of `weights` for each of the layout of such a model; all have their shapes, and
    /// there is none besides.
    private static func sources(
        in weights: ModelWeights, of configuration: GPTConfiguration
    ) throws(ModelError) -> [Source] {
        let prefix = TensorNames(configuration.architecture).prefix
        let hasPrefix = weights.entries.keys.contains { $0.hasPrefix(prefix) }
        var known: Set<String> = []
        let sources = try ParameterLayout(configuration).tensors.map {
            tensor throws(ModelError) in
            let name = hasPrefix ? tensor.checkpointName : tensor.name
            guard let entry = weights.entries[name] else {
                throw .missingTensor(path: weights.path, name: name)
            }
            guard entry.tensor.shape == tensor.shape else {
                throw .shapeMismatch(
                    path: entry.file.path, name: name, expected: tensor.shape,
                    found: entry.tensor.shape)
            }
            known.insert(name)
            return Source(entry: entry, type: try entry.file.numberType(of: entry.tensor))
        }
        // A tied head may be there as a copy. It must equal the embedding, for programs do not
        // agree which of the two counts.
        if configuration.tiesEmbeddings, let head = weights.entries[TensorNames.head] {
            guard head.isCopy(of: sources[0].entry) else {
                throw .unsupportedModel(
                    path: weights.path,
                    reason:
                        "its \(TensorNames.head) is not the token embedding, which config.json "
                        + "says it is; if it counts, set tie_word_embeddings to false there")
            }
            known.insert(TensorNames.head)
        }
        let ignored = [".attn.bias", ".attn.masked_bias", ".rotary_emb.inv_freq"]
        for name in weights.entries.keys.sorted() where !known.contains(name) {
            guard ignored.contains(where: name.hasSuffix) else {
                throw .unsupportedModel(
                    path: weights.path,
                    reason: "it has a tensor \(name) that "
                        + "\(configuration.architecture.rawValue) lacks")
            }
        }
        return sources
    }
}
