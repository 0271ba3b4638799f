public import Work

/// A language model: a decoder of one of the kinds that ``Architecture`` names.
///
/// It computes what Hugging Face's class of that kind computes. A class, because its parameters are
/// one large allocation that a trainer changes in place.
///
/// ```swift
/// let model = try GPT(configuration, seed: 42)
/// let logits = model.logits(for: [15, 8, 3])  // (3, vocabulary), row-major
/// ```
public final class GPT: LanguageModel {
    /// The model's shape.
    public let configuration: GPTConfiguration
    /// Places of the tensors in ``parameters``.
    public let layout: ParameterLayout
    /// All parameters.
    public let parameters: FloatBuffer

    let slices: ParameterSlices
    /// The angles of rotary positions, (positions, head size); nil where positions are learned.
    let rotaryTable: RotaryTable?

    /// A model whose parameters are all zero, for a reader to fill.
    public init(zeros configuration: GPTConfiguration) throws(ModelError) {
        try configuration.validate()
        self.configuration = configuration
        layout = configuration.layout
        try configuration.checkParameterMemory(layout)
        parameters = FloatBuffer(count: layout.floatCount)
        slices = ParameterSlices(configuration, layout, in: parameters.all)
        rotaryTable = configuration.architecture.isRotary ? RotaryTable(configuration) : nil
    }

    /// A model with the random start of ``initialize(seed:)``.
    public convenience init(
        _ configuration: GPTConfiguration, seed: UInt64
    ) throws(ModelError) {
        try self.init(zeros: configuration)
        initialize(seed: seed)
    }

    /// GPT-2's random start: weights from N(0, 0.02²), the projections that add to the residual
    /// stream from N(0, 0.02² / 2L) for L layers, biases 0, the factors of norms 1.
    public func initialize(seed: UInt64) {
        var generator = RandomGenerator(seed: seed)
        let residualScale = 1 / Double(2 * configuration.layerCount).squareRoot()
        for tensor in layout.tensors {
            if tensor.isConstant {
                let table = SinusoidalTable.make(
                    positions: tensor.shape[0], width: tensor.shape[1], order: .pairs)
                parameters.slice(tensor.range).copy(from: table.all)
                continue
            }
            switch tensor.role {
            case .gain:
                let start = 1 - configuration.architecture.normOffset
                for index in tensor.range { parameters[index] = start }
            case .bias: for index in tensor.range { parameters[index] = 0 }
            case .embedding, .head, .matrix, .residualMatrix:
                let deviation = tensor.role == .residualMatrix ? 0.02 * residualScale : 0.02
                for index in tensor.range {
                    parameters[index] = Float(generator.normal() * deviation)
                }
            }
        }
    }

    /// The logits after each of `ids`, (count, vocabulary) row-major: what the model expects next.
    ///
    /// For checks and short texts; it allocates its workspace. `ids` are at most the context.
    ///
    /// - Parameters:
    ///   - ids: the tokens, all of the vocabulary.
    ///   - documentStarts: for each token the number of the first of its document, which is the
    ///     earliest that it sees; nil if all are of one.
    ///   - level: which kernels run.
    public func logits(
        for ids: [TokenID], documentStarts: [Int32]? = nil, kernels level: KernelLevel = .best
    ) -> [Float] {
        checkIDs(ids.span)
        precondition(
            !ids.isEmpty && ids.count <= configuration.positionCount,
            "logits are for 1 to \(configuration.positionCount) tokens, not \(ids.count)")
        let pass = SequencePass(self, length: ids.count, level: level, keepsAll: false)
        let buffer = IDBuffer(ids)
        let starts = documentStarts.map { starts in
            precondition(starts.count == ids.count, "as many starts as tokens")
            BatchInput.check(starts: starts, length: ids.count)
            return IDBuffer(starts)
        }
        let v = configuration.vocabularySize
        let logits = FloatBuffer(count: ids.count * v)
        pass.forward(.init(ids: buffer.all, starts: starts?.all), slices)
        pass.logits(slices, into: Matrix(logits.all, ids.count, v))
        return logits.array
    }

    /// The attention of every head, as ``attention(for:kernels:)`` gives it.
    public func attentionMaps(for ids: [TokenID]) -> AttentionMaps? { attention(for: ids) }

    /// A pass whose threads work on sequences.
    public func makeBatchPass(_ room: BatchRoom) -> any BatchPass { GPTBatchPass(self, room) }

    /// A pass over caches of keys and values.
    public func makeInferencePass(
        weights format: WeightFormat, cache: CacheFormat, textCount: Int, team: ThreadTeam,
        kernels level: KernelLevel
    ) -> any InferencePass {
        GPTInferencePass(
            self, weights: format, cache: cache, textCount: textCount, team: team, kernels: level)
    }
}
