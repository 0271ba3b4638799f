import Bytes
import Work

/// The shape of a model; the section "model" of `pipeline.json`.
///
/// The keys are those of Hugging Face's `config.json` for GPT-2, and for what GPT-2 lacks those of
/// Llama. Two configurations are equal when they describe the same model: a key that is absent
/// equals the value that it stands for.
public struct GPTConfiguration: Codable, Sendable {
    /// Architecture of the blocks.
    public var architecture = defaultArchitecture
    /// Blocks, each of attention and a feed-forward part.
    public var layerCount = 4
    /// Heads of attention in a block; a divisor of `embeddingSize`.
    public var headCount = 4
    /// Heads of keys and values, a divisor of `headCount`: several heads of queries share one. Nil
    /// for as many as there are heads.
    public var keyValueHeadCount: Int?
    /// Floats of a head; nil for `embeddingSize` / `headCount`.
    public var headDimension: Int?
    /// Floats that stand for a token between blocks.
    public var embeddingSize = 128
    /// Floats inside of the feed-forward part; nil for 4 · `embeddingSize`, or, where it is gated
    /// and so has three matrices instead of two, 8/3 of it rounded up to a multiple of 32.
    public var intermediateSize: Int?
    /// The context: the most tokens that the model sees at once.
    public var positionCount = 256
    /// Tokens in the vocabulary; 0 until it is known.
    public var vocabularySize = 0
    /// Added to the variance in LayerNorm, to the mean square in RMSNorm.
    public var layerNormEpsilon: Float = 1e-5
    /// The base of the angles of rotary positions: the larger, the slower the slowest turns.
    public var rotaryBase = Self.defaultRotaryBase
    /// How positions are told apart; nil for the architecture's own way.
    public var positions: PositionEncoding?
    /// Whether the output head is the token embedding; otherwise it is a matrix of its own.
    public var tiesEmbeddings = defaultArchitecture.tiesEmbeddings

    /// The settings in which a published model differs from its architecture's own way.
    public var variations = GPTVariations()

    /// The architecture of a model that is described without one.
    public static let defaultArchitecture = Architecture.qwen3

    static let defaultRotaryBase = 10_000.0

    /// The names in JSON.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case architecture
        case layerCount = "n_layer"
        case headCount = "n_head"
        case keyValueHeadCount = "n_kv_head"
        case headDimension = "head_dim"
        case embeddingSize = "n_embd"
        case intermediateSize = "intermediate_size"
        case positionCount = "n_positions"
        case vocabularySize = "vocab_size"
        case layerNormEpsilon = "layer_norm_epsilon"
        case positions = "position_embedding_type"
        case rotaryBase = "rope_theta"
        case tiesEmbeddings = "tie_word_embeddings"
    }

    /// The default shape of an architecture: the same sizes for all of them.
    ///
    /// These are the defaults of a new model. Keys that are missing in the `config.json` of a model
    /// that is there have those of Hugging Face's class.
    public init(_ architecture: Architecture = defaultArchitecture) {
        self.architecture = architecture
        tiesEmbeddings = architecture.tiesEmbeddings
    }

    /// A shape.
    public init(
        architecture: Architecture, layerCount: Int, headCount: Int, embeddingSize: Int,
        positionCount: Int, vocabularySize: Int, layerNormEpsilon: Float = 1e-5
    ) {
        self.init(architecture)
        self.layerCount = layerCount
        self.headCount = headCount
        self.embeddingSize = embeddingSize
        self.positionCount = positionCount
        self.vocabularySize = vocabularySize
        self.layerNormEpsilon = layerNormEpsilon
    }

    /// Reads the keys that are there; the others keep the defaults of the architecture.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        var architecture = Self.defaultArchitecture
        try values.read(.architecture, into: &architecture)
        self.init(architecture)
        try values.read(.layerCount, into: &layerCount)
        try values.read(.headCount, into: &headCount)
        try values.read(.embeddingSize, into: &embeddingSize)
        try values.read(.positionCount, into: &positionCount)
        try values.read(.vocabularySize, into: &vocabularySize)
        try values.read(.layerNormEpsilon, into: &layerNormEpsilon)
        try values.read(.rotaryBase, into: &rotaryBase)
        try values.read(.tiesEmbeddings, into: &tiesEmbeddings)
        try values.read(.keyValueHeadCount, into: &keyValueHeadCount)
        try values.read(.positions, into: &positions)
        try values.read(.headDimension, into: &headDimension)
        try values.read(.intermediateSize, into: &intermediateSize)
    }

    // MARK: Derived sizes

    /// Floats of a head.
    public var headSize: Int { headDimension ?? embeddingSize / headCount }

    /// Floats of all heads' queries together.
    public var queryWidth: Int { headCount * headSize }

    /// Floats of all heads' keys together, and of their values.
    public var keyWidth: Int { (keyValueHeadCount ?? headCount) * headSize }

    /// Floats inside of the feed-forward part.
    public var feedForwardSize: Int {
        if let intermediateSize { return intermediateSize }
        guard architecture.isGated else { return 4 * embeddingSize }
        return (8 * embeddingSize + 95) / 96 * 32
    }

    /// Numbers in the matrices of a block.
    var blockMatrixCount: Int {
        embeddingSize
            * (2 * queryWidth + 2 * keyWidth + (architecture.isGated ? 3 : 2) * feedForwardSize)
    }

    /// Floating-point operations of matrix products to train on one token, forward and backward,
    /// attention's included: what a share of the matrix peak is counted in.
    public var trainingOperationsPerToken: Double {
        let head = Double(vocabularySize) * Double(embeddingSize)
        let weights = Double(layerCount) * Double(blockMatrixCount) + head
        // Half of the (t, t) matrix, two products forward and five backward, the first again.
        let attention = Double(layerCount) * Double(positionCount) * Double(queryWidth) * 7
        return 6 * weights + attention
    }
}

