// A guest that imports this module names ids by their type.
@_exported public import Tokens
import Work

/// A language model: a decoder of one of the kinds that ``Architecture`` names.
///
/// It computes what Hugging Face's class of that kind computes. A class, because its parameters are
/// one large allocation that a trainer changes in place.
///
/// ```swift
/// let model = try GPT(configuration, seed: 42)
/// let logits = model.logits(for: [15, 8, 3])  // (3, vocabulary), row-major
/// ```
public final class GPT {
    /// The model's shape.
    public let configuration: GPTConfiguration
    /// Places of the tensors in ``parameters``.
    public let layout: ParameterLayout
    /// All parameters.
    public let parameters: FloatBuffer

    let slices: ParameterSlices
    /// The angles of rotary positions, (positions, head size); nil where positions are learned.
    let rotaryTable: FloatBuffer?

    /// A model whose parameters are all zero, for a reader to fill.
    init(zeros configuration: GPTConfiguration) throws(ModelError) {
        try configuration.validate()
        self.configuration = configuration
        layout = ParameterLayout(configuration)
        parameters = FloatBuffer(count: layout.floatCount)
        slices = ParameterSlices(configuration, layout, in: parameters.all)
        rotaryTable =
            configuration.architecture.isRotary
            ? RotaryTable.make(
                positions: configuration.positionCount, headSize: configuration.headSize,
                base: configuration.rotaryBase) : nil
    }

    /// A model with GPT-2's random start: weights from N(0, 0.02²), the projections that add to the
    /// residual stream from N(0, 0.02² / 2L) for L layers, biases 0, the gains of norms 1.
    public convenience init(
        _ configuration: GPTConfiguration, seed: UInt64
    ) throws(ModelError) {
        try self.init(zeros: configuration)
        var generator = RandomGenerator(seed: seed)
        let residualScale = 1 / Double(2 * configuration.layerCount).squareRoot()
        for tensor in layout.tensors {
            switch tensor.role {
            case .gain: for index in tensor.range { parameters[index] = 1 }
            case .bias: break
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
            checkDocumentStarts(starts, length: ids.count)
            precondition(starts.count == ids.count, "as many starts as tokens")
            return IDBuffer(starts)
        }
        let v = configuration.vocabularySize
        let logits = FloatBuffer(count: ids.count * v)
        pass.forward(.init(ids: buffer.all, starts: starts?.all), slices)
        pass.logits(slices, into: Matrix(logits.all, ids.count, v))
        return logits.array
    }

    /// Ids come from outside, and C does not look: every one must be in the vocabulary.
    func checkIDs(_ ids: Span<TokenID>) {
        for index in ids.indices {
            precondition(
                ids[index].index < configuration.vocabularySize,
                "token \(ids[index]) is not in a vocabulary of \(configuration.vocabularySize)")
        }
    }

    /// C trusts the starts of documents: in each sequence of `length` they begin at 0, never fall,
    /// and never lie ahead.
    func checkDocumentStarts(_ starts: [Int32], length: Int) {
        for index in starts.indices {
            let place = index % length
            precondition(
                starts[index] <= place
                    && (place == 0 ? starts[index] == 0 : starts[index] >= starts[index - 1]),
                "token \(place) of a sequence cannot belong to a document from \(starts[index]) on")
        }
    }
}

extension GPT {
    /// A copy of this model with rows for more tokens, in the embedding and in a head of its own.
    /// O(parameters).
    ///
    /// A new row is the mean of the rows that are there, with noise of a hundredth of their
    /// standard deviation, column by column. So a new token begins as likely as the average one and
    /// changes the others' probabilities by no more than its share, where a row of the usual random
    /// start could take most of it (Hewitt, "Initializing New Word Embeddings for Pretrained
    /// Language Models", 2021). The noise keeps two new tokens from being one and the same.
    ///
    /// - Parameters:
    ///   - vocabularySize: tokens of the copy, at least as many as there are.
    ///   - seed: chooses the noise.
    public func extended(
        toVocabularySize vocabularySize: Int, seed: UInt64
    ) throws(ModelError) -> GPT {
        let oldSize = configuration.vocabularySize
        precondition(vocabularySize >= oldSize, "a vocabulary grows, it does not shrink")
        var shape = configuration
        shape.vocabularySize = vocabularySize
        let copy = try GPT(zeros: shape)
        var generator = RandomGenerator(seed: seed)
        for (old, new) in zip(layout.tensors, copy.layout.tensors) {
            for index in 0..<old.count {
                copy.parameters[new.offset + index] = parameters[old.offset + index]
            }
            guard new.count > old.count else { continue }
            let width = old.count / oldSize
            for column in 0..<width {
                let values = (0..<oldSize).map {
                    Double(parameters[old.offset + $0 * width + column])
                }
                let mean = values.reduce(0, +) / Double(oldSize)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(oldSize)
                for row in oldSize..<vocabularySize {
                    copy.parameters[new.offset + row * width + column] = Float(
                        mean + generator.normal() * variance.squareRoot() / 100)
                }
            }
        }
        return copy
    }
}
