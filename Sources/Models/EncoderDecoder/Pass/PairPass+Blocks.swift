import CKernels

/// The blocks of both sides. Each part is added to the stream, and a norm follows: y = norm(x +
/// part(x)).
extension PairPass {
    // MARK: Forward

    /// A block of a side; in the decoder, `memory` is the encoder's output.
    func forward(
        _ side: PairActivations.Side, _ index: Int, _ p: EncoderDecoderSlices.Block,
        _ name: EncoderDecoderNames.Side, memory: Matrix?
    ) {
        let a = side.blocks[index]
        let input = side.input(index)
        timed(.attentionForward) {
            team.multiply(input, p.qkv, into: a.own.projected)
            attend(a.own, p.out, p.norm, stream: input, .attention(name, index))
            if let cross = a.cross, let keyValues = cross.keyValues, let q = p.cross, let memory {
                team.multiply(a.own.added.output, q.query, into: cross.projected)
                team.multiply(memory, q.keyValue, into: keyValues)
                attend(
                    cross, q.out, q.norm, stream: a.own.added.output, .crossAttention(index))
            }
        }
        timed(.feedForwardForward) {
            team.multiply(
                a.middle, p.up.weight, into: a.hidden,
                p.up.bias.map { .biasReLU($0) } ?? .store)
            add(a.hidden, p.down, p.finalNorm, stream: a.middle, a.added, .feedForward(name, index))
        }
    }

    /// norm(stream + attention · out).
    private func attend(
        _ a: PairActivations.Attention, _ out: EncoderDecoderSlices.Linear,
        _ norm: EncoderDecoderSlices.Norm, stream: Matrix, _ place: DropPlace
    ) {
        team.attention(a.operands, into: a.attended, logSumExp: a.logSumExp)
        add(a.attended, out, norm, stream: stream, a.added, place)
    }

    /// norm(stream + x · weight + bias), what is added having passed through dropout.
    private func add(
        _ x: Matrix, _ p: EncoderDecoderSlices.Linear, _ norm: EncoderDecoderSlices.Norm,
        stream: Matrix, _ a: PairActivations.Added, _ place: DropPlace
    ) {
        if let mask = mask(place) {
            team.multiply(x, p, into: a.sum)
            team.kernels.drop(a.sum, mask, adding: stream, into: a.sum)
        } else {
            team.multiply(x, p.weight, into: a.sum, .adding(p.bias, to: stream))
        }
        team.normalise(
            a.sum, norm, epsilon: EncoderDecoderConfiguration.layerNormEpsilon, into: a.output,
            a.statistics)
    }

    // MARK: Backward

    /// All blocks of a side, from the gradient of its output in `g.streams[0]` to that of its
    /// embedding in the same place. What reaches the memory is added to `dMemory`.
    ///
    /// - Parameter reached: takes the number of each block whose gradients are whole.
    func backward(
        _ side: PairActivations.Side, _ p: [EncoderDecoderSlices.Block],
        _ d: [EncoderDecoderSlices.Block], _ name: EncoderDecoderNames.Side,
        _ g: PairActivations.Gradients, memory: Matrix?, reached: (_ block: Int) -> Void
    ) {
        var stream = Stream(g.streams)
        for index in side.blocks.indices.reversed() {
            let (a, p, d) = (side.blocks[index], p[index], d[index])
            timed(.feedForwardBackward) {
                let dOut = addBackward(
                    a.added, p.finalNorm, d.finalNorm, &stream, g, .feedForward(name, index))
                team.multiplyBackward(
                    dOut, x: a.hidden, p.down, dx: g.hidden, through: .wherePositive(a.hidden),
                    d.down)
                team.multiplyBackward(
                    g.hidden, x: a.middle, p.up, dx: stream.current, through: .add, d.up)
            }
            timed(.attentionBackward) {
                if let cross = a.cross, let p = p.cross, let d = d.cross, let memory {
                    let dOut = addBackward(
                        cross.added, p.norm, d.norm, &stream, g, .crossAttention(index))
                    crossBackward(
                        cross, p, d, dOut, g, input: a.own.added.output, dInput: stream.current,
                        memory: memory)
                }
                let dOut = addBackward(
                    a.own.added, p.norm, d.norm, &stream, g, .attention(name, index))
                team.multiplyBackward(
                    dOut, x: a.own.attended, p.out, dx: g.attended, d.out)
                let width = configuration.embeddingSize
                let dOperands = a.own.operands.with(
                    queries: g.projected.columns(0..<width),
                    keys: g.projected.columns(width..<2 * width),
                    values: g.projected.columns(2 * width..<3 * width))
                team.attentionBackward(
                    a.own.operands, out: a.own.attended, dOut: g.attended,
                    logSumExp: a.own.logSumExp, into: dOperands)
                team.multiplyBackward(
                    g.projected, x: side.input(index), p.qkv, dx: stream.current, through: .add,
                    d.qkv)
            }
            reached(index)
        }
        if stream.isSwapped {
            team.kernels.copy(stream.current.slice, to: g.streams[0].slice)
        }
    }

