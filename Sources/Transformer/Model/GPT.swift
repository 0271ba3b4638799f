/// A GPT-2 language model: learned positions, LayerNorm before each part, biases, GELU by tanh, and
/// an output head that shares the token embedding.
///
/// It computes what Hugging Face's `GPT2LMHeadModel` computes. A class, because its parameters are
/// one large allocation that a trainer changes in place.
///
/// ```swift
/// let model = try GPT(configuration, seed: 42)
/// let logits = model.logits(for: [15, 8, 3])  // (3, vocabulary), row-major
/// ```
public final class GPT {
    /// The model's shape.
    public let configuration: GPTConfiguration
    /// Where each tensor lies in ``parameters``.
    public let layout: ParameterLayout
    /// All parameters.
    public let parameters: FloatBuffer

    let slices: ParameterSlices

    /// A model whose parameters are all zero, for a reader to fill.
    init(zeros configuration: GPTConfiguration) throws(TransformerError) {
        try configuration.validate()
        self.configuration = configuration
        layout = ParameterLayout(configuration)
        parameters = FloatBuffer(count: layout.floatCount)
        slices = ParameterSlices(layout, in: parameters.all)
    }

    /// A model with GPT-2's random start: weights from N(0, 0.02²), the projections that add to the
    /// residual stream from N(0, 0.02² / 2L) for L layers, biases 0, LayerNorm 1 and 0.
    public convenience init(
        _ configuration: GPTConfiguration, seed: UInt64
    ) throws(TransformerError) {
        try self.init(zeros: configuration)
        var generator = RandomGenerator(seed: seed)
        let residualScale = 1 / Double(2 * configuration.layerCount).squareRoot()
        for tensor in layout.tensors {
            if tensor.shape.count == 2 {
                let deviation = tensor.name.hasSuffix("c_proj.weight") ? 0.02 * residualScale : 0.02
                for index in tensor.range {
                    parameters[index] = Float(generator.normal() * deviation)
                }
            } else if tensor.name.contains("ln_") && tensor.name.hasSuffix(".weight") {
                for index in tensor.range { parameters[index] = 1 }
            }
        }
    }

    /// The logits after each of `ids`, (count, vocabulary) row-major: what the model expects next.
    ///
    /// For checks and short texts; it allocates its workspace. `ids` are at most the context.
    public func logits(for ids: [Int32], kernels level: KernelLevel = .best) -> [Float] {
        checkIDs(ids.span)
        precondition(
            !ids.isEmpty && ids.count <= configuration.positionCount,
            "logits are for 1 to \(configuration.positionCount) tokens, not \(ids.count)")
        let pass = SequencePass(self, length: ids.count, level: level, keepsAll: false)
        let buffer = IDBuffer(count: ids.count)
        buffer.copy(from: ids.span)
        let v = configuration.vocabularySize
        let logits = FloatBuffer(count: ids.count * v)
        pass.forward(buffer.slice(0..<ids.count), slices)
        pass.logits(slices, into: Matrix(logits.all, ids.count, v))
        return logits.array
    }

    /// Ids come from outside, and C does not look: every one must be in the vocabulary.
    func checkIDs(_ ids: Span<Int32>) {
        for index in ids.indices {
            precondition(
                ids[index] >= 0 && Int(ids[index]) < configuration.vocabularySize,
                "token \(ids[index]) is not in a vocabulary of \(configuration.vocabularySize)")
        }
    }
}