extension GPTConfiguration: Equatable {
    /// Whether both describe the same model.
    public static func == (a: GPTConfiguration, b: GPTConfiguration) -> Bool {
        func counts(_ c: GPTConfiguration) -> [Int] {
            guard c.headCount > 0 else { return [] }
            return [
                c.layerCount, c.headCount, c.embeddingSize, c.positionCount, c.vocabularySize,
                c.headSize, c.keyWidth, c.feedForwardSize,
            ]
        }
        return a.architecture == b.architecture && counts(a) == counts(b)
            && a.layerNormEpsilon == b.layerNormEpsilon && a.rotaryBase == b.rotaryBase
            && a.tiesEmbeddings == b.tiesEmbeddings && a.positionEncoding == b.positionEncoding
            && a.activation == b.activation && a.attentionBiases == b.attentionBiases
            && a.hasFeedForwardBiases == b.hasFeedForwardBiases
            && a.isParallel == b.isParallel && a.rotaryShare == b.rotaryShare
            && a.variations.rotaryScaling == b.variations.rotaryScaling
            && a.localRotaryBase == b.localRotaryBase && a.scoreLength == b.scoreLength
            && (a.localRotaryBase == nil || a.localLayers == b.localLayers)
            && (0..<a.layerCount).allSatisfy { a.window(ofLayer: $0) == b.window(ofLayer: $0) }
    }
}

extension GPTConfiguration {
    /// Throws unless a model of this shape can exist.
    public func validate() throws(ModelError) {
        func fail(_ reason: String) -> ModelError { .badConfiguration(reason: reason) }
        try checkNumbers()
        try Self.check(embeddingSize, isDividedAmong: headCount)
        try validatePositions()
        try validateVariations()
        if architecture.isRotary { try validateRotary() } else { try validateLearned() }
        let (blocks, overflows) = blockMatrixCount.multipliedReportingOverflow(by: layerCount)
        guard !overflows, blocks < 1 << 44 else { throw fail("it has too many parameters") }
    }

    private func validateRotary() throws(ModelError) {
        let sharing = keyValueHeadCount ?? headCount
        guard headCount % sharing == 0 else {
            throw .badConfiguration(
                reason: "\(headCount) heads cannot share \(sharing) of keys and values; "
                    + "make n_kv_head a divisor of n_head")
        }
        if architecture == .gptNeoX { try refuse(sharedHeads) }
        guard (0...1).contains(rotaryShare) else {
            throw .badConfiguration(reason: "positions turn \(rotaryShare) of a head, not a share")
        }
        guard rotaryWidth > 0, rotaryWidth % 2 == 0 || rotaryShare == 1 else {
            throw .badConfiguration(
                reason: "rotary positions turn pairs, and \(rotaryShare) of a head's \(headSize) "
                    + "floats are \(rotaryWidth); choose n_embd and n_head so that this is even")
        }
        guard headSize % 2 == 0 || rotaryShare < 1 else {
            throw .badConfiguration(
                reason: "rotary positions turn pairs, and a head has \(headSize) floats; "
                    + "choose n_embd and n_head so that n_embd / n_head is even, or set head_dim")
        }
        guard positionCount * headSize <= 1 << 28 / (localRotaryBase == nil ? 1 : 2) else {
            throw .badConfiguration(
                reason: "n_positions \(positionCount) with heads of \(headSize) floats takes more "
                    + "than 1 GiB of angles; lower n_positions")
        }
    }

    /// GPT-2 has no place for what only the others have.
    private func validateLearned() throws(ModelError) {
        try refuse(sharedHeads + [("rope_theta", rotaryBase != Self.defaultRotaryBase)])
    }

    /// What GPT-2 and GPT-NeoX do not have of heads.
    private var sharedHeads: [(name: String, isSet: Bool)] {
        [("n_kv_head", keyWidth != queryWidth), ("head_dim", queryWidth != embeddingSize)]
    }

    private func refuse(_ keys: [(name: String, isSet: Bool)]) throws(ModelError) {
        for (name, isSet) in keys where isSet {
            throw .badConfiguration(
                reason:
                    "\(architecture.rawValue) has no \(name); leave it out, or set architecture "
                    + "to \(Architecture.rotaryNames)")
        }
    }
}
