/// Names of a recurrent model's tensors, which are those of `nn.Embedding`, `nn.RNN`, `nn.LSTM` or
/// `nn.GRU`, and `nn.Linear` as attributes `embed`, `rnn` and `head`.
enum RecurrentNames {
    static let tokens = "embed.weight"
    static let head = "head.weight"

    static func inputWeight(_ layer: Int) -> String { "rnn.weight_ih_l\(layer)" }
    static func hiddenWeight(_ layer: Int) -> String { "rnn.weight_hh_l\(layer)" }
    static func inputBias(_ layer: Int) -> String { "rnn.bias_ih_l\(layer)" }
    static func hiddenBias(_ layer: Int) -> String { "rnn.bias_hh_l\(layer)" }
}

extension RecurrentConfiguration {
    /// Layout of the parameters. The gates of a weight are maps of their own for an optimizer that
    /// works on matrices. O(layers).
    public var layout: ParameterLayout {
        let gates = Array(repeating: hiddenSize, count: architecture.gateCount)
        var placement = TensorPlacement()
        placement.add(RecurrentNames.tokens, [vocabularySize, embeddingSize], .embedding)
        for layer in 0..<layerCount {
            placement.beginPart()
            placement.linear(
                weights: [RecurrentNames.inputWeight(layer)], biases: [],
                from: inputSize(ofLayer: layer), to: gates, .matrix)
            placement.linear(
                weights: [RecurrentNames.hiddenWeight(layer)], biases: [], from: hiddenSize,
                to: gates, .matrix)
            placement.add(
                RecurrentNames.inputBias(layer), [gates.count * hiddenSize], .bias)
            placement.add(
                RecurrentNames.hiddenBias(layer), [gates.count * hiddenSize], .bias)
        }
        if !tiesEmbeddings {
            placement.beginPart()
            placement.add(RecurrentNames.head, [vocabularySize, hiddenSize], .head)
        }
        return ParameterLayout(placement)
    }
}

/// The tensors of a buffer of a recurrent model's parameters, or of their gradients.
struct RecurrentSlices {
    /// A layer's tensors; G gates, H hidden units, E floats of its input.
    struct Layer {
        let inputWeight: Matrix  // (G·H, E)
        let hiddenWeight: Matrix  // (G·H, H)
        let inputBias: FloatSlice  // (G·H)
        let hiddenBias: FloatSlice  // (G·H)
    }

    let tokens: Matrix  // (V, E)
    let layers: [Layer]
    /// The output head; the tokens themselves where they are tied.
    let head: Matrix  // (V, H)

    /// The tensors in `buffer`, which has the layout of a model of shape `configuration`.
    init(_ configuration: RecurrentConfiguration, _ layout: ParameterLayout, in buffer: FloatSlice)
    {
        precondition(buffer.count == layout.floatCount, "a buffer of another layout")
        var rest = layout.tensors[...]
        func slice() -> FloatSlice { buffer[rest.removeFirst().range] }
        func matrix() -> Matrix {
            let shape = rest.first?.shape ?? []
            return Matrix(slice(), shape[0], shape[1])
        }
        tokens = matrix()
        layers = (0..<configuration.layerCount).map { _ in
            Layer(
                inputWeight: matrix(), hiddenWeight: matrix(), inputBias: slice(),
                hiddenBias: slice())
        }
        head = configuration.tiesEmbeddings ? tokens : matrix()
    }
}
