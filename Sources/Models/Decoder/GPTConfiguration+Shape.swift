import Work

extension GPTConfiguration: ModelShape {
    /// A model of this shape.
    public typealias Model = GPT

    /// The names of ``Architecture``.
    public static var architectures: [String] { Architecture.allCases.map(\.rawValue) }

    /// The default shape of an architecture.
    public init(defaultsOf architecture: String) {
        self.init(Architecture(rawValue: architecture) ?? Self.defaultArchitecture)
    }

    /// The architecture's name.
    public var architectureName: String { architecture.rawValue }

    /// The model sees no more than its positions.
    public var contextLimit: Int? { positionCount }

    /// Layout of the parameters, under Hugging Face's names. O(layers).
    public var layout: ParameterLayout {
        let names = TensorNames(self)
        let (c, f, q, k) = (embeddingSize, feedForwardSize, queryWidth, keyWidth)
        var placement = TensorPlacement(
            prefix: names.prefix, storesOutputRows: names.storesOutputRows)
        func place(
            _ linear: TensorNames.Linear, from width: Int, to outputs: [Int],
            _ role: ParameterLayout.Role
        ) {
            placement.linear(
                weights: linear.weights, biases: linear.biases, from: width, to: outputs, role,
                rowOrder: linear.isByHeads ? HeadRows(heads: headCount, size: headSize) : nil)
        }
        placement.add(names.tokens, [vocabularySize, c], .embedding)
        if let positions = names.positions {
            placement.add(
                positions, [positionCount, c], .embedding,
                isConstant: positionEncoding == .sinusoidal)
        }
        for layer in 0..<layerCount {
            let block = names.block(layer)
            placement.beginPart()
            placement.norm(block.norm1, c)
            place(block.qkv, from: c, to: [q, k, k], .matrix)
            for name in block.headNorms { placement.norm([name], headSize) }
            place(block.out, from: q, to: [c], .residualMatrix)
            if architecture.normalisesAdditions { placement.norm(block.addedNorm1, c) }
            placement.norm(block.norm2, c)
            place(block.up, from: c, to: architecture.isGated ? [f, f] : [f], .matrix)
            place(block.down, from: f, to: [c], .residualMatrix)
            if architecture.normalisesAdditions { placement.norm(block.addedNorm2, c) }
        }
        placement.beginPart()
        placement.norm(names.finalNorm, c)
        if !tiesEmbeddings { placement.add(names.head, [vocabularySize, c], .head) }
        return ParameterLayout(placement)
    }

    /// A tied head may be there as a copy of the embedding.
    public var copies: [String: Int] { tiesEmbeddings ? [TensorNames(self).head: 0] : [:] }

    /// Layers, heads, width, the kind of positions, and what differs from the architecture's own
    /// way.
    public var facts: [(title: String, value: String)] {
        var heads = "\(headCount)"
        if keyWidth != queryWidth { heads += ", \(keyWidth / headSize) of keys and values" }
        var positions = positionEncoding.rawValue
        if let scaling = variations.rotaryScaling { positions += ", \(scaling.name)" }
        if architecture.isRotary, rotaryWidth < headSize {
            positions += ", \(rotaryWidth) of a head's \(headSize) floats"
        }
        var facts = [
            ("layers", "\(layerCount)"), ("heads", heads),
            ("width", "\(embeddingSize), \(feedForwardSize) inside"), ("positions", positions),
        ]
        if activation != GPTConfiguration(architecture).activation {
            facts.append(("activation", activation.rawValue))
        }
        if isParallel { facts.append(("residual", "parallel")) }
        if attentionBiases == .none, architecture.attentionBiases == .all {
            facts.append(("biases", "none in attention"))
        } else if attentionBiases == .all, architecture.attentionBiases != .all {
            facts.append(("biases", hasFeedForwardBiases ? "in all products" : "in attention"))
        } else if hasFeedForwardBiases, architecture.isGated {
            facts.append(("biases", "in the feed-forward part"))
        }
        if slides, let window = variations.slidingWindow {
            let (local, first) = (localLayers, localLayers[0])
            let places =
                local.count == layerCount
                ? ""
                : local == Array(first..<layerCount)
                    ? " from layer \(first + 1) on"
                    : " in \(local.count) of \(layerCount) layers"
            facts.append(("window", "\(window) tokens" + places))
        }
        return facts
    }

    /// Bytes of the keys and values of a text.
    public func stateByteCount(tokenCount: Int, cache: CacheFormat) -> Int {
        cache.byteCount * 2 * layerCount * keyWidth * tokenCount
    }

    /// Floats of the panels and of the threads' activations.
    public func passMemory(_ plan: BatchPlan) -> BatchPassMemory {
        GPTBatchPass.memory(of: self, plan)
    }
}
