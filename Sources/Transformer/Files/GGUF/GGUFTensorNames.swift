/// llama.cpp's names of the tensors of Hugging Face's classes.
///
/// Source: `LLM_TENSOR_NAMES` in llama.cpp's `src/llama-arch.cpp`.
enum GGUFTensorNames {
    /// The name of the tensor that a checkpoint calls `name`: "blk.0.attn_norm.weight" for
    /// "model.layers.0.input_layernorm.weight".
    static func name(ofCheckpointName name: String) -> String {
        if let fixed = outer[name] { return fixed }
        // "transformer.h.0.ln_1.weight": two words, the layer, what it is, and its kind.
        let words = name.split(separator: ".").map(String.init)
        let part = words[3..<words.count - 1].joined(separator: ".")
        guard let place = inner[part] else {
            preconditionFailure("no name in GGUF for \(name)")
        }
        return "blk.\(words[2]).\(place).\(words[words.count - 1])"
    }

    private static let outer = [
        "transformer.wte.weight": "token_embd.weight",
        "transformer.wpe.weight": positions,
        "transformer.ln_f.weight": "output_norm.weight",
        "transformer.ln_f.bias": "output_norm.bias",
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        TensorNames.head: "output.weight",
    ]

    /// The table of learned positions.
    static let positions = "position_embd.weight"

    private static let inner = [
        "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
        "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
        "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    ]
}
