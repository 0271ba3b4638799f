public import Bytes

extension ModelDirectory {
    /// Writes the model as one GGUF file of version 3, whole or not at all, for llama.cpp and what
    /// is built on it. O(parameters); memory is that of a few rows.
    ///
    /// The same model and members give the same bytes. Source: `docs/gguf.md` of ggml, and the
    /// names that llama.cpp looks for.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - type: how matrices are stored.
    ///   - name: the model's name in the file.
    ///   - tokenizer: the keys `tokenizer.…`.
    ///   - progress: takes how many of the parameters have been written.
    public func writeGGUF(
        to path: String, type: GGUFNumberType, name: String, tokenizer: GGUFMembers,
        progress: (Int) -> Void = { _ in }
    ) throws(ModelError) {
        guard let shape = configuration as? GPTConfiguration else {
            throw .unwritableModel(
                path: self.path, format: "GGUF",
                reason: "llama.cpp has no model of the kind \(configuration.architectureName); use "
                    + "the directory as it is, with its model.safetensors")
        }
        if let reason = shape.ggufObstacle {
            throw .unwritableModel(path: self.path, format: "GGUF", reason: reason)
        }
        let streams =
            shape.ggufFrequencyStreams + layout.tensors.indices.map { ggufStream($0, shape) }
        let tensors = streams.map { GGUFTensor($0, type: type) }
        var members = Self.ggufMembers(shape, type, name: name)
        members.add(tokenizer)
        var file = try ModelFileWriter(path: path)
        try file.write(GGUFHead.bytes(members, tensors: tensors.map(\.information)))
        var count = -shape.ggufFrequencyStreams.reduce(0) { $0 + $1.rowCount }
        for tensor in tensors {
            try tensor.stream.forEachRun { (_, floats) throws(ModelError) in
                try tensor.type.encode(floats, name: tensor.stream.name) {
                    (bytes) throws(ModelError) in
                    try file.write(bytes)
                }
                count += floats.count
                progress(max(count, 0))
            }
            let gap = tensor.information.paddingByteCount
            try file.write([UInt8](repeating: 0, count: gap))
        }
        try file.commit()
    }

    /// The keys that describe the model.
    static func ggufMembers(
        _ c: GPTConfiguration, _ type: GGUFNumberType, name: String
    ) -> GGUFMembers {
        let architecture = c.architecture.ggufName
        var members = GGUFMembers()
        members.add("general.architecture", architecture)
        members.add("general.type", "model")
        members.add("general.name", name)
        members.add("general.alignment", UInt32(GGUFHead.alignment))
        members.add("general.file_type", type.fileCode)
        if type.isInBlocks { members.add("general.quantization_version", 2 as UInt32) }
        func add(_ key: String, _ value: Int) {
            members.add("\(architecture).\(key)", UInt32(value))
        }
        add("vocab_size", c.vocabularySize)
        add("context_length", c.positionCount)
        add("embedding_length", c.embeddingSize)
        add("block_count", c.layerCount)
        add("feed_forward_length", c.feedForwardSize)
        add("attention.head_count", c.headCount)
        let epsilon = c.architecture.usesRMSNorm ? "layer_norm_rms_epsilon" : "layer_norm_epsilon"
        members.add("\(architecture).attention.\(epsilon)", c.layerNormEpsilon)
        if c.architecture.isRotary {
            add("attention.head_count_kv", c.keyWidth / c.headSize)
            add("attention.key_length", c.headSize)
            add("attention.value_length", c.headSize)
            add("rope.dimension_count", c.rotaryWidth)
            members.add("\(architecture).rope.freq_base", Float(c.rotaryBase))
        }
        if c.architecture == .gptNeoX {
            members.add("\(architecture).use_parallel_residual", c.isParallel)
        }
        if !c.localLayers.isEmpty, let window = c.variations.slidingWindow {
            add("attention.sliding_window", window)
            switch c.ggufWindowPattern {
            // That of published models, which not every version of llama.cpp is told.
            case 6?: break
            case let pattern?: add("attention.sliding_window_pattern", pattern)
            case nil:
                members.add(
                    "\(architecture).attention.sliding_window_pattern",
                    (0..<c.layerCount).map(c.isLocal))
            }
            if let base = c.localRotaryBase {
                members.add("\(architecture).rope.freq_base_swa", Float(base))
            }
        }
        switch c.variations.rotaryScaling {
        case .linear(let factor):
            members.add("\(architecture).rope.scaling.type", "linear")
            members.add("\(architecture).rope.scaling.factor", Float(factor))
        case .yarn(let rule):
            members.add("\(architecture).rope.scaling.type", "yarn")
            members.add("\(architecture).rope.scaling.factor", Float(rule.factor))
            add("rope.scaling.original_context_length", rule.originalPositionCount)
        // The factors of the one are a tensor; the other is none up to the context.
        case .llama3, .dynamic, nil: break
        }
        return members
    }

    /// The layout's tensor `index` in the order of numbers that ggml has.
    private func ggufStream(_ index: Int, _ shape: GPTConfiguration) -> TensorStream {
        let tensor = layout.tensors[index]
        let plain = memoryStream(index)
        let name = GGUFTensorNames.name(
            ofCheckpointName: tensor.checkpointName,
            addsNorms: shape.architecture.normalisesAdditions)
        if tensor.isBlockMatrix, !TensorNames(shape).storesOutputRows {
            return transposed(index, name: name)
        }
        if shape.architecture.turnsNeighbours,
            name.contains(".attn_q.") || name.contains(".attn_k.")
        {
            return plain.interleavingHalves(of: shape.headSize, name: name)
        }
        let offset = tensor.role == .gain ? shape.architecture.normOffset : 0
        return TensorStream(name: name, shape: plain.shape) { (rows, floats) throws(ModelError) in
            try plain.read(rows, floats)
            guard offset != 0 else { return }
            for index in 0..<rows.count * plain.rowWidth { unsafe floats.base[index] += offset }
        }
    }

