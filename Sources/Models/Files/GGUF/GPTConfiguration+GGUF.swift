import Bytes

extension GPTConfiguration {
    /// The shape of the model in a GGUF file.
    ///
    /// Source: `LLM_KV_NAMES` of llama.cpp's `llama-arch.cpp`, and what its `llama-model.cpp` reads
    /// of these architectures.
    init(_ file: GGUFModelFile) throws(ModelError) {
        let name = file.text("general.architecture") ?? "missing"
        let known = [Architecture.gpt2, .llama, .qwen2, .qwen3, .gemma3, .gptNeoX]
        guard let architecture = known.first(where: { $0.ggufName == name }) else {
            throw file.unsupported(
                "general.architecture is \(name), none of "
                    + known.map(\.ggufName).joined(separator: ", "))
        }
        try Self.checkKeys(file, architecture)
        func integer(_ key: String) throws(ModelError) -> Int {
            guard let value = try file.integer("\(name).\(key)") else {
                throw file.unsupported("it has no \(name).\(key)")
            }
            return value
        }
        guard let tokens = file.tensors["token_embd.weight"] else {
            throw .missingTensors(path: file.path, names: ["token_embd.weight"])
        }
        let epsilon =
            architecture.usesRMSNorm
            ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"
        self.init(
            architecture: architecture, layerCount: try integer("block_count"),
            headCount: try integer("attention.head_count"),
            embeddingSize: try integer("embedding_length"),
            positionCount: try integer("context_length"),
            vocabularySize: tokens.tensor.shape.count == 2 ? tokens.tensor.shape[0] : 0,
            layerNormEpsilon: Float(try file.real("\(name).\(epsilon)") ?? 1e-5))
        intermediateSize = try integer("feed_forward_length")
        // Without a head of its own the model has that of the token embedding.
        tiesEmbeddings = file.tensors["output.weight"] == nil
        guard architecture.isRotary else { return }
        keyValueHeadCount = try file.integer("\(name).attention.head_count_kv")
        headDimension = try file.integer("\(name).attention.key_length")
        guard headCount > 0 else {
            throw .badConfiguration(reason: "n_head is 0; give a whole number from 1")
        }
        let valueSize = try file.integer("\(name).attention.value_length") ?? headSize
        let turned = try file.integer("\(name).rope.dimension_count") ?? headSize
        var sizes = [("attention.value_length", valueSize)]
        if architecture == .gptNeoX {
            try readNeoX(file, turned: turned)
        } else {
            sizes.append(("rope.dimension_count", turned))
        }
        for (key, size) in sizes where size != headSize {
            throw file.unsupported("its \(key) is \(size), and its heads have \(headSize) floats")
        }
        rotaryBase = try file.real("\(name).rope.freq_base") ?? Self.defaultRotaryBase
        if architecture != .qwen2, file.tensors["blk.0.attn_q.bias"] != nil {
            variations.attentionBiases = .all
        }
        if architecture.isGated, file.tensors["blk.0.ffn_down.bias"] != nil {
            variations.feedForwardBiases = true
        }
        variations.rotaryScaling = try scaling(in: file, name)
        if architecture == .gemma3 { try readGemma(file, name) }
    }

    /// In which layers of a Gemma 3 a window slides, and how their positions turn.
    ///
    /// Source: `load_arch_hparams` of llama.cpp's `src/models/gemma3.cpp`.
    private mutating func readGemma(_ file: GGUFModelFile, _ name: String) throws(ModelError) {
        variations.scoreDivisor = ggufScoreDivisor
        guard let window = try file.integer("\(name).attention.sliding_window"), window > 0 else {
            return
        }
        variations.slidingWindow = window
        variations.localRotaryBase =
            try file.real("\(name).rope.freq_base_swa") ?? Self.defaultRotaryBase
        let key = "\(name).attention.sliding_window_pattern"
        if let flags = file.flags[key] {
            guard flags.count == layerCount else {
                throw file.unsupported(
                    "its \(key) is for \(flags.count) layers, and it has \(layerCount)")
            }
            variations.fullLayers = Set(flags.indices.filter { !flags[$0] })
        } else {
            let pattern = try file.integer(key) ?? 6
            variations.fullLayers = Set(
                layers.filter { !Self.isLocal($0, pattern: pattern) })
        }
    }

