/// The kinds of model that Quern computes, each equal to a class of Hugging Face's.
///
/// All are decoders of the same plan: embed, then blocks of attention and a feed-forward part
/// around a residual stream, then a norm and the head. They differ in what the parts are made of.
public enum Architecture: String, Codable, CaseIterable, Sendable {
    /// `GPT2LMHeadModel`: learned positions, LayerNorm, biases, GELU.
    case gpt2
    /// `LlamaForCausalLM`: rotary positions, RMSNorm, SwiGLU, no biases; heads may share keys and
    /// values.
    case llama
    /// `MistralForCausalLM`: as ``llama``, where a window over the last positions may slide.
    case mistral
    /// `Qwen2ForCausalLM`: as ``llama``, with biases for queries, keys and values.
    case qwen2
    /// `Qwen3ForCausalLM`: as ``llama``, with an RMSNorm over each head's queries and keys.
    case qwen3
    /// `Gemma3ForCausalLM`: as ``qwen3``, with a norm also of what each part of a block adds, gates
    /// of GELU, tokens' vectors times the root of their length, and layers in which a window slides
    /// and positions turn by a base of their own.
    case gemma3 = "gemma3_text"
    /// `GPTNeoXForCausalLM`: rotary positions in a part of each head, LayerNorm, biases, GELU; both
    /// parts of a block read the same stream. Pythia's architecture.
    case gptNeoX = "gpt_neox"

    /// Whether a position is a turn of queries and keys; otherwise it is a learned vector.
    var isRotary: Bool { self != .gpt2 }
    /// The architectures that have rotary positions, for a person.
    static let rotaryNames = "llama, mistral, qwen2, qwen3 or gemma3_text"
    /// Whether the norms are RMSNorm; otherwise they are LayerNorm.
    var usesRMSNorm: Bool { self != .gpt2 && self != .gptNeoX }
    /// Whether the feed-forward part has a gate, as SwiGLU; otherwise it is GELU alone.
    var isGated: Bool { self != .gpt2 && self != .gptNeoX }
    /// Whether the output head of a new model is the token embedding, as in the configurations of
    /// Hugging Face's classes.
    var tiesEmbeddings: Bool { self == .gpt2 || self == .gemma3 }
    /// Whether each head's queries and keys pass through an RMSNorm.
    var normalisesHeads: Bool { self == .qwen3 || self == .gemma3 }
    /// Whether what each part of a block adds to the stream passes through a norm first.
    var normalisesAdditions: Bool { self == .gemma3 }
    /// What is added to the factors of every norm.
    var normOffset: Float { self == .gemma3 ? 1 : 0 }
    /// Whether a token's vector is multiplied by the root of its length where it is read.
    var scalesEmbeddings: Bool { self == .gemma3 }
}

/// The ways in which a decoder tells positions apart.
public enum PositionEncoding: String, Codable, CaseIterable, Sendable {
    /// A vector of each position, learned and added to the token's: GPT-2's own way.
    case learned
    /// A turn of each head's queries and keys by angles that grow with the position, so that a
    /// score depends on the distance (Su et al., <https://arxiv.org/abs/2104.09864>): that of Llama
    /// and its like.
    case rotary
    /// A vector of sines and cosines of the position, added to the token's and not learned (Vaswani
    /// et al., <https://arxiv.org/abs/1706.03762>, section 3.5).
    ///
    /// A checkpoint holds the vectors in GPT-2's table of positions, so that `GPT2LMHeadModel`
    /// computes the same; Hugging Face's classes of Llama and its like have no place for them.
    case sinusoidal
}

extension GPTConfiguration {
    /// How positions are told apart: what was asked for, or else the architecture's own way.
    public var positionEncoding: PositionEncoding {
        positions ?? (architecture.isRotary ? .rotary : .learned)
    }

    /// Throws for positions that the architecture's class in Hugging Face cannot hold.
    func validatePositions() throws(ModelError) {
        guard (positionEncoding == .rotary) != architecture.isRotary else { return }
        throw .badConfiguration(
            reason: architecture.isRotary
                ? "\(architecture.rawValue) has rotary positions and no table for "
                    + "\(positionEncoding.rawValue) ones; set architecture to gpt2 for those"
                : "gpt2 has learned or sinusoidal positions; set architecture to "
                    + "\(Architecture.rotaryNames) for rotary ones")
    }
}
