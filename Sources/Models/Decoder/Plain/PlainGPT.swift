/// The model in simple loops: what ``GPT`` computes, written to be read, and what its kernels are
/// tested against.
///
/// It works on one sequence at a time, in Float or, for central differences, in Double. Start with
/// `forward`; each operation is a file of its own beside this one, its backward below its
/// forward.
///
/// Letters: t positions of the sequence, C embedding size, F inside of the feed-forward part, Q and
/// K the widths of all queries and of all keys, V vocabulary.
public struct PlainGPT<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    /// The model's shape.
    public let configuration: GPTConfiguration
    /// Places of the tensors in ``parameters``.
    public let layout: ParameterLayout
    /// All parameters.
    public var parameters: [Scalar]

    let names: TensorNames
    /// Cosines and sines of rotary positions, and those of layers in which a window slides, where
    /// these are others; nil where positions are learned.
    private let rotaryTable: (full: [Scalar], local: [Scalar]?)?

    /// The parameters of `model`, as other numbers.
    public init(_ model: GPT) {
        configuration = model.configuration
        layout = model.layout
        parameters = model.parameters.array.map { Scalar($0) }
        names = TensorNames(configuration)
        rotaryTable = model.rotaryTable.map { table in
            (table.full.array.map { Scalar($0) }, table.local?.array.map { Scalar($0) })
        }
    }

    /// Cosines and sines of rotary positions in a layer; nil where positions are learned.
    func rotaryTable(ofLayer layer: Int) -> [Scalar]? {
        configuration.isLocal(layer) ? rotaryTable?.local ?? rotaryTable?.full : rotaryTable?.full
    }

    /// A sequence as the model reads it.
    struct Sequence {
        let ids: [TokenID]
        /// The first position of each one's document.
        let starts: [Int]
        let dropout: PlainDropout<Scalar>?

        /// The place of each in its document.
        var places: [Int] { starts.indices.map { $0 - starts[$0] } }
    }

    func sequence(
        _ ids: [TokenID], _ documentStarts: [Int32]?, _ dropout: Dropout?
    ) -> Sequence {
        Sequence(
            ids: ids, starts: documentStarts?.map { Int($0) } ?? ids.map { _ in 0 },
            dropout: dropout.map {
                PlainDropout(
                    stream: $0.stream(ofSequence: 0), heads: configuration.headCount)
            })
    }

    // MARK: Forward

    /// Values of one block, for its backward and for a reader, each (t, …).
    struct BlockTrace {
        var input: Matrix  // (t, C)
        var norm1: Matrix  // (t, C)
        var projected: Matrix  // (t, Q + 2K): queries, keys and values
        var qkv: Matrix  // (t, Q + 2K), after norm and turn of the heads
        var attended: Matrix  // (t, Q)
        var product1: Matrix  // (t, C), what attention makes, before a norm of it
        var fetched: Matrix  // (t, C), what attention adds
        var middle: Matrix  // (t, C)
        var norm2: Matrix  // (t, C)
        var up: Matrix  // (t, F) before the activation, or (t, 2F) before the gate
        var hidden: Matrix  // (t, F), after it
        var product2: Matrix  // (t, C), what the feed-forward part makes, before a norm of it
        var made: Matrix  // (t, C), what the feed-forward part adds
    }

    /// Values of the whole forward, for the backward and for a reader.
    struct Trace {
        var tokens: Matrix  // (t, C), before positions
        var positions: Matrix?  // (t, C), where they are vectors
        var blocks: [BlockTrace] = []
        var output: Matrix  // (t, C), of the last block
        var norm: Matrix  // (t, C)
        var logits: Matrix  // (t, V)
    }

    /// From ids to logits: embed, then the blocks, then one more norm, then compare with every
    /// token's vector in the head.
    func forward(_ sequence: Sequence) -> Trace {
        let (tokens, places) = (matrix(names.tokens), sequence.places)
        let c = configuration.embeddingSize
        var embedded = rows(sequence.ids.map(\.index), of: tokens)
        let factor = Scalar(configuration.embeddingFactor)
        for index in embedded.elements.indices { embedded.elements[index] *= factor }
        let positions = names.positions.map { rows(places, of: matrix($0)) }
        var x = embedded
        if let positions { x += positions }
        x = sequence.dropout?.drop(x, .embedding) ?? x
        var blocks: [BlockTrace] = []
        for layer in 0..<configuration.layerCount {
            let (trace, output) = forwardBlock(x, layer, sequence)
            blocks.append(trace)
            x = output
        }
        let norm = norm(x, names.finalNorm)
        let head = matrix(headName)
        var logits = Matrix(norm.rows, head.rows)
        for t in 0..<norm.rows {
            for v in 0..<head.rows {
                for i in 0..<c { logits[t, v] += norm[t, i] * head[v, i] }
            }
        }
        return Trace(
            tokens: embedded, positions: positions, blocks: blocks, output: x, norm: norm,
            logits: logits)
    }

    /// The rows of a table at some places, one below the other.
    private func rows(_ places: [Int], of table: Matrix) -> Matrix {
        Matrix(
            places.count, table.columns,
            places.flatMap { place in (0..<table.columns).map { table[place, $0] } })
    }

    /// A block adds two things to the stream: what attention fetches from earlier positions, and
    /// what the feed-forward part makes of each position. The latter reads what the former has
    /// added to, or, where both are parallel, what it was before. In some architectures each passes
    /// through a norm before it is added.
    private func forwardBlock(
        _ x: Matrix, _ layer: Int, _ sequence: Sequence
    ) -> (BlockTrace, Matrix) {
        let h = names.block(layer)
        let norm1 = norm(x, h.norm1)
        let projected = linear(norm1, h.qkv)
        let qkv = heads(projected, h, layer, sequence)
        let attended = attention(layer, sequence).forward(qkv)
        let product1 = linear(attended, h.out)
        var fetched = h.addedNorm1.isEmpty ? product1 : norm(product1, h.addedNorm1)
        fetched = sequence.dropout?.drop(fetched, .attentionOutput(layer: layer)) ?? fetched
        let middle = x + fetched
        let norm2 = norm(configuration.isParallel ? x : middle, h.norm2)
        let up = linear(norm2, h.up)
        let hidden =
            configuration.architecture.isGated
            ? PlainGate.forward(up, configuration.activation)
            : Matrix(
                up.rows, up.columns,
                up.elements.map { PlainActivation.forward($0, configuration.activation) })
        let product2 = linear(hidden, h.down)
        var made = h.addedNorm2.isEmpty ? product2 : norm(product2, h.addedNorm2)
        made = sequence.dropout?.drop(made, .feedForward(layer: layer)) ?? made
        let trace = BlockTrace(
            input: x, norm1: norm1, projected: projected, qkv: qkv, attended: attended,
            product1: product1, fetched: fetched, middle: middle, norm2: norm2, up: up,
            hidden: hidden, product2: product2, made: made)
        return (trace, middle + made)
    }

    /// Queries and keys on their way to attention: a norm over each head, and the turn by position.
    private func heads(
        _ projected: Matrix, _ h: TensorNames.Block, _ layer: Int, _ sequence: Sequence
    ) -> Matrix {
        let shape = AttentionShape(configuration, positions: projected.rows)
        var qkv = projected
        for head in 0..<shape.heads + shape.keyValueHeads where !h.headNorms.isEmpty {
            let columns = head * shape.headSize..<(head + 1) * shape.headSize
            let name = h.headNorms[head < shape.heads ? 0 : 1]
            qkv[columns: columns] = norm(projected[columns: columns], [name])
        }
        if let table = rotaryTable(ofLayer: layer) {
            PlainRotation.forward(
                &qkv, heads: shape.heads + shape.keyValueHeads, size: shape.headSize,
                turned: configuration.rotaryWidth, places: sequence.places, table: table)
        }
        return qkv
    }

    /// The first position that each sees in a layer: that of its document, or where the window that
    /// ends with it begins.
    private func starts(ofLayer layer: Int, _ sequence: Sequence) -> [Int] {
        guard let window = configuration.window(ofLayer: layer) else { return sequence.starts }
        return sequence.starts.enumerated().map { max($1, $0 - window + 1) }
    }

    func attention(_ layer: Int, _ sequence: Sequence) -> PlainAttention<Scalar> {
        PlainAttention(
            shape: AttentionShape(configuration, positions: sequence.ids.count),
            starts: starts(ofLayer: layer, sequence)
        ) { head, i, j in
            sequence.dropout?.factor(.attention(layer: layer, head: head), row: i, column: j) ?? 1
        }
    }
}
