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
    /// The first layers, in which no window slides.
    public var fullLayerCount = 0

    /// The architecture's own way.
    public init() {}
}

extension GPTConfiguration {
    /// The function inside of the feed-forward part.
    public var activation: Activation {
        if let activation = variations.activation { return activation }
        return architecture.isGated ? .silu : architecture == .gptNeoX ? .gelu : .geluTanh
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

    /// The last positions that each sees in a layer, its own included; nil for all, and where the
    /// window is as long as the context.
    func window(ofLayer layer: Int) -> Int? {
        guard let window = variations.slidingWindow, layer >= variations.fullLayerCount,
            window < positionCount
        else { return nil }
        return window
    }

    /// Whether a window slides in any layer.
    public var slides: Bool { window(ofLayer: layerCount - 1) != nil }

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
            guard window > 0, (0...layerCount).contains(variations.fullLayerCount) else {
                throw .badConfiguration(reason: "a sliding window of \(window) tokens")
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
        case .llama, .mistral, .qwen3: .none
        }
    }

    /// Whether a model may have biases in all products of attention instead, or in none where the
    /// architecture has them.
    var choosesAttentionBiases: Bool { self == .llama || self == .qwen3 || self == .gptNeoX }

    /// Whether the class has layers in which a window slides.
    var canSlide: Bool { self == .mistral || self == .qwen2 || self == .qwen3 }
}