    /// What a GPT-NeoX has to choose, as llama.cpp computes it: its GELU has the tanh formula,
    /// whatever the model was trained with.
    private mutating func readNeoX(_ file: GGUFModelFile, turned: Int) throws(ModelError) {
        let key = "\(architecture.ggufName).use_parallel_residual"
        guard case .flag(let isParallel)? = file.values[key] else {
            throw file.unsupported("it has no \(key)")
        }
        guard headSize > 0, (1...headSize).contains(turned) else {
            throw file.unsupported("\(turned) floats turn, and its heads have \(headSize)")
        }
        variations.isParallel = isParallel
        variations.activation = .geluTanh
        // The quotient may have been rounded down, and so the product of it and the size.
        let share = Double(turned) / Double(headSize)
        variations.rotaryShare = Int(Double(headSize) * share) == turned ? share : share.nextUp
    }

    /// The rule by which positions are scaled.
    private func scaling(
        in file: GGUFModelFile, _ name: String
    ) throws(ModelError) -> RotaryScaling? {
        if let factors = file.tensors[GGUFTensorNames.frequencyFactors] {
            return try llama3(file, factors, name)
        }
        let factor = try file.real("\(name).rope.scaling.factor")
        switch file.text("\(name).rope.scaling.type") {
        case nil, "none": return nil
        case "linear": return factor.flatMap { $0 == 1 || $0 == 0 ? nil : .linear(factor: $0) }
        case "yarn":
            guard let factor,
                let original = try file.integer("\(name).rope.scaling.original_context_length")
            else { throw file.unsupported("its yarn has no factor or original context") }
            return .yarn(.init(factor: factor, originalPositionCount: original))
        case let other?:
            throw file.unsupported("its rotary positions are scaled by the rule \(other)")
        }
    }

    /// The numbers of Llama 3.1's rule, of which the file holds only what follows from them: those
    /// of published models are tried.
    private func llama3(
        _ file: GGUFModelFile, _ place: GGUFModelFile.Place, _ name: String
    ) throws(ModelError) -> RotaryScaling {
        let half = headSize / 2
        guard half > 0, place.tensor.count == half else {
            throw file.unsupported(
                "it has \(place.tensor.count) factors of rotary positions for \(half) pairs")
        }
        let found = FloatBuffer(count: half)
        try file.read(place, numbers: 0..<half, into: found.all)
        let plain = RotaryTable.frequencies(base: rotaryBase, headSize: headSize)
        let own = try file.integer("\(name).rope.scaling.original_context_length")
        for original in [own, 8192, 4096, 32, positionCount].compactMap({ $0 }) where original > 0 {
            for factor in Set([found[half - 1], 8, 32, 4, 16]).sorted() where factor >= 1 {
                let rule = RotaryScaling.Llama3(
                    factor: Double(factor), lowFrequencyFactor: 1, highFrequencyFactor: 4,
                    originalPositionCount: original)
                let isIt = plain.indices.allSatisfy {
                    let factor = plain[$0] / rule.frequency(of: plain[$0])
                    return abs(factor - found[$0]) <= 1e-4 * factor
                }
                if isIt { return .llama3(rule) }
            }
        }
        throw file.unsupported("the factors of its rotary positions follow from no known rule")
    }

    /// Throws for a key of the architecture that may change what is computed.
    private static func checkKeys(
        _ file: GGUFModelFile, _ architecture: Architecture
    ) throws(ModelError) {
        var read: Set<String> = [
            "vocab_size", "context_length", "embedding_length", "block_count",
            "feed_forward_length", "attention.head_count", "attention.head_count_kv",
            "attention.key_length", "attention.value_length", "attention.layer_norm_epsilon",
            "attention.layer_norm_rms_epsilon", "rope.dimension_count", "rope.freq_base",
            "rope.scaling.type", "rope.scaling.factor", "rope.scaling.original_context_length",
            // How the file came to be, and what is said of the tensors' order.
            "rope.scaling.finetuned", "tensor_data_layout",
            // Read for GPT-NeoX; the others have none.
            "use_parallel_residual",
        ]
        if architecture == .gemma3 {
            read.formUnion([
                "attention.sliding_window", "attention.sliding_window_pattern",
                "rope.freq_base_swa",
            ])
        }
        let prefix = architecture.ggufName + "."
        let keys = Set(file.values.keys).union(file.listLengths.keys)
        for key in keys.sorted() where key.hasPrefix(prefix) {
            let name = String(key.dropFirst(prefix.count))
            guard !read.contains(name) else { continue }
            // What is switched off changes nothing.
            switch file.values[key] {
            case .integer(0)?, .real(0)?, .flag(false)?, .text([])?: continue
            case .real(1)? where name.hasSuffix("_scale") || name.hasSuffix("attn_factor"): continue
            default:
                throw file.unsupported(
                    "it has the key \(key), which Quern does not know and which may change what "
                        + "is computed")
            }
        }
    }
}
