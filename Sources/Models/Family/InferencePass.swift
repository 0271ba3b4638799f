/// New tokens' way through a model that keeps what it has read of each text, on all threads.
///
/// Two things are read: a part of one text, many tokens at a time; or one token of each of several
/// texts, for which every weight is read once. The bits depend neither on the number of threads nor
/// on the texts that are read beside each other.
///
/// ```swift
/// let pass = model.makeInferencePass(
///     weights: .float32, textCount: 1, team: ThreadTeam(), kernels: .best)
/// let state = pass.makeState(capacity: 256)
/// pass.read(prompt.span, into: state)
/// let token = pass.withLogits { Sampler.likeliest(in: $0) }
/// pass.step([token], [state])
/// ```
public protocol InferencePass: AnyObject {
    /// The most texts that take a step together.
    var textCount: Int { get }
    /// Bytes of weights that are read for a step.
    var weightByteCount: Int { get }
    /// What the model expects next in each text of the last ``step(_:_:)``, or in that of the last
    /// ``read(_:into:)``, which is number 0.
    var logits: LogitRows { get }

    /// The state of a text of which nothing is read yet.
    ///
    /// - Parameter capacity: tokens that it has room for, where a state has limits.
    func makeState(capacity: Int) -> any ReadingState
    /// Reads the next tokens of a text, at least one. There must be room for them.
    func read(_ ids: Span<TokenID>, into state: any ReadingState)
    /// Reads one token of each text. There must be room for it.
    func step(_ tokens: [TokenID], _ states: [any ReadingState])
    /// Whether ``step(_:into:)`` can be called.
    var stepsAhead: Bool { get }
    /// Reads the next tokens of one text, at most ``textCount``, for which there must be room, with
    /// the bits of a step for each; the logits behind each are those of a text of its number.
    func step(_ tokens: [TokenID], into state: any ReadingState)
    /// Reads the next tokens of several texts at once, and hands over what the model expects after
    /// each place that is wanted: for prompts, and for texts that are scored.
    ///
    /// The bits of a text depend neither on the others nor on how its tokens are divided among
    /// calls; those of ``read(_:into:)`` and ``step(_:_:)`` are rounded otherwise.
    ///
    /// - Parameters:
    ///   - parts: the texts' next tokens, at least one each, for which there must be room. No state
    ///     comes twice.
    ///   - take: called for each wanted place, part by part and place by place, with the numbers of
    ///     both and the row of the logits. They hold until it returns.
    func read(
        _ parts: [TextPart],
        _ take: (_ part: Int, _ place: Int, _ logits: LogitRows, _ row: Int) -> Void)
}

/// The next tokens of a text, to be read together with those of others.
public struct TextPart {
    /// The tokens, at least one.
    public let ids: [TokenID]
    /// What is kept of the text before them.
    public let state: any ReadingState
    /// The places among `ids` after which the logits are wanted.
    public let wanted: Range<Int>

    /// The tokens `ids` behind those in `state`, with the logits after the places `wanted`; by
    /// default after the last.
    public init(_ ids: [TokenID], into state: any ReadingState, wanted: Range<Int>? = nil) {
        let wanted = wanted ?? ids.count - 1..<ids.count
        precondition(
            !ids.isEmpty && wanted.lowerBound >= 0 && wanted.upperBound <= ids.count,
            "places \(wanted) of \(ids.count) tokens")
        self.ids = ids
        self.state = state
        self.wanted = wanted
    }
}

extension InferencePass {
    /// By default false.
    public var stepsAhead: Bool { false }

    /// By default never called.
    public func step(_ tokens: [TokenID], into state: any ReadingState) {
        preconditionFailure("the model's states do not come apart")
    }

    /// Calls `body` with the logits of a text.
    public func withLogits<Result, Failure: Error>(
        ofText text: Int = 0, _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try logits.withLogits(ofText: text, body)
    }

    /// The most probable next tokens of a text, and their probabilities; none where the logits are
    /// not finite. O(V).
    public func likeliest(
        _ count: Int, ofText text: Int = 0
    ) -> [(token: TokenID, probability: Double)] {
        logits.likeliest(count, ofText: text)
    }
}

/// What a model keeps of a text that it has read, so that the next token costs one position and
/// not all of them: keys and values, or a recurrent model's state.
///
/// A class, because it is one allocation; the model's ``InferencePass`` fills it.
public protocol ReadingState: AnyObject {
    /// Tokens read so far.
    var count: Int { get }
    /// The most tokens that fit; nil for any number.
    var capacity: Int? { get }
    /// Bytes of the allocation.
    var byteCount: Int { get }
    /// Whether the state of the first tokens can be had from that of more, by ``rewind(to:)`` and
    /// ``copy(from:count:)``, and is worth having.
    var isDivisible: Bool { get }

    /// Forgets all but the first `count` tokens or, where they cannot be told from the rest, all.
    ///
    /// - Returns: the tokens that are still read.
    func rewind(to count: Int) -> Int
    /// Takes over what `other`, a state of the same model, has of its first `count` tokens, which
    /// it must be able to rewind to.
    func copy(from other: any ReadingState, count: Int)
}
