import Work

/// A decoder's matrices as generation multiplies by them.
///
/// Embeddings, norms and biases are those of the model, whose parameters must not change meanwhile.
struct GPTInferenceWeights {
    /// A block's products.
    struct Layer {
        let qkv: InferenceLinear
        let out: InferenceLinear
        let up: InferenceLinear
        let down: InferenceLinear
    }

    let layers: [Layer]
    /// From the last norm to logits, (C, V).
    let head: InferenceLinear
    /// Bytes that are read for a token: those of all matrices.
    let byteCount: Int

    init(_ model: GPT, _ format: WeightFormat, team: ThreadTeam) {
        let linear = InferenceLinear.maker(format, team: team)
        layers = model.slices.layers.map {
            Layer(
                qkv: linear($0.qkv), out: linear($0.out), up: linear($0.up), down: linear($0.down))
        }
        head = InferenceLinear(model.slices.head.transposed, nil, format, team: team)
        byteCount = layers.reduce(head.byteCount) {
            $0 + $1.qkv.byteCount + $1.out.byteCount + $1.up.byteCount + $1.down.byteCount
        }
    }
}
