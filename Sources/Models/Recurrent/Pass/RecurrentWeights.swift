import Work

/// A recurrent model's matrices laid out as products read them, made once a step.
///
/// Hidden weights are always kept so, since every step of a sequence reads them; those of a large
/// head are not, as with a decoder.
final class RecurrentWeights {
    /// A layer's matrices; E inputs, G gates, H hidden units.
    struct Layer {
        let input: Matrix  // (E, G·H)
        /// One for each gate, so that a part of the units has whole panels.
        let hidden: [Matrix]  // (H, H)
        let hiddenTranspose: Matrix  // (G·H, H)
        /// What is added to the input's products: both biases, but that of the GRU's third hidden
        /// product, which stays by itself.
        let bias: FloatSlice  // (G·H)
        let valueBias: FloatSlice?  // (H)
    }

    let layers: [Layer]
    let tokens: Matrix  // (V, E)
    let head: Matrix  // (V, H)

    private struct Job {
        let source: Matrix
        let panels: FloatSlice
    }

    private let jobs: [Job]
    private let storage: FloatBuffer
    private let biases: FloatBuffer
    private let slices: RecurrentSlices
    private let configuration: RecurrentConfiguration
    private let kernels: Kernels

    init(_ model: RecurrentModel, level: KernelLevel) {
        let kernels = Kernels(level)
        let configuration = model.configuration
        let storage = FloatBuffer(count: Self.floatCount(configuration, kernels))
        let width = configuration.architecture.gateCount * configuration.hiddenSize
        let biases = FloatBuffer(count: configuration.layerCount * width)
        var jobs: [Job] = []
        var end = 0
        func packed(_ matrix: Matrix) -> Matrix {
            let start = end
            end += Self.room(matrix.rows, matrix.columns, kernels)
            let panels = storage.slice(start..<end)
            jobs.append(Job(source: matrix, panels: panels))
            var matrix = matrix
            matrix.packed = panels
            return matrix
        }
        /// With the panels of the transpose too.
        func bothPacked(_ matrix: Matrix) -> Matrix {
            var result = packed(matrix)
            result.packedTranspose = packed(matrix.transposed).packed
            return result
        }
        let h = configuration.hiddenSize
        layers = model.slices.layers.enumerated().map { index, layer in
            Layer(
                input: bothPacked(layer.inputWeight.transposed),
                hidden: (0..<configuration.architecture.gateCount).map {
                    packed(layer.hiddenWeight.rows($0 * h..<($0 + 1) * h).transposed)
                },
                hiddenTranspose: packed(layer.hiddenWeight),
                bias: biases.slice(index * width..<(index + 1) * width),
                valueBias: configuration.architecture == .gru
                    ? layer.hiddenBias[2 * h..<3 * h] : nil)
        }
        tokens = model.slices.tokens
        head =
            Self.packsHead(configuration)
            ? bothPacked(model.slices.head) : model.slices.head
        self.jobs = jobs
        self.storage = storage
        self.biases = biases
        self.kernels = kernels
        self.configuration = configuration
        slices = model.slices
    }

    private static func packsHead(_ c: RecurrentConfiguration) -> Bool {
        c.vocabularySize * c.hiddenSize <= PackedWeights<ParameterSlices>.maximumFloatCount
    }

    /// Floats of the panels.
    static func floatCount(_ c: RecurrentConfiguration, _ kernels: Kernels) -> Int {
        let (h, gates) = (c.hiddenSize, c.architecture.gateCount)
        var count = 0
        for layer in 0..<c.layerCount {
            let inputs = c.inputSize(ofLayer: layer)
            count += room(inputs, gates * h, kernels) + room(gates * h, inputs, kernels)
            count += gates * room(h, h, kernels) + room(gates * h, h, kernels)
        }
        if packsHead(c) {
            count += room(c.vocabularySize, h, kernels) + room(h, c.vocabularySize, kernels)
        }
        return count
    }

    private static func room(_ rows: Int, _ columns: Int, _ kernels: Kernels) -> Int {
        (kernels.packedCount(rows: rows, columns: columns) + 15) / 16 * 16
    }

    /// Bytes of the panels.
    var byteCount: Int { 4 * (storage.count + biases.count) }

    /// Lays the weights out anew, after they changed.
    func refresh(_ team: ThreadTeam) {
        team.run(jobs.count) { kernels.pack(jobs[$0].source, into: jobs[$0].panels) }
        for (layer, own) in zip(layers, slices.layers) {
            layer.bias.copy(from: own.inputBias)
            let count = layer.valueBias == nil ? layer.bias.count : 2 * configuration.hiddenSize
            kernels.add(own.hiddenBias[0..<count], to: layer.bias[0..<count])
        }
    }
}
