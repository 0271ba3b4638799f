/// The names of an encoder–decoder's tensors, which are those of `MarianMTModel`.
///
/// A linear layer is called without its `.weight` and `.bias`, and so is a norm.
enum EncoderDecoderNames {
    /// The vectors of tokens on both sides, which are also the output head.
    static let tokens = "model.shared.weight"
    /// Terms of the logits, (1, V). Marian sets them and PyTorch does not train them.
    static let logitBias = "final_logits_bias"
    /// Names under which a checkpoint may hold the vectors of tokens once more.
    static let copies = [
        "lm_head.weight", "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight",
    ]

    /// The two halves of the model.
    enum Side: String, CaseIterable {
        case encoder, decoder
    }

    /// A block's linear layers and norms.
    struct Block {
        /// Attention over the side itself.
        let selfAttention: Attention
        /// Attention over the encoder's output, in the decoder.
        let crossAttention: Attention?
        let up: String  // (F, C)
        let down: String  // (C, F)
        let norm: String
    }

    /// Products of attention and the norm behind it.
    struct Attention {
        let query: String  // (C, C), like the others
        let key: String
        let value: String
        let out: String
        let norm: String
    }

    static func block(_ side: Side, _ layer: Int) -> Block {
        let prefix = "model.\(side).layers.\(layer)."
        func attention(_ name: String) -> Attention {
            let prefix = prefix + name
            return Attention(
                query: prefix + ".q_proj", key: prefix + ".k_proj", value: prefix + ".v_proj",
                out: prefix + ".out_proj", norm: prefix + "_layer_norm")
        }
        return Block(
            selfAttention: attention("self_attn"),
            crossAttention: side == .decoder ? attention("encoder_attn") : nil,
            up: prefix + "fc1", down: prefix + "fc2", norm: prefix + "final_layer_norm")
    }
}
