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

extension ParameterLayout {
    /// The layout of a recurrent model of this shape. The gates of a weight are maps of their own
    /// for an optimizer that works on matrices.
    public init(_ configuration: RecurrentConfiguration) {
        let (h, v) = (configuration.hiddenSize, configuration.vocabularySize)
        let gates = configuration.architecture.gateCount
        var tensors: [Tensor] = []
        var end = 0
        func add(_ name: String, _ shape: [Int], _ role: Role, mapsFrom inputs: Int? = nil) {
            end = (end + 15) / 16 * 16
            let maps = inputs.map {
                MatrixPlace.parts(
                    of: Array(repeating: h, count: gates), from: $0, storesOutputRows: true,
                    at: end)
            }
            tensors.append(
                Tensor(
                    name: name, checkpointName: name, role: role, shape: shape, offset: end,
                    maps: maps ?? []))
            end += shape.reduce(1, *)
        }
        add(RecurrentNames.tokens, [v, configuration.embeddingSize], .embedding)
        for layer in 0..<configuration.layerCount {
            let inputs = configuration.inputSize(ofLayer: layer)
            add(RecurrentNames.inputWeight(layer), [gates * h, inputs], .matrix, mapsFrom: inputs)
            add(RecurrentNames.hiddenWeight(layer), [gates * h, h], .matrix, mapsFrom: h)
            add(RecurrentNames.inputBias(layer), [gates * h], .bias)
            add(RecurrentNames.hiddenBias(layer), [gates * h], .bias)
        }
        if !configuration.tiesEmbeddings { add(RecurrentNames.head, [v, h], .head) }
        self.tensors = tensors
        floatCount = (end + 15) / 16 * 16
        parameterCount = tensors.reduce(0) { $0 + $1.count }
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