    /// The layout's matrix `index` with rows for columns.
    private func transposed(_ index: Int, name: String) -> TensorStream {
        let (rows, columns) = (layout.tensors[index].shape[0], layout.tensors[index].shape[1])
        return TensorStream(name: name, shape: [columns, rows]) {
            (range, floats) throws(ModelError) in
            let part = FloatBuffer(count: range.count)
            for row in 0..<rows {
                let start = row * columns + range.lowerBound
                try read(index, numbers: start..<start + range.count, into: part.all)
                part.withSpan { values in
                    for column in values.indices {
                        unsafe floats.base[column * rows + row] = values[column]
                    }
                }
            }
        }
    }
}

extension GPTConfiguration {
    /// What a GGUF file cannot say of this model, or llama.cpp would not heed; nil if there is
    /// nothing.
    var ggufObstacle: String? {
        let name = architecture.ggufName
        guard !slides || architecture.turnsByLayer else {
            return "llama.cpp's \(name) sees all positions, and in this model a window slides"
        }
        let own = architecture == .gemma3 || !architecture.isGated ? Activation.geluTanh : .silu
        guard activation == own else {
            return "llama.cpp's \(name) has another activation than \(activation.rawValue)"
        }
        guard architecture != .qwen2 || queryWidth == embeddingSize else {
            return "llama.cpp's \(name) has heads of n_embd / n_head floats"
        }
        guard (architecture != .qwen3 && architecture != .gemma3) || attentionBiases == .none
        else {
            return "llama.cpp's \(name) has no biases in attention"
        }
        if architecture == .gemma3 {
            guard (variations.scoreDivisor ?? Double(headSize)) == ggufScoreDivisor else {
                return "llama.cpp's \(name) of so many layers divides scores by the root of "
                    + "\(ggufScoreDivisor)"
            }
            switch variations.rotaryScaling {
            case nil, .linear, .dynamic: break
            case .llama3, .yarn:
                return "llama.cpp's \(name) is not tried with positions scaled so"
            }
        }
        if architecture == .gptNeoX {
            guard attentionBiases == .all else {
                return "llama.cpp's \(name) has biases in attention"
            }
            guard !tiesEmbeddings else {
                return "llama.cpp's \(name) has a head that is not the token embedding"
            }
            guard variations.rotaryScaling == nil else {
                return "llama.cpp's \(name) is not tried with scaled positions"
            }
        }
        if case .yarn(let rule) = variations.rotaryScaling,
            rule
                != .init(factor: rule.factor, originalPositionCount: rule.originalPositionCount)
        {
            return "llama.cpp's yarn has the numbers of the paper, and this model has others"
        }
        return nil
    }

    /// The number by whose root llama.cpp divides scores: that of the largest published model is
    /// told by its layers.
    var ggufScoreDivisor: Double {
        Double(layerCount == 62 ? embeddingSize / headCount : headSize)
    }

    /// The number p of llama.cpp's rule that a window slides in all but the last of each p layers,
    /// or in all for 0; nil where the layers follow no such rule.
    fileprivate var ggufWindowPattern: Int? {
        let first = (0..<layerCount).first { !isLocal($0) }
        return [6, first.map { $0 + 1 } ?? 0].first { pattern in
            (0..<layerCount).allSatisfy { isLocal($0) == Self.isLocal($0, pattern: pattern) }
        }
    }

    /// Whether a window slides in a layer by llama.cpp's rule.
    static func isLocal(_ layer: Int, pattern: Int) -> Bool {
        pattern == 0 || layer % pattern < pattern - 1
    }

    /// The tensor of factors by which Llama 3.1's rule divides each frequency: what llama.cpp's
    /// converter makes of the rule's numbers. None for a model of another rule.
    fileprivate var ggufFrequencyStreams: [TensorStream] {
        guard case .llama3(let rule)? = variations.rotaryScaling else { return [] }
        let plain = RotaryTable.frequencies(base: rotaryBase, headSize: headSize)
        return [
            TensorStream(name: GGUFTensorNames.frequencyFactors, shape: [plain.count]) {
                rows, floats in
                for (place, pair) in rows.enumerated() {
                    unsafe floats.base[place] = plain[pair] / rule.frequency(of: plain[pair])
                }
            }
        ]
    }
}

extension Architecture {
    /// llama.cpp's name of the architecture.
    var ggufName: String {
        switch self {
        case .mistral: Architecture.llama.rawValue
        case .gptNeoX: "gptneox"
        case .gemma3: "gemma3"
        case .gpt2, .llama, .qwen2, .qwen3: rawValue
        }
    }

    /// Whether llama.cpp turns neighbours where Hugging Face turns the halves of a head.
    var turnsNeighbours: Bool { ggufName == Architecture.llama.rawValue }
}

extension TensorStream {
    /// The matrix or bias with the rows of each head in the order in which llama.cpp's "llama"
    /// turns pairs: neighbours, where Hugging Face turns the first half of a head with the second.
    fileprivate func interleavingHalves(of size: Int, name: String) -> TensorStream {
        let width = rowWidth
        return TensorStream(name: name, shape: shape) { (range, floats) throws(ModelError) in
            for (place, row) in range.enumerated() {
                let (head, index) = (row / size * size, row % size)
                let source = head + index % 2 * (size / 2) + index / 2
                try read(source..<source + 1, floats.at(place * width, width))
            }
        }
    }
}
