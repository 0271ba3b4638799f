/// An encoder–decoder in simple loops: what ``EncoderDecoder`` computes, written to be read, and
/// what its kernels are tested against.
///
/// It works on one pair at a time, in Float or, for central differences, in Double. Start with
/// `forward`; the backward of each part stands in the file beside this one.
///
/// Letters: s tokens of the source, t of the target, C embedding size, F inside of the feed-forward
/// part, V vocabulary.
public struct PlainEncoderDecoder<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>
    typealias Names = EncoderDecoderNames

    /// The model's shape.
    public let configuration: EncoderDecoderConfiguration
    /// Places of the tensors in ``parameters``.
    public let layout: ParameterLayout
    /// All parameters.
    public var parameters: [Scalar]

    let positions: Matrix

    /// The parameters of `model`, as other numbers.
    public init(_ model: EncoderDecoder) {
        configuration = model.configuration
        layout = model.layout
        parameters = model.parameters.array.map { Scalar($0) }
        positions = Matrix(
            configuration.positionCount, configuration.embeddingSize,
            model.positionTable.array.map { Scalar($0) })
    }

    // MARK: Forward

    /// Values of attention and of the norm behind it that the backward needs.
    struct AttentionTrace {
        let input: Matrix  // (n, C), of the queries
        let memory: Matrix  // (u, C), of the keys and values
        let (q, k, v): (Matrix, Matrix, Matrix)
        let attended: Matrix  // (n, C)
        let sum: Matrix  // (n, C)
    }

    struct FeedForwardTrace {
        let input: Matrix  // (n, C)
        let hidden: Matrix  // (n, F), after ReLU
        let sum: Matrix  // (n, C)
    }

    struct BlockTrace {
        let own: AttentionTrace
        let cross: AttentionTrace?
        let feedForward: FeedForwardTrace
    }

    struct Trace {
        var encoder: [BlockTrace] = []
        var decoder: [BlockTrace] = []
        var memory: Matrix  // (s, C)
        var output: Matrix  // (t, C)
        var logits: Matrix  // (t, V)
    }

    /// From a pair to logits: the encoder reads the source, the decoder the target and what the
    /// encoder made of the source, and its output is compared with every token's vector.
    func forward(_ source: [TokenID], _ target: [TokenID]) -> Trace {
        var trace = Trace(
            memory: embed(source), output: embed(target), logits: Matrix(target.count, 0))
        for layer in 0..<configuration.layerCount {
            let (block, output) = forwardBlock(trace.memory, Names.block(.encoder, layer), nil)
            trace.encoder.append(block)
            trace.memory = output
        }
        for layer in 0..<configuration.layerCount {
            let (block, output) = forwardBlock(
                trace.output, Names.block(.decoder, layer), trace.memory)
            trace.decoder.append(block)
            trace.output = output
        }
        trace.logits = PlainLinear.forward(
            trace.output, matrix(Names.tokens).transposed, vector(Names.logitBias))
        return trace
    }

    /// x[t] = √C · the token's vector + its position's.
    func embed(_ ids: [TokenID]) -> Matrix {
        let tokens = matrix(Names.tokens)
        var x = Matrix(ids.count, tokens.columns)
        let factor = Scalar(tokens.columns).squareRoot()
        for t in ids.indices {
            for i in 0..<tokens.columns {
                x[t, i] = factor * tokens[ids[t].index, i] + positions[t, i]
            }
        }
        return x
    }

    /// A block passes the stream through attention, in the decoder through attention over the
    /// source, and through the feed-forward part, and after each adds and normalises.
    private func forwardBlock(
        _ x: Matrix, _ names: Names.Block, _ memory: Matrix?
    ) -> (BlockTrace, Matrix) {
        let own = attention(x, x, names.selfAttention, isCausal: memory != nil)
        var stream = norm(own.sum, names.selfAttention.norm)
        var cross: AttentionTrace?
        if let memory, let crossNames = names.crossAttention {
            let trace = attention(stream, memory, crossNames, isCausal: false)
            stream = norm(trace.sum, crossNames.norm)
            cross = trace
        }
        var hidden = linear(stream, names.up)
        for index in hidden.elements.indices {
            hidden.elements[index] = max(hidden.elements[index], 0)
        }
        var sum = linear(hidden, names.down)
        sum += stream
        let trace = BlockTrace(
            own: own, cross: cross,
            feedForward: FeedForwardTrace(input: stream, hidden: hidden, sum: sum))
        return (trace, norm(sum, names.norm))
    }

    private func attention(
        _ x: Matrix, _ memory: Matrix, _ names: Names.Attention, isCausal: Bool
    ) -> AttentionTrace {
        let (q, k, v) = (
            linear(x, names.query), linear(memory, names.key), linear(memory, names.value)
        )
        let attended = PlainPairAttention(heads: configuration.headCount, isCausal: isCausal)
            .forward(q, k, v)
        var sum = linear(attended, names.out)
        sum += x
        return AttentionTrace(
            input: x, memory: memory, q: q, k: k, v: v, attended: attended, sum: sum)
    }

    // MARK: Tensors by name

    func linear(_ x: Matrix, _ name: String) -> Matrix {
        PlainLinear.forward(x, matrix(name + ".weight").transposed, vector(name + ".bias"))
    }

    func norm(_ x: Matrix, _ name: String) -> Matrix {
        PlainLayerNorm.forward(x, vector(name + ".weight"), vector(name + ".bias"), epsilon)
    }

    var epsilon: Scalar { Scalar(EncoderDecoderConfiguration.layerNormEpsilon) }

    func matrix(_ name: String) -> Matrix {
        let tensor = place(name)
        return Matrix(tensor.shape[0], tensor.shape[1], parameters[tensor.range])
    }

    func vector(_ name: String) -> [Scalar] { Array(parameters[place(name).range]) }

    func place(_ name: String) -> ParameterLayout.Tensor {
        guard let tensor = layout.tensor(named: name) else {
            preconditionFailure("the model has no tensor \(name)")
        }
        return tensor
    }
}

