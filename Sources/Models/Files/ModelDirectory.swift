/// A model in a Hugging Face directory, looked at but not read: `config.json`, and
/// `model.safetensors` or the files that `model.safetensors.index.json` names.
///
/// Numbers may be F32, F16, BF16 or F64. Tensor names with and without their prefix are understood;
/// what old checkpoints hold besides parameters is ignored. The files stay mapped and are read
/// where they are needed, so that a model of any size takes no memory here.
public struct ModelDirectory: Sendable {
    /// The directory.
    public let path: String
    /// The model's shape.
    public let configuration: any ModelShape
    /// The tensors, and where they lie in the memory of the model.
    public let layout: ParameterLayout
    /// The id that ends a text: what the configuration says, if it is an id of the model.
    public var endToken: TokenID?
    /// The ids that end a text: all that `generation_config.json` and `config.json` name.
    public let endTokens: Set<TokenID>

    /// A tensor in its file, for each of the layout's.
    let sources: [Source]
    /// What a GGUF file says of texts; nil for a directory, which has files of its own for that.
    public let texts: GGUFTexts?

    /// Where the numbers of a tensor are.
    enum Source: Sendable {
        case safetensors(ModelWeights.Entry, NumberType)
        case gguf(GGUFSource)
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
        var weights = try ModelWeights(directory: path)
        if let part = file.part { weights = try weights.part(part) }
        sources = try Self.sources(in: weights, of: configuration)
        try configuration.shorten(to: contextLength, of: path)
        self.path = path
        self.configuration = configuration
        layout = configuration.layout
        texts = nil
        endToken = file.endToken.flatMap {
            (0..<configuration.vocabularySize).contains($0) ? TokenID($0) : nil
        }
        let listed = try Self.listedEndTokens(inDirectory: path)
        endTokens = Set(
            listed.filter { (0..<configuration.vocabularySize).contains($0) }.map { TokenID($0) })
    }

    /// Number type of a tensor of the layout in its file; that which it is read as where the file
    /// has blocks.
    public func type(ofTensor index: Int) -> NumberType {
        if case .safetensors(_, let type) = sources[index] { type } else { .float32 }
    }

    /// Reads the model. O(parameters).
    public func model() throws(ModelError) -> any LanguageModel {
        // Everything has been looked at by now, so that a file that does not fit costs no memory.
        let model = try configuration.makeModel()
        try read(into: model)
        return model
    }

    /// Reads the parameters of `model`, which has this layout. O(parameters).
    func read(into model: any LanguageModel) throws(ModelError) {
        for index in layout.tensors.indices {
            let range = layout.tensors[index].range
            try read(index, numbers: 0..<range.count, into: model.parameters.slice(range))
        }
    }

    /// Copies some numbers of the layout's tensor `index`, counted from its first. O(count).
    ///
    /// - Throws: `ModelError.notFiniteWeight` for one that is infinite or NaN.
    func read(_ index: Int, numbers: Range<Int>, into floats: FloatSlice) throws(ModelError) {
        let tensor = layout.tensors[index]
        // A GGUF file has the rows of queries, keys and values as memory has them.
        guard case .safetensors = sources[index], let order = tensor.rowOrder else {
            return try readStored(index, numbers: numbers, into: floats)
        }
        // Parts of rows at both ends, and whole rows between.
        let width = tensor.shape.dropFirst().reduce(1, *)
        let rows = numbers.lowerBound / width..<(numbers.upperBound + width - 1) / width
        try order.forEachRun(of: rows, order.fileRow) { (run, start) throws(ModelError) in
            let wanted = (run.lowerBound * width..<run.upperBound * width).clamped(to: numbers)
            let first = start * width + wanted.lowerBound - run.lowerBound * width
            try readStored(
                index, numbers: first..<first + wanted.count,
                into: floats.at(wanted.lowerBound - numbers.lowerBound, wanted.count))
        }
    }

