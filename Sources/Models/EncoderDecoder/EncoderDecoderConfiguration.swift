import Bytes
import Work

/// The shape of an encoder–decoder Transformer; the section "model" of `pipeline.json` where its
/// `architecture` is `encoder_decoder`.
///
/// It is the network of Vaswani and others, <https://arxiv.org/abs/1706.03762>, as Hugging Face's
/// `MarianMTModel` holds it: norms behind what they add to, ReLU, sinusoidal positions, and one
/// matrix for the embeddings of both sides and the output head.
public struct EncoderDecoderConfiguration: Codable, Sendable, Equatable {
    /// Blocks of the encoder, and as many of the decoder.
    public var layerCount = 3
    /// Heads of attention in a block; a divisor of `embeddingSize`.
    public var headCount = 4
    /// Floats that stand for a token between blocks.
    public var embeddingSize = 128
    /// Floats inside of the feed-forward part; nil for 4 · `embeddingSize`.
    public var intermediateSize: Int?
    /// Tokens of a training window, which holds whole pairs; no side of a pair is longer.
    public var positionCount = 256
    /// Tokens in the vocabulary; 0 until it is known.
    public var vocabularySize = 0
    /// Token of padding, which is also the first that the decoder reads; nil until the vocabulary
    /// is known.
    public var padToken: Int?
    /// Token that ends a source and a target; nil until the vocabulary is known.
    public var endToken: Int?

    /// The value of `architecture`.
    public static let architecture = "encoder_decoder"

    /// Added to the variance in LayerNorm, which Marian does not configure.
    static let layerNormEpsilon: Float = 1e-5

    /// The names in JSON.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case architecture
        case layerCount = "n_layer"
        case headCount = "n_head"
        case embeddingSize = "n_embd"
        case intermediateSize = "intermediate_size"
        case positionCount = "n_positions"
        case vocabularySize = "vocab_size"
        case padToken = "pad_token_id"
        case endToken = "eos_token_id"
    }

    /// The default shape.
    public init() {}

    /// Reads the keys that are there; the others keep their defaults.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.read(.layerCount, into: &layerCount)
        try values.read(.headCount, into: &headCount)
        try values.read(.embeddingSize, into: &embeddingSize)
        try values.read(.positionCount, into: &positionCount)
        try values.read(.vocabularySize, into: &vocabularySize)
        try values.read(.intermediateSize, into: &intermediateSize)
        try values.read(.padToken, into: &padToken)
        try values.read(.endToken, into: &endToken)
    }

    /// Writes every key that has a value.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(Self.architecture, forKey: .architecture)
        try values.encode(layerCount, forKey: .layerCount)
        try values.encode(headCount, forKey: .headCount)
        try values.encode(embeddingSize, forKey: .embeddingSize)
        try values.encode(positionCount, forKey: .positionCount)
        try values.encode(vocabularySize, forKey: .vocabularySize)
        try values.encodeIfPresent(intermediateSize, forKey: .intermediateSize)
        try values.encodeIfPresent(padToken, forKey: .padToken)
        try values.encodeIfPresent(endToken, forKey: .endToken)
    }

    /// Floats of a head.
    public var headSize: Int { embeddingSize / headCount }

    /// Floats inside of the feed-forward part.
    public var feedForwardSize: Int { intermediateSize ?? 4 * embeddingSize }

    /// Factor of a token's vector before its position is added.
    var embeddingFactor: Float { Float(embeddingSize).squareRoot() }

    /// Floating-point operations of matrix products to train on one token, forward and backward,
    /// attention's included, where half of the tokens are sources.
    public var trainingOperationsPerToken: Double {
        let (c, f, v) = (Double(embeddingSize), Double(feedForwardSize), Double(vocabularySize))
        let feedForward = 2 * c * f
        let encoder = 4 * c * c + feedForward
        // The keys and values of cross-attention are products over the source.
        let decoder = 8 * c * c + feedForward
        let weights = Double(layerCount) * (encoder + decoder) + v * c
        // Each of three attentions sees half of a window at most; two products forward and five
        // backward.
        let attention = Double(layerCount) * Double(positionCount) / 4 * c * 7 * 3
        return 6 * weights / 2 + attention / 2
    }

    /// Throws unless a model of this shape can exist.
    public func validate() throws(ModelError) {
        func fail(_ reason: String) -> ModelError { .badConfiguration(reason: reason) }
        try checkNumbers()
        try Self.check(embeddingSize, isDividedAmong: headCount)
        guard positionCount * embeddingSize <= 1 << 28 else {
            throw fail(
                "n_positions \(positionCount) with n_embd \(embeddingSize) takes more than 1 GiB "
                    + "of sines and cosines; lower n_positions")
        }
        guard let padToken, let endToken else {
            throw fail("an encoder_decoder needs pad_token_id and eos_token_id")
        }
        for (name, id) in [("pad_token_id", padToken), ("eos_token_id", endToken)] {
            guard (0..<vocabularySize).contains(id) else {
                throw fail("\(name) is \(id), not an id of a vocabulary of \(vocabularySize)")
            }
        }
        guard padToken != endToken else {
            throw fail("pad_token_id and eos_token_id are both \(endToken); make them two tokens")
        }
        let blocks =
            Double(layerCount) * Double(embeddingSize)
            * Double(12 * embeddingSize + 4 * feedForwardSize)
        guard blocks < 0x1p44 else { throw fail("it has too many parameters") }
    }
}
