/// The names that a decoder's tensors have in Hugging Face's checkpoints, without the prefix
/// that ``prefix`` holds.
struct TensorNames {
    /// A linear layer: its weights, more than one where Hugging Face keeps apart what is one
    /// product here, and its biases, as many or none.
    struct Linear {
        let weights: [String]
        let biases: [String]
        /// Whether the file has the rows of each head's queries, keys and values together.
        var isByHeads = false
    }

    /// A block's tensors.
    struct Block {
        let norm1: [String]  // weight, and a bias in LayerNorm
        let qkv: Linear
        let headNorms: [String]  // of queries and keys, or none
        let out: Linear
        var addedNorm1: [String] = []  // of what attention adds, or none
        let norm2: [String]
        let up: Linear
        let down: Linear
        var addedNorm2: [String] = []  // of what the feed-forward part adds, or none
    }

    /// Before every name in the file but the head's.
    let prefix: String
    let tokens: String
    let positions: String?
    let finalNorm: [String]
    /// Whether a matrix is stored (out, in), as `torch.nn.Linear` has it, not (in, out).
    let storesOutputRows: Bool
    let block: @Sendable (Int) -> Block

    /// The head where it is not the token embedding; it stands outside of the prefix.
    let head: String

    init(_ configuration: GPTConfiguration) {
        let architecture = configuration.architecture
        let (attention, isBiased) = (
            configuration.attentionBiases, configuration.hasFeedForwardBiases
        )
        head = architecture == .gptNeoX ? "embed_out.weight" : "lm_head.weight"
        switch architecture {
        case .gpt2:
            prefix = "transformer."
            tokens = "wte.weight"
            positions = "wpe.weight"
            finalNorm = ["ln_f.weight", "ln_f.bias"]
            storesOutputRows = false
            block = { layer in
                let h = "h.\(layer)."
                func linear(_ name: String) -> Linear {
                    Linear(weights: [h + name + ".weight"], biases: [h + name + ".bias"])
                }
                return Block(
                    norm1: [h + "ln_1.weight", h + "ln_1.bias"], qkv: linear("attn.c_attn"),
                    headNorms: [], out: linear("attn.c_proj"),
                    norm2: [h + "ln_2.weight", h + "ln_2.bias"], up: linear("mlp.c_fc"),
                    down: linear("mlp.c_proj"))
            }
        case .gptNeoX:
            prefix = "gpt_neox."
            tokens = "embed_in.weight"
            positions = nil
            finalNorm = ["final_layer_norm.weight", "final_layer_norm.bias"]
            storesOutputRows = true
            block = { layer in
                let l = "layers.\(layer)."
                func norm(_ name: String) -> [String] {
                    [l + name + ".weight", l + name + ".bias"]
                }
                func linear(
                    _ name: String, hasBias: Bool, isByHeads: Bool = false
                ) -> Linear {
                    Linear(
                        weights: [l + name + ".weight"],
                        biases: hasBias ? [l + name + ".bias"] : [], isByHeads: isByHeads)
                }
                return Block(
                    norm1: norm("input_layernorm"),
                    qkv: linear(
                        "attention.query_key_value", hasBias: attention == .all, isByHeads: true),
                    headNorms: [], out: linear("attention.dense", hasBias: attention == .all),
                    norm2: norm("post_attention_layernorm"),
                    up: linear("mlp.dense_h_to_4h", hasBias: isBiased),
                    down: linear("mlp.dense_4h_to_h", hasBias: isBiased))
            }
        case .llama, .mistral, .qwen2, .qwen3, .gemma3:
            prefix = "model."
            tokens = "embed_tokens.weight"
            positions = nil
            finalNorm = ["norm.weight"]
            storesOutputRows = true
            block = { layer in
                func named(_ names: [String], _ kind: String = "weight") -> [String] {
                    names.map { "layers.\(layer).\($0).\(kind)" }
                }
                func linear(_ names: String..., hasBiases: Bool) -> Linear {
                    Linear(weights: named(names), biases: hasBiases ? named(names, "bias") : [])
                }
                let addsNorms = architecture.normalisesAdditions
                return Block(
                    norm1: named(["input_layernorm"]),
                    qkv: linear(
                        "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                        hasBiases: attention != .none),
                    headNorms: architecture.normalisesHeads
                        ? named(["self_attn.q_norm", "self_attn.k_norm"]) : [],
                    out: linear("self_attn.o_proj", hasBiases: attention == .all),
                    // The name of the one in Llama is that of the other where there are both.
                    addedNorm1: addsNorms ? named(["post_attention_layernorm"]) : [],
                    norm2: named([
                        addsNorms ? "pre_feedforward_layernorm" : "post_attention_layernorm"
                    ]),
                    up: linear("mlp.gate_proj", "mlp.up_proj", hasBiases: isBiased),
                    down: linear("mlp.down_proj", hasBiases: isBiased),
                    addedNorm2: addsNorms ? named(["post_feedforward_layernorm"]) : [])
            }
        }
    }
}
