import Work

/// An encoder–decoder Transformer: it reads a source as a whole and writes a target token by token,
/// looking back at the source. It computes what Hugging Face's `MarianMTModel` computes.
///
/// Its texts are pairs, `source… </s> <pad> target… </s>`, where the token of padding begins the
/// target.
///
/// ```swift
/// let model = try EncoderDecoder(configuration, seed: 42)
/// let logits = model.logits(for: [15, 8, 3, 0, 21])  // 0 is <pad>: one row after it and 21
/// ```
public final class EncoderDecoder {
    /// The model's shape.
    public let configuration: EncoderDecoderConfiguration
    /// Places of the tensors in ``parameters``.
    public let layout: ParameterLayout
    /// All parameters.
    public let parameters: FloatBuffer

    let slices: EncoderDecoderSlices
    /// The vectors of positions, (positions, C).
    let positionTable: FloatBuffer

    /// A model whose parameters are all zero, for a reader to fill.
    public init(zeros configuration: EncoderDecoderConfiguration) throws(ModelError) {
        try configuration.validate()
        self.configuration = configuration
        layout = configuration.layout
        try configuration.checkParameterMemory(layout)
        parameters = FloatBuffer(count: layout.floatCount)
        slices = EncoderDecoderSlices(configuration, layout, in: parameters.all)
        positionTable = SinusoidalTable.make(
            positions: configuration.positionCount, width: configuration.embeddingSize,
            order: .halves)
    }

    /// A model with the random start of ``initialize(seed:)``.
    public convenience init(
        _ configuration: EncoderDecoderConfiguration, seed: UInt64
    ) throws(ModelError) {
        try self.init(zeros: configuration)
        initialize(seed: seed)
    }

    /// The random start of the paper's authors: embeddings of width C from N(0, 1/C), so that what
    /// the blocks read has variance 1, matrices by the rule of Glorot and Bengio,
    /// <https://proceedings.mlr.press/v9/glorot10a.html>, biases 0, gains 1. The vector of padding
    /// is 0, as in PyTorch.
    public func initialize(seed: UInt64) {
        var generator = RandomGenerator(seed: seed)
        for tensor in layout.tensors {
            let deviation: Double
            switch tensor.role {
            case .gain, .bias:
                for index in tensor.range { parameters[index] = tensor.role == .gain ? 1 : 0 }
                continue
            case .embedding, .head: deviation = 1 / Double(tensor.shape[1]).squareRoot()
            case .matrix, .residualMatrix:
                deviation = (2 / Double(tensor.shape[0] + tensor.shape[1])).squareRoot()
            }
            for index in tensor.range {
                parameters[index] = Float(generator.normal() * deviation)
            }
        }
        let width = configuration.embeddingSize
        let pad = layout.tensors[0].offset + (configuration.padToken ?? 0) * width
        for index in pad..<pad + width { parameters[index] = 0 }
    }

    /// The logits after each of `ids`, (count, vocabulary) row-major: what the model expects next
    /// on the target's side, and zeros on the source's.
    ///
    /// For checks and short texts; it allocates its workspace.
    ///
    /// - Parameters:
    ///   - ids: a pair, or several one behind the other; at most the context.
    ///   - documentStarts: for each token the number of the first of its pair; nil for one pair.
    ///   - level: which kernels run.
    public func logits(
        for ids: [TokenID], documentStarts: [Int32]? = nil, kernels level: KernelLevel = .best
    ) -> [Float] {
        checkIDs(ids.span)
        precondition(
            !ids.isEmpty && ids.count <= configuration.positionCount,
            "logits are for 1 to \(configuration.positionCount) tokens, not \(ids.count)")
        let pass = PairPass(
            configuration, positionTable: positionTable, length: ids.count, level: level)
        let buffer = IDBuffer(ids)
        let starts = documentStarts.map { starts in
            precondition(starts.count == ids.count, "as many starts as tokens")
            BatchInput.check(starts: starts, length: ids.count)
            return IDBuffer(starts)
        }
        let v = configuration.vocabularySize
        let logits = FloatBuffer(count: ids.count * v)
        guard pass.forward(buffer.all, starts: starts?.all, targets: nil, slices) else {
            return logits.array
        }
        let rows = FloatBuffer(count: pass.window.targetCount * v)
        pass.logits(slices, into: Matrix(rows.all, pass.window.targetCount, v))
        for row in 0..<pass.window.targetCount {
            let place = Int(pass.window.targetPlaces[row])
            logits.slice(place * v..<(place + 1) * v).copy(
                from: rows.slice(row * v..<(row + 1) * v))
        }
        return logits.array
    }
}