    /// Copies numbers in the order of the file.
    private func readStored(
        _ index: Int, numbers: Range<Int>, into floats: FloatSlice
    ) throws(ModelError) {
        switch sources[index] {
        case .safetensors(let entry, let type):
            try entry.file.readWeights(entry.tensor, type, numbers: numbers, into: floats)
        case .gguf(let source): try source.read(numbers, into: floats)
        }
    }

    /// Reads every number of the model and forgets it. O(parameters), in the memory of a few rows.
    ///
    /// - Throws: `ModelError.notFiniteWeight` for one that is infinite or NaN.
    public func checkFinite() throws(ModelError) {
        for index in layout.tensors.indices {
            try stream(index).forEachRun { (_, _) throws(ModelError) in }
        }
    }

    /// The tensor of `weights` for each of the layout of such a model; all have their shapes, and
    /// there is none besides.
    private static func sources(
        in weights: ModelWeights, of configuration: any ModelShape
    ) throws(ModelError) -> [Source] {
        let tensors = configuration.layout.tensors
        // Checkpoints may leave out what stands before all names.
        let prefix = tensors.first.map { $0.checkpointName.dropLast($0.name.count) } ?? ""
        let hasPrefix = weights.entries.keys.contains { $0.hasPrefix(prefix) }
        let names = tensors.map { hasPrefix ? $0.checkpointName : $0.name }
        let missing = names.filter { weights.entries[$0] == nil }
        guard missing.isEmpty else { throw .missingTensors(path: weights.path, names: missing) }
        var known: Set<String> = []
        let sources = try zip(names, tensors).map {
            (name, tensor) throws(ModelError) -> (ModelWeights.Entry, NumberType) in
            guard let entry = weights.entries[name] else {
                throw .missingTensor(path: weights.path, name: name)
            }
            guard entry.tensor.shape == tensor.shape else {
                throw .shapeMismatch(
                    path: entry.file.path, name: name, expected: tensor.shape,
                    found: entry.tensor.shape)
            }
            known.insert(name)
            return (entry, try entry.file.numberType(of: entry.tensor))
        }
        // A copy of a tensor must equal it, for programs do not agree which of the two counts.
        for (name, index) in configuration.copies.sorted(by: { $0.key < $1.key }) {
            guard let copy = weights.entries[name] else { continue }
            guard copy.isCopy(of: sources[index].0) else {
                throw .unsupportedModel(
                    path: weights.path,
                    reason:
                        "its \(name) is not the token embedding, which config.json "
                        + "says it is; if it counts, set tie_word_embeddings to false there")
            }
            known.insert(name)
        }
        let ignored = [
            ".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias",
            ".rotary_emb.inv_freq",
        ]
        for name in weights.entries.keys.sorted() where !known.contains(name) {
            guard ignored.contains(where: name.hasSuffix) else {
                throw .unsupportedModel(
                    path: weights.path,
                    reason: "it has a tensor \(name) that "
                        + "\(configuration.architectureName) lacks")
            }
        }
        return sources.map { .safetensors($0.0, $0.1) }
    }
}

extension ModelShape {
    /// Takes fewer positions, if any number of them is given.
    mutating func shorten(
        to contextLength: Int?, of path: String
    ) throws(ModelError) {
        guard let contextLength else { return }
        guard (1...positionCount).contains(contextLength) else {
            throw .badConfiguration(
                reason: "a context of \(contextLength) tokens is not within the "
                    + "\(positionCount) positions of \(path)")
        }
        // Learned positions that are not used are the last rows of their table.
        positionCount = contextLength
    }
}

extension ModelDirectory {
    /// A model of which everything has been looked at.
    init(
        path: String, configuration: any ModelShape, ends: [TokenID], texts: GGUFTexts,
        sources: [Source]
    ) {
        self.path = path
        self.configuration = configuration
        self.sources = sources
        self.texts = texts
        layout = configuration.layout
        endToken = ends.first
        endTokens = Set(ends)
    }
}
