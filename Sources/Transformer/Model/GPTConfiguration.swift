/// The shape of a GPT-2 model; the section "model" of `pipeline.json`.
///
/// The keys are those of Hugging Face's `config.json`.
public struct GPTConfiguration: Codable, Equatable, Sendable {
    /// Blocks, each of attention and a feed-forward part.
    public var layerCount = 4
    /// Heads of attention in a block; a divisor of `embeddingSize`.
    public var headCount = 4
    /// Floats that stand for a token between blocks.
    public var embeddingSize = 128
    /// The context: the most tokens that the model sees at once.
    public var positionCount = 256
    /// Tokens in the vocabulary; 0 until it is known.
    public var vocabularySize = 0
    /// Added to the variance in LayerNorm.
    public var layerNormEpsilon: Float = 1e-5

    /// The names in JSON.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case layerCount = "n_layer"
        case headCount = "n_head"
        case embeddingSize = "n_embd"
        case positionCount = "n_positions"
        case vocabularySize = "vocab_size"
        case layerNormEpsilon = "layer_norm_epsilon"
    }

    /// The default shape.
    public init() {}

    /// A shape.
    public init(
        layerCount: Int, headCount: Int, embeddingSize: Int, positionCount: Int,
        vocabularySize: Int, layerNormEpsilon: Float = 1e-5
    ) {
        self.layerCount = layerCount
        self.headCount = headCount
        self.embeddingSize = embeddingSize
        self.positionCount = positionCount
        self.vocabularySize = vocabularySize
        self.layerNormEpsilon = layerNormEpsilon
    }

    /// Reads the keys that are there; the others keep their defaults.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.layerCount, &layerCount)
        try read(.headCount, &headCount)
        try read(.embeddingSize, &embeddingSize)
        try read(.positionCount, &positionCount)
        try read(.vocabularySize, &vocabularySize)
        try read(.layerNormEpsilon, &layerNormEpsilon)
    }

    /// Floats of a head.
    public var headSize: Int { embeddingSize / headCount }

    /// Floating-point operations of matrix products to train on one token, forward and backward,
    /// attention's included: what a share of the matrix peak is counted in.
    public var trainingOperationsPerToken: Double {
        let c = Double(embeddingSize)
        let weights = Double(layerCount) * 12 * c * c + Double(vocabularySize) * c
        // Half of the (t, t) matrix, two products forward and five backward, the first again.
        let attention = Double(layerCount) * Double(positionCount) * c * 7
        return 6 * weights + attention
    }

    /// Throws unless a model of this shape can exist.
    public func validate() throws(TransformerError) {
        func fail(_ reason: String) -> TransformerError { .badConfiguration(reason: reason) }
        let limits = [
            ("n_layer", layerCount, 1 << 12), ("n_head", headCount, 1 << 16),
            ("n_embd", embeddingSize, 1 << 16), ("n_positions", positionCount, 1 << 24),
            ("vocab_size", vocabularySize, 1 << 28),
        ]
        for (name, value, limit) in limits where value < 1 || value > limit {
            throw fail("\(name) is \(value); give a number from 1 to \(limit)")
        }
        guard embeddingSize % headCount == 0 else {
            throw fail(
                "n_embd \(embeddingSize) cannot be divided among \(headCount) heads; "
                    + "make it a multiple of n_head")
        }
        guard layerNormEpsilon > 0, layerNormEpsilon < 1 else {
            throw fail("layer_norm_epsilon is \(layerNormEpsilon); 1e-5 is usual")
        }
        let (perLayer, a) = (12 * embeddingSize).multipliedReportingOverflow(by: embeddingSize)
        let (blocks, b) = perLayer.multipliedReportingOverflow(by: layerCount)
        guard !a, !b, blocks < 1 << 44 else { throw fail("it has too many parameters") }
    }
}
