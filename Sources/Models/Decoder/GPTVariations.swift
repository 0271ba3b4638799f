/// The settings in which published models of an architecture differ from its own way.
///
/// They come from a model's `config.json` and are written there again; `pipeline.json`, which
/// describes new models, does not have them.
public struct GPTVariations: Hashable, Sendable {
    /// The products of attention that have biases.
    public enum AttentionBiases: Hashable, Sendable {
        /// None.
        case none
        /// Those that make queries, keys and values.
        case inputs
        /// These and the one that adds to the residual stream.
        case all
    }

    /// The function inside of the feed-forward part; nil for the architecture's own.
    public var activation: Activation?
    /// The products of attention that have biases; nil for the architecture's own.
    public var attentionBiases: AttentionBiases?
    /// Whether the products of the feed-forward part have biases; nil for the architecture's own.
    public var feedForwardBiases: Bool?
    /// How rotary positions are stretched over more than the model has first learned.
    public var rotaryScaling: RotaryScaling?
    /// The share of each head's floats that positions turn; nil for the architecture's own.
    public var rotaryShare: Double?
    /// Whether both parts of a block read the stream before it; nil for the architecture's own way.
    public var isParallel: Bool?
    /// The last positions that each sees, its own included, in the layers where a window slides;
    /// nil for all.
    public var slidingWindow: Int?
    /// The layers in which no window slides, from 0 on.
    public var fullLayers: Set<Int> = []
    /// The base of the angles of rotary positions in the layers where a window slides, in which no
    /// rule stretches them; nil for the architecture's own, which may be that of all layers.
    public var localRotaryBase: Double?
    /// The number by whose root scores are divided; nil for the floats of a head.
    public var scoreDivisor: Double?

    /// The architecture's own way.
    public init() {}
}

extension GPTConfiguration {
    /// The function inside of the feed-forward part.
    public var activation: Activation {
        if let activation = variations.activation { return activation }
        switch architecture {
        case .gpt2, .gemma3: return .geluTanh
        case .gptNeoX: return .gelu
        case .llama, .mistral, .qwen2, .qwen3: return .silu
        }
    }

    /// The products of attention that have biases.
    public var attentionBiases: GPTVariations.AttentionBiases {
        variations.attentionBiases ?? architecture.attentionBiases
    }

    /// Whether the products of the feed-forward part have biases.
    public var hasFeedForwardBiases: Bool {
        variations.feedForwardBiases ?? !architecture.isGated
    }

    /// The share of each head's floats that positions turn.
    public var rotaryShare: Double {
        variations.rotaryShare ?? (architecture == .gptNeoX ? 0.25 : 1)
    }

    /// The floats of each head, the first ones, that positions turn.
    public var rotaryWidth: Int { Int(Double(headSize) * rotaryShare) }

    /// Whether both parts of a block read the stream before it, so that the second does not see
    /// what the first adds.
    public var isParallel: Bool { variations.isParallel ?? (architecture == .gptNeoX) }

    /// What a token's vector is multiplied by where it is read.
    var embeddingFactor: Float {
        architecture.scalesEmbeddings ? Float(embeddingSize).squareRoot() : 1
    }

    /// Whether a layer is one of those in which a window slides, however long the window is.
    func isLocal(_ layer: Int) -> Bool {
        variations.slidingWindow != nil && !variations.fullLayers.contains(layer)
    }

    /// The layers in which a window slides, however long it is.
    var localLayers: [Int] { layers.filter(isLocal) }

    /// The layers' numbers, of no more layers than a model may have: the count may not be checked.
    var layers: Range<Int> { 0..<min(max(layerCount, 0), 1 << 12) }

    /// The base of the angles in the layers where a window slides, where it is one of their own.
    var localRotaryBase: Double? {
        guard architecture.turnsByLayer, !localLayers.isEmpty else { return nil }
        return variations.localRotaryBase ?? Self.defaultRotaryBase
    }

    /// The factor by which queries and keys are lengthened, so that their products, which are
    /// divided by the root of their floats, are divided by that of another number; 1 for none.
    var scoreLength: Double {
        guard let divisor = variations.scoreDivisor else { return 1 }
        return (Double(headSize) / divisor).squareRoot().squareRoot()
    }

    /// The last positions that each sees in a layer, its own included; nil for all, and where the
    /// window is as long as the context.
    func window(ofLayer layer: Int) -> Int? {
        guard let window = variations.slidingWindow, isLocal(layer), window < positionCount
        else { return nil }
        return window
    }

    /// Whether a window slides in any layer.
    public var slides: Bool { layers.contains { window(ofLayer: $0) != nil } }

    /// Throws for variations that the architecture's class in Hugging Face does not have.
    func validateVariations() throws(ModelError) {
        func fail(_ what: String) -> ModelError {
            .badConfiguration(reason: "\(architecture.rawValue) has no \(what)")
        }
        if attentionBiases != architecture.attentionBiases {
            guard architecture.choosesAttentionBiases,
                attentionBiases == (architecture == .gptNeoX ? .none : .all)
            else {
                throw fail("choice of biases in attention")
            }
        }
        if hasFeedForwardBiases == architecture.isGated, architecture != .llama {
            throw fail("choice of biases in its feed-forward part")
        }
        if architecture != .gptNeoX {
            if isParallel { throw fail("parallel residual") }
            if rotaryShare != 1 { throw fail("part of a head that does not turn") }
        }
        if let window = variations.slidingWindow {
            guard architecture.canSlide else { throw fail("sliding window") }
            guard window > 0 else {
                throw .badConfiguration(reason: "a sliding window of \(window) tokens")
            }
        }
        if let base = variations.localRotaryBase {
            guard architecture.turnsByLayer else {
                throw fail("base of its own where a window slides")
            }
            guard base > 1, base <= 1e30 else {
                throw .badConfiguration(reason: "a base \(base) of rotary positions")
            }
        }
        if let divisor = variations.scoreDivisor {
            guard architecture.turnsByLayer else { throw fail("choice of what divides scores") }
            guard divisor > 0, divisor < 1e9 else {
                throw .badConfiguration(reason: "scores divided by the root of \(divisor)")
            }
        }
        if let scaling = variations.rotaryScaling {
            guard architecture.isRotary else { throw fail("rotary positions to scale") }
            try scaling.validate()
        }
    }
}

extension Architecture {
    /// The products of attention that have biases.
    var attentionBiases: GPTVariations.AttentionBiases {
        switch self {
        case .gpt2, .gptNeoX: .all
        case .qwen2: .inputs
        case .llama, .mistral, .qwen3, .gemma3: .none
        }
    }

    /// Whether a model may have biases in all products of attention instead, or in none where the
    /// architecture has them.
    var choosesAttentionBiases: Bool {
        self == .llama || self == .qwen3 || self == .gemma3 || self == .gptNeoX
    }

    /// Whether the class has layers in which a window slides.
    var canSlide: Bool {
        self == .mistral || self == .qwen2 || self == .qwen3 || self == .gemma3
    }

    /// Whether layers in which a window slides have a base of positions of their own, and what
    /// divides scores is a setting.
    var turnsByLayer: Bool { self == .gemma3 }
}
