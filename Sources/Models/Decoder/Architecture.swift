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
    /// `Qwen3ForCausalLM`: as ``llama``, with an RMSNorm over each head's queries and keys.
    case qwen3

    /// Whether a position is a turn of queries and keys; otherwise it is a learned vector.
    var isRotary: Bool { self != .gpt2 }
    /// Whether the norms are RMSNorm; otherwise they are LayerNorm.
    var usesRMSNorm: Bool { self != .gpt2 }
    /// Whether the feed-forward part is SwiGLU; otherwise it is GELU.
    var isGated: Bool { self != .gpt2 }
    /// Whether products have a bias.
    var hasBiases: Bool { self == .gpt2 }
    /// Whether each head's queries and keys pass through an RMSNorm.
    var normalisesHeads: Bool { self == .qwen3 }
}
