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

    /// Sets the parameters to a random start. Hidden weights are orthogonal, gate by gate, so that
    /// a state neither grows nor fades over many steps (Saxe, McClelland and Ganguli,
    /// <https://arxiv.org/abs/1312.6120>). Input weights are uniform within ±√(3 / inputs), which
    /// keeps a variance; embedding and head are normal with a deviation of 0.1 and 0.02. Biases are
    /// zero, but those of the LSTM's forget gate are one, so that a cell is kept at first
    /// (Jozefowicz, Zaremba and Sutskever, ICML 2015).
    public func initialize(seed: UInt64) {
        parameters.zero()
        var generator = RandomGenerator(seed: seed)
        fill(slices.tokens) { Float(generator.normal() * 0.1) }
        for layer in slices.layers {
            let bound = (3 / Double(layer.inputWeight.columns)).squareRoot()
            fill(layer.inputWeight) { Float((2 * generator.uniform() - 1) * bound) }
            for gate in 0..<configuration.architecture.gateCount {
                let rows = gate * configuration.hiddenSize..<(gate + 1) * configuration.hiddenSize
                Self.fillOrthogonal(layer.hiddenWeight.rows(rows), &generator)
            }
            if configuration.architecture == .lstm {
                let h = configuration.hiddenSize
                for unit in h..<2 * h { layer.hiddenBias[unit] = 1 }
            }
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

    /// Fills a square matrix with rows of length one at right angles: normal numbers, by the
    /// process of Gram and Schmidt. The vectors are the same on every processor. O(rows³).
    private static func fillOrthogonal(_ matrix: Matrix, _ generator: inout RandomGenerator) {
        let columns = matrix.columns
        var rows: [[SIMD8<Float>]] = []
        for index in 0..<matrix.rows {
            var row = [SIMD8<Float>](repeating: .zero, count: (columns + 7) / 8)
            for column in 0..<columns { row[column / 8][column % 8] = Float(generator.normal()) }
            // Twice is enough: what rounding leaves of other rows goes in the second turn.
            for _ in 0..<2 {
                for other in rows {
                    let share = dot(row, other)
                    for place in row.indices { row[place] -= other[place] * share }
                }
            }
            let scale = 1 / dot(row, row).squareRoot()
            let floats = matrix.row(index)
            for place in row.indices { row[place] *= scale }
            for column in 0..<columns { floats[column] = row[column / 8][column % 8] }
            rows.append(row)
        }
    }

    private static func dot(_ a: [SIMD8<Float>], _ b: [SIMD8<Float>]) -> Float {
        var sums = SIMD8<Float>.zero
        for place in a.indices { sums += a[place] * b[place] }
        return sums.sum()
    }
}
