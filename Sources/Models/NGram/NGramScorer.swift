public import Tokens

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// What scores the tokens of a batch: a model with what it takes to read sequences of one length.
public protocol TokenScorer {
    /// The most sequences of a batch.
    var batchSize: Int { get }
    /// Tokens of a sequence.
    var contextLength: Int { get }

    /// The loss in nats of each token; 0 where the target is `TokenID.ignored`.
    ///
    /// - Parameters:
    ///   - inputs: token ids, any number of sequences up to the batch size, row-major.
    ///   - targets: the tokens to predict, or `TokenID.ignored`.
    ///   - documentStarts: for each place the number, in its sequence, of its document's first
    ///     token, before which it sees nothing; nil for whole sequences.
    func tokenLosses(
        inputs: Span<TokenID>, targets: Span<TokenID>, documentStarts: [Int32]?
    ) -> [Float]
}

extension BatchRunner: TokenScorer {}

/// Scores batches with a model of n-grams.
public struct NGramScorer: TokenScorer {
    /// Model that predicts.
    public let model: NGramModel
    /// The most sequences of a batch.
    public let batchSize: Int
    /// Tokens of a sequence.
    public let contextLength: Int

    /// Scores batches of up to `batchSize` sequences of `contextLength` tokens with `model`.
    public init(_ model: NGramModel, batchSize: Int, contextLength: Int) {
        precondition(batchSize > 0 && contextLength > 0, "a batch has a token")
        self.model = model
        self.batchSize = batchSize
        self.contextLength = contextLength
    }

    /// The loss in nats of each token; 0 where the target is `TokenID.ignored`. O(tokens · order).
    public func tokenLosses(
        inputs: Span<TokenID>, targets: Span<TokenID>, documentStarts: [Int32]? = nil
    ) -> [Float] {
        precondition(inputs.count == targets.count, "a target for each input")
        precondition(
            inputs.count % contextLength == 0 && inputs.count <= batchSize * contextLength,
            "losses are for whole sequences, at most a batch of them")
        var state = NGramModel.State()
        return inputs.indices.map { index in
            let place = index % contextLength
            if place == 0 || documentStarts.map({ Int($0[index]) == place }) == true {
                state = NGramModel.State()
            }
            model.read(inputs[index], into: &state)
            guard targets[index] != .ignored else { return 0 }
            return Float(-log(model.probability(of: targets[index], after: state)))
        }
    }
}