    /// The gradient of the stream, in one of two matrices by turns.
    private struct Stream {
        private(set) var current: Matrix
        private(set) var other: Matrix
        private(set) var isSwapped = false

        init(_ matrices: [Matrix]) { (current, other) = (matrices[0], matrices[1]) }

        mutating func swap() {
            (current, other) = (other, current)
            isSwapped.toggle()
        }
    }

    /// Through a norm: the gradient of the sum before it, which is that of the stream and of what
    /// was added. The stream's becomes `stream.current`, to which the part's own goes on to add.
    ///
    /// - Returns: the gradient of what was added, through dropout.
    private func addBackward(
        _ a: PairActivations.Added, _ p: EncoderDecoderSlices.Norm, _ d: EncoderDecoderSlices.Norm,
        _ stream: inout Stream, _ g: PairActivations.Gradients, _ place: DropPlace
    ) -> Matrix {
        stream.other.slice.zero()
        team.kernels.normaliseBackward(
            stream.current, x: a.sum, p, a.statistics, dx: stream.other, d)
        stream.swap()
        guard let mask = mask(place) else { return stream.current }
        team.kernels.drop(stream.current, mask, into: g.dropped)
        return g.dropped
    }

    private func crossBackward(
        _ a: PairActivations.Attention, _ p: EncoderDecoderSlices.Cross,
        _ d: EncoderDecoderSlices.Cross, _ dOut: Matrix, _ g: PairActivations.Gradients,
        input: Matrix, dInput: Matrix, memory: Matrix
    ) {
        let (dQueries, dKeyValues) = (activations.dQueries, activations.dKeyValues)
        let width = configuration.embeddingSize
        team.multiplyBackward(dOut, x: a.attended, p.out, dx: g.attended, d.out)
        let dOperands = a.operands.with(
            queries: dQueries, keys: dKeyValues.columns(0..<width),
            values: dKeyValues.columns(width..<2 * width))
        team.attentionBackward(
            a.operands, out: a.attended, dOut: g.attended, logSumExp: a.logSumExp, into: dOperands)
        team.multiplyBackward(
            dQueries, x: input, p.query, dx: dInput, through: .add, d.query)
        team.multiplyBackward(
            dKeyValues, x: memory, p.keyValue, dx: activations.dMemory, through: .add, d.keyValue)
    }

    // MARK: Dropout

    /// Places where numbers are dropped: as in the paper, from the embeddings and from what each
    /// part adds to the stream.
    enum DropPlace {
        case embedding(EncoderDecoderNames.Side)
        case attention(EncoderDecoderNames.Side, Int)
        case crossAttention(Int)
        case feedForward(EncoderDecoderNames.Side, Int)
    }

    /// The mask at a place; nil without dropout.
    func mask(_ place: DropPlace) -> qk_dropout? {
        guard let dropout else { return nil }
        let layers = configuration.layerCount
        let number =
            switch place {
            case .embedding(.encoder): 0
            case .embedding(.decoder): 1
            case .attention(.encoder, let layer): 2 + layer
            case .attention(.decoder, let layer): 2 + layers + layer
            case .crossAttention(let layer): 2 + 2 * layers + layer
            case .feedForward(.encoder, let layer): 2 + 3 * layers + layer
            case .feedForward(.decoder, let layer): 2 + 4 * layers + layer
            }
        return dropout.mask(.attentionOutput(layer: number), heads: 0)
    }
}