extension PlainEncoderDecoder {
    /// A pair's sides as the model reads them: `source… </s>` and `<pad> target…`.
    func sides(of pair: ArraySlice<TokenID>) -> (source: [TokenID], target: [TokenID]) {
        let pad = TokenID(configuration.padToken ?? 0)
        let cut = pair.firstIndex(of: pad) ?? pair.endIndex
        return (Array(pair[..<cut]), Array(pair[cut...]))
    }

    /// Calls `body` with each pair of a window: the range of its tokens.
    func eachPair(_ count: Int, _ documentStarts: [Int32]?, _ body: (Range<Int>) -> Void) {
        var start = 0
        while start < count {
            let end =
                documentStarts.flatMap { starts in
                    (start..<count).first { starts[$0] != Int32(start) }
                } ?? count
            body(start..<end)
            start = end
        }
    }

    /// The loss of each position of a window of pairs: the negative logarithm of the probability
    /// of its target; 0 on the source's side and where the target is `TokenID.ignored`.
    public func losses(
        _ ids: [TokenID], targets: [TokenID], documentStarts: [Int32]? = nil
    ) -> [Scalar] {
        var losses = [Scalar](repeating: 0, count: ids.count)
        eachPair(ids.count, documentStarts) { pair in
            let (source, target) = sides(of: ids[pair])
            guard !target.isEmpty else { return }
            let logits = forward(source, target).logits
            for row in target.indices {
                let place = pair.upperBound - target.count + row
                guard targets[place] != .ignored else { continue }
                losses[place] = -Scalar.logarithm(
                    PlainGPT<Scalar>.softmax(logits, row: row)[targets[place].index])
            }
        }
        return losses
    }
}

extension PlainEncoderDecoder {
    /// The logits at each place of a window of pairs, (count, V) row-major; zeros on the source's
    /// side.
    public func logits(for ids: [TokenID], documentStarts: [Int32]? = nil) -> [Scalar] {
        let v = configuration.vocabularySize
        var logits = [Scalar](repeating: 0, count: ids.count * v)
        eachPair(ids.count, documentStarts) { pair in
            let (source, target) = sides(of: ids[pair])
            guard !target.isEmpty else { return }
            let start = (pair.upperBound - target.count) * v
            logits.replaceSubrange(
                start..<pair.upperBound * v, with: forward(source, target).logits.elements)
        }
        return logits
    }
}
