/// GPT-2 in simple loops: what ``GPT`` computes, written to be read, and what its kernels are
/// tested against.
///
/// It works on one sequence at a time, in Float or, for central differences, in Double. Start with
/// ``forward(_:)``; each operation is a file of its own beside this one, its backward below its
/// forward.
///
/// Letters: t positions of the sequence, C embedding size, V vocabulary.
public struct PlainGPT<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    /// The model's shape.
    public let configuration: GPTConfiguration
    /// Where each tensor lies in ``parameters``.
    public let layout: ParameterLayout
    /// All parameters.
    public var parameters: [Scalar]

    /// The parameters of `model`, as other numbers.
    public init(_ model: GPT) {
        configuration = model.configuration
        layout = model.layout
        parameters = model.parameters.array.map { Scalar($0) }
    }

    /// A tensor as a matrix.
    func matrix(_ name: String) -> Matrix {
        let tensor = place(name)
        return Matrix(tensor.shape[0], tensor.shape[1], parameters[tensor.range])
    }

    /// A tensor as a vector.
    func vector(_ name: String) -> [Scalar] { Array(parameters[place(name).range]) }

    func place(_ name: String) -> ParameterLayout.Tensor {
        guard let tensor = layout.tensor(named: name) else {
            preconditionFailure("GPT-2 has no tensor \(name)")
        }
        return tensor
    }

    var epsilon: Scalar { Scalar(configuration.layerNormEpsilon) }

    // MARK: Forward

    /// What the backward needs of one block, each (t, …).
    struct BlockTrace {
        var input: Matrix  // (t, C)
        var norm1: Matrix  // (t, C)
        var qkv: Matrix  // (t, 3C)
        var attended: Matrix  // (t, C)
        var middle: Matrix  // (t, C)
        var norm2: Matrix  // (t, C)
        var up: Matrix  // (t, 4C), before GELU
        var hidden: Matrix  // (t, 4C), after it
    }

    /// What the backward needs of the whole.
    struct Trace {
        var blocks: [BlockTrace] = []
        var output: Matrix  // (t, C), of the last block
        var norm: Matrix  // (t, C)
        var logits: Matrix  // (t, V)
    }

    /// From ids to logits: embed, then the blocks, then one more LayerNorm, then compare with every
    /// token's embedding.
    func forward(_ ids: [Int32]) -> Trace {
        let (tokens, positions) = (matrix("wte.weight"), matrix("wpe.weight"))
        let c = configuration.embeddingSize
        var x = Matrix(ids.count, c)
        for t in 0..<ids.count {
            for i in 0..<c { x[t, i] = tokens[Int(ids[t]), i] + positions[t, i] }
        }
        var blocks: [BlockTrace] = []
        for layer in 0..<configuration.layerCount {
            let (trace, output) = forwardBlock(x, "h.\(layer).")
            blocks.append(trace)
            x = output
        }
        let norm = PlainLayerNorm.forward(
            x, vector("ln_f.weight"), vector("ln_f.bias"), epsilon)
        var logits = Matrix(ids.count, tokens.rows)
        for t in 0..<ids.count {
            for v in 0..<tokens.rows {
                for i in 0..<c { logits[t, v] += norm[t, i] * tokens[v, i] }
            }
        }
        return Trace(blocks: blocks, output: x, norm: norm, logits: logits)
    }

    /// A block adds two things to the stream: what attention fetches from earlier positions, and
    /// what the feed-forward part makes of each position.
    private func forwardBlock(_ x: Matrix, _ h: String) -> (BlockTrace, Matrix) {
        let norm1 = PlainLayerNorm.forward(
            x, vector(h + "ln_1.weight"), vector(h + "ln_1.bias"), epsilon)
        let qkv = PlainLinear.forward(
            norm1, matrix(h + "attn.c_attn.weight"), vector(h + "attn.c_attn.bias"))
        let attended = PlainAttention.forward(qkv, heads: configuration.headCount)
        var middle = PlainLinear.forward(
            attended, matrix(h + "attn.c_proj.weight"), vector(h + "attn.c_proj.bias"))
        middle += x
        let norm2 = PlainLayerNorm.forward(
            middle, vector(h + "ln_2.weight"), vector(h + "ln_2.bias"), epsilon)
        let up = PlainLinear.forward(
            norm2, matrix(h + "mlp.c_fc.weight"), vector(h + "mlp.c_fc.bias"))
        let hidden = Matrix(up.rows, up.columns, up.elements.map(PlainGELU.forward))
        var output = PlainLinear.forward(
            hidden, matrix(h + "mlp.c_proj.weight"), vector(h + "mlp.c_proj.bias"))
        output += middle
        let trace = BlockTrace(
            input: x, norm1: norm1, qkv: qkv, attended: attended, middle: middle, norm2: norm2,
            up: up, hidden: hidden)
        return (trace, output)
    }

    /// The logits after each of `ids`, (count, V) row-major.
    public func logits(for ids: [Int32]) -> [Scalar] { forward(ids).logits.elements }

    /// The loss of each position: the negative logarithm of the probability of its target; 0 where
    /// the target is -1.
    public func losses(_ ids: [Int32], targets: [Int32]) -> [Scalar] {
        let logits = forward(ids).logits
        return targets.indices.map { t in
            guard targets[t] >= 0 else { return 0 }
            return -Scalar.logarithm(Self.softmax(logits, row: t)[Int(targets[t])])
        }
    }

    static func softmax(_ logits: Matrix, row: Int) -> [Scalar] {
        let values = (0..<logits.columns).map { logits[row, $0] }
        let greatest = values.max() ?? 0
        let powers = values.map { Scalar.exponential($0 - greatest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }
}
