// A guest that imports this module names ids by their type.
@_exported public import Tokens
public import Work

/// A language model of some family: it says how likely each token is to come next.
///
/// A class, because its parameters are one large allocation that a trainer changes in place. What
/// trains, scores, saves and draws text knows this protocol and ``ModelShape``, and no family.
public protocol LanguageModel: AnyObject {
    /// Shape of the model.
    associatedtype Shape: ModelShape where Shape.Model == Self

    /// The model's shape.
    var configuration: Shape { get }
    /// Places of the tensors in ``parameters``.
    var layout: ParameterLayout { get }
    /// All parameters.
    var parameters: FloatBuffer { get }

    /// A model whose parameters are all zero.
    init(zeros configuration: Shape) throws(ModelError)
    /// Sets the parameters to the family's random start, which follows from `seed`.
    func initialize(seed: UInt64)

    /// The logits after each of `ids`, (count, vocabulary) row-major: what the model expects next.
    ///
    /// For checks and short texts; it allocates its workspace.
    ///
    /// - Parameters:
    ///   - ids: the tokens, all of the vocabulary, at most the context.
    ///   - documentStarts: for each token the number of the first of its document, which is the
    ///     earliest that it sees; nil if all are of one.
    ///   - level: which kernels run.
    func logits(
        for ids: [TokenID], documentStarts: [Int32]?, kernels level: KernelLevel
    ) -> [Float]
    /// The attention of every head while the model reads `ids`; nil for one without attention.
    func attentionMaps(for ids: [TokenID]) -> AttentionMaps?
    /// The way of `ids` through the model, step by step, by its plain model; nil for a family that
    /// has none written down.
    ///
    /// - Parameters:
    ///   - ids: the tokens of a short text, all of the vocabulary, at most the context.
    ///   - focus: the layer and head that are looked at closely.
    /// - Throws: `ModelError.noSuchPart` for a layer or head that it does not have.
    func explanation(
        of ids: [TokenID], focus: Explanation.Focus
    ) throws(ModelError) -> Explanation?

    /// A pass over batches, forward and backward.
    func makeBatchPass(_ room: BatchRoom) -> any BatchPass
    /// A pass that reads texts and goes on with them.
    ///
    /// - Parameters:
    ///   - format: the numbers that the model's matrices are rounded to first.
    ///   - cache: the numbers of the keys and values that it keeps of texts, of a family that has
    ///     such.
    ///   - textCount: the most texts that take a step together.
    ///   - team: the threads.
    ///   - level: which kernels run.
    func makeInferencePass(
        weights format: WeightFormat, cache: CacheFormat, textCount: Int, team: ThreadTeam,
        kernels level: KernelLevel
    ) -> any InferencePass
}

extension LanguageModel {
    /// A pass that keeps float32 of texts.
    ///
    /// - Parameters:
    ///   - format: the numbers that the model's matrices are rounded to first.
    ///   - textCount: the most texts that take a step together.
    ///   - team: the threads.
    ///   - level: which kernels run.
    public func makeInferencePass(
        weights format: WeightFormat, textCount: Int, team: ThreadTeam, kernels level: KernelLevel
    ) -> any InferencePass {
        makeInferencePass(
            weights: format, cache: .float32, textCount: textCount, team: team, kernels: level)
    }

    /// None: there is no attention.
    public func attentionMaps(for ids: [TokenID]) -> AttentionMaps? { nil }

    /// None: no steps are written down.
    public func explanation(
        of ids: [TokenID], focus: Explanation.Focus
    ) throws(ModelError) -> Explanation? { nil }

    /// Ids come from outside, and C does not look: every one must be in the vocabulary.
    func checkIDs(_ ids: Span<TokenID>) {
        let vocabularySize = configuration.vocabularySize
        for index in ids.indices {
            precondition(
                ids[index].index < vocabularySize,
                "token \(ids[index]) is not in a vocabulary of \(vocabularySize)")
        }
    }
}

extension LanguageModel {
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
    ) throws(ModelError) -> Self {
        let oldSize = configuration.vocabularySize
        precondition(vocabularySize >= oldSize, "a vocabulary grows, it does not shrink")
        var shape = configuration
        shape.vocabularySize = vocabularySize
        let copy = try Self(zeros: shape)
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
