import Foundation
import Storage

/// Hugging Face's `config.json` of a GPT-2 model.
struct ModelConfigurationFile {
    /// The fields that decide whether Quern computes the same; absent ones have GPT-2's defaults.
    private struct Fields: Decodable {
        var model_type: String?
        var vocab_size: Int?
        var n_positions: Int?
        var n_embd: Int?
        var n_layer: Int?
        var n_head: Int?
        var n_inner: Int?
        var activation_function: String?
        var layer_norm_epsilon: Double?
        var tie_word_embeddings: Bool?
        var scale_attn_weights: Bool?
        var scale_attn_by_inverse_layer_idx: Bool?
        var add_cross_attention: Bool?
        var eos_token_id: Int?
    }

    let configuration: GPTConfiguration
    let endToken: Int?

    init(path: String) throws(TransformerError) {
        let data: [UInt8]
        do {
            data = try MappedFile(path: path).withBytes { bytes in
                unsafe bytes.withUnsafeBytes { unsafe Array($0) }
            }
        } catch {
            throw .storage(reason: error.description)
        }
        let fields: Fields
        do { fields = try JSONDecoder().decode(Fields.self, from: Data(data)) } catch {
            throw .malformed(path: path, reason: "it is not a model's configuration in JSON")
        }
        func unsupported(_ reason: String) -> TransformerError {
            .unsupportedModel(path: path, reason: reason)
        }
        guard fields.model_type == "gpt2" else {
            throw unsupported("model_type is \(fields.model_type ?? "missing"), not gpt2")
        }
        let activation = fields.activation_function ?? "gelu_new"
        guard activation == "gelu_new" || activation == "gelu_pytorch_tanh" else {
            throw unsupported("activation_function is \(activation), not gelu_new")
        }
        guard fields.tie_word_embeddings ?? true else {
            throw unsupported("its output head is not tied to the token embedding")
        }
        guard fields.scale_attn_weights ?? true,
            !(fields.scale_attn_by_inverse_layer_idx ?? false)
        else { throw unsupported("its attention is scaled in another way") }
        guard !(fields.add_cross_attention ?? false) else {
            throw unsupported("it has cross-attention")
        }
        let embeddingSize = fields.n_embd ?? 768
        guard fields.n_inner == nil || fields.n_inner == 4 * embeddingSize else {
            throw unsupported("n_inner is not four times n_embd")
        }
        configuration = GPTConfiguration(
            layerCount: fields.n_layer ?? 12, headCount: fields.n_head ?? 12,
            embeddingSize: embeddingSize, positionCount: fields.n_positions ?? 1024,
            vocabularySize: fields.vocab_size ?? 50257,
            layerNormEpsilon: Float(fields.layer_norm_epsilon ?? 1e-5))
        endToken = fields.eos_token_id
        try configuration.validate()
    }

    /// The text of `config.json`. `n_ctx` repeats the context, because converters to GGUF read it.
    static func text(_ c: GPTConfiguration, endToken: Int?) -> String {
        let end = endToken.map(String.init) ?? "null"
        return """
            {
              "activation_function": "gelu_new",
              "architectures": [
                "GPT2LMHeadModel"
              ],
              "attn_pdrop": 0.0,
              "bos_token_id": \(end),
              "embd_pdrop": 0.0,
              "eos_token_id": \(end),
              "initializer_range": 0.02,
              "layer_norm_epsilon": \(c.layerNormEpsilon),
              "model_type": "gpt2",
              "n_ctx": \(c.positionCount),
              "n_embd": \(c.embeddingSize),
              "n_head": \(c.headCount),
              "n_inner": null,
              "n_layer": \(c.layerCount),
              "n_positions": \(c.positionCount),
              "resid_pdrop": 0.0,
              "tie_word_embeddings": true,
              "torch_dtype": "float32",
              "vocab_size": \(c.vocabularySize)
            }

            """
    }

    /// The text of `generation_config.json`.
    static func generationText(endToken: Int?) -> String {
        let end = endToken.map(String.init) ?? "null"
        return """
            {
              "_from_model_config": true,
              "bos_token_id": \(end),
              "eos_token_id": \(end)
            }

            """
    }
}
