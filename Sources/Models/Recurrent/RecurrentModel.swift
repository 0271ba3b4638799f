import Work

/// A recurrent language model: an embedding, layers of RNN, LSTM or GRU cells, and a head.
///
/// It computes what PyTorch's modules `nn.Embedding`, `nn.RNN`, `nn.LSTM` or `nn.GRU`, and
/// `nn.Linear` compute with the same tensors. A class, because its parameters are one large
/// allocation that a trainer changes in place.
///
/// ```swift
/// let model = try RecurrentModel(configuration, seed: 42)
/// let logits = model.logits(for: [15, 8, 3])  // (3, vocabulary), row-major
/// ```
public final class RecurrentModel {
    /// The model's shape.
    public let configuration: RecurrentConfiguration
    /// Places of the tensors in ``parameters``.
    public let layout: ParameterLayout
    /// All parameters.
    public let parameters: FloatBuffer

    let slices: RecurrentSlices

    /// A model whose parameters are all zero, for a reader to fill.
    public init(zeros configuration: RecurrentConfiguration) throws(ModelError) {
        try configuration.validate()
        self.configuration = configuration
        layout = configuration.layout
        try configuration.checkParameterMemory(layout)
        parameters = FloatBuffer(count: layout.floatCount)
        slices = RecurrentSlices(configuration, layout, in: parameters.all)
    }

    /// A model with the random start of ``initialize(seed:)``.
    public convenience init(
        _ configuration: RecurrentConfiguration, seed: UInt64
    ) throws(ModelError) {
        try self.init(zeros: configuration)
        initialize(seed: seed)
    }

    /// Sets the parameters to a random start. Hidden weights are uniform within ±1/√H, as PyTorch
    /// has them, which learns faster here than orthogonal ones; input weights within
    /// ±√(3 / inputs), which keeps a variance; embedding and head are normal with a deviation of
    /// 0.1 and 0.02; biases are zero, those of the LSTM's forget gate too. <doc:RecurrentModels>
    /// has the figures.
    public func initialize(seed: UInt64) {
        parameters.zero()
        var generator = RandomGenerator(seed: seed)
        fill(slices.tokens) { Float(generator.normal() * 0.1) }
        func uniform(_ bound: Double) -> Float { Float((2 * generator.uniform() - 1) * bound) }
        for layer in slices.layers {
            let inputBound = (3 / Double(layer.inputWeight.columns)).squareRoot()
            fill(layer.inputWeight) { uniform(inputBound) }
            let hiddenBound = 1 / Double(configuration.hiddenSize).squareRoot()
            fill(layer.hiddenWeight) { uniform(hiddenBound) }
        }
        if !configuration.tiesEmbeddings {
            fill(slices.head) { Float(generator.normal() * 0.02) }
        }
    }

    private func fill(_ matrix: Matrix, _ value: () -> Float) {
        for row in 0..<matrix.rows {
            let floats = matrix.row(row)
            for column in 0..<matrix.columns { floats[column] = value() }
        }
    }
}
