/// The recurrent model in simple loops: what ``RecurrentModel`` computes, written to be read, and
/// what its kernels are tested against.
///
/// It works on one sequence at a time, in Float or, for central differences, in Double. Start with
/// `forward`; the cells are in `PlainCell.swift`.
public struct PlainRecurrent<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>
    typealias Cell = PlainCell<Scalar>

    /// The model's shape.
    public let configuration: RecurrentConfiguration
    /// Places of the tensors in ``parameters``.
    public let layout: ParameterLayout
    /// All parameters.
    public var parameters: [Scalar]

    /// The parameters of `model`, as other numbers.
    public init(_ model: RecurrentModel) {
        configuration = model.configuration
        layout = model.layout
        parameters = model.parameters.array.map { Scalar($0) }
    }

    /// A sequence as the model reads it.
    struct Sequence {
        let ids: [TokenID]
        /// The first position of each one's document, where the state is zero.
        let starts: [Int]
        let dropout: PlainDropout<Scalar>?
    }

    /// Values of the whole forward that the backward needs.
    struct Trace {
        /// The steps of each layer.
        var layers: [[Cell.Trace]] = []
        var outputs: [[Scalar]] = []  // (t, H), of the last layer
        var logits: Matrix  // (t, V)
    }

    // MARK: Forward

    /// From ids to logits: embed, then layer by layer and step by step, then compare with every
    /// token's vector in the head.
    func forward(_ sequence: Sequence) -> Trace {
        let tokens = matrix(RecurrentNames.tokens)
        var x = sequence.ids.map { id in (0..<tokens.columns).map { tokens[id.index, $0] } }
        var trace = Trace(logits: Matrix(x.count, configuration.vocabularySize))
        for layer in 0..<configuration.layerCount {
            if layer > 0 { x = drop(x, layer, sequence) }
            let cell = cell(layer)
            var state = cell.zeroState
            var steps: [Cell.Trace] = []
            for t in x.indices {
                if sequence.starts[t] == t { state = cell.zeroState }
                steps.append(cell.forward(x[t], state))
                state = steps[t].after
            }
            trace.layers.append(steps)
            x = steps.map(\.after.h)
        }
        let head = matrix(headName)
        for t in x.indices {
            for v in 0..<head.rows {
                for i in x[t].indices { trace.logits[t, v] += x[t][i] * head[v, i] }
            }
        }
        trace.outputs = x
        return trace
    }

    /// Dropout of what layer `layer` reads of the one below; also its gradient's way back.
    func drop(_ x: [[Scalar]], _ layer: Int, _ sequence: Sequence) -> [[Scalar]] {
        guard let dropout = sequence.dropout else { return x }
        let width = configuration.hiddenSize
        let dropped = dropout.drop(
            Matrix(x.count, width, x.flatMap { $0 }), .layerInput(layer: layer))
        return x.indices.map { Array(dropped.elements[$0 * width..<($0 + 1) * width]) }
    }

    // MARK: Parameters

    var headName: String {
        configuration.tiesEmbeddings ? RecurrentNames.tokens : RecurrentNames.head
    }

    func place(_ name: String) -> ParameterLayout.Tensor {
        guard let tensor = layout.tensor(named: name) else {
            preconditionFailure("the model has no tensor \(name)")
        }
        return tensor
    }

    func matrix(_ name: String) -> Matrix {
        let tensor = place(name)
        return Matrix(tensor.shape[0], tensor.shape[1], parameters[tensor.range])
    }

    func cell(_ layer: Int) -> Cell {
        Cell(
            architecture: configuration.architecture,
            inputWeight: matrix(RecurrentNames.inputWeight(layer)),
            hiddenWeight: matrix(RecurrentNames.hiddenWeight(layer)),
            inputBias: Array(parameters[place(RecurrentNames.inputBias(layer)).range]),
            hiddenBias: Array(parameters[place(RecurrentNames.hiddenBias(layer)).range]))
    }

    func sequence(
        _ ids: [TokenID], _ documentStarts: [Int32]?, _ dropout: Dropout?
    ) -> Sequence {
        Sequence(
            ids: ids, starts: documentStarts?.map { Int($0) } ?? ids.map { _ in 0 },
            dropout: dropout.map {
                PlainDropout(stream: $0.stream(ofSequence: 0), heads: 0)
            })
    }
}
