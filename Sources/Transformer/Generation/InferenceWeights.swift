import Work

/// A model's matrices as generation multiplies by them: where they lie, or a copy of fewer bits.
///
/// Embeddings, norms and biases are those of the model, whose parameters must not change meanwhile.
final class InferenceWeights {
    /// A product's matrix (in, out) and its bias (out).
    struct Linear {
        /// The matrix as it was trained; its shape, if there is a reduced one.
        let matrix: Matrix
        let reduced: ReducedMatrix?
        let bias: FloatSlice?
    }

    /// A block's products.
    struct Layer {
        let qkv: Linear
        let out: Linear
        let up: Linear
        let down: Linear
    }

    let layers: [Layer]
    /// From the last norm to logits, (C, V).
    let head: Linear
    /// Bytes that are read for a token: those of all matrices.
    let byteCount: Int

    init(_ model: GPT, _ format: WeightFormat, team: ThreadTeam) {
        var byteCount = 0
        func linear(_ matrix: Matrix, _ bias: FloatSlice?) -> Linear {
            let reduced = format.reducedFormat.map {
                ReducedMatrix(matrix, format: $0, team: team)
            }
            byteCount += reduced?.byteCount ?? 4 * matrix.rows * matrix.columns
            return Linear(matrix: matrix, reduced: reduced, bias: bias)
        }
        func linear(_ p: ParameterSlices.Linear) -> Linear { linear(p.weight, p.bias) }
        layers = model.slices.layers.map {
            Layer(
                qkv: linear($0.qkv), out: linear($0.out), up: linear($0.up), down: linear($0.down))
        }
        head = linear(model.slices.head.transposed, nil)
        self.byteCount = byteCount
    }
}
