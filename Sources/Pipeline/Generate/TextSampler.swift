public import Models
public import Tokenization
public import Work

/// Draws texts that continue a prompt: several at once, token by token, in whole characters.
///
/// ```swift
/// var sampler = try TextSampler(model: model, vocabulary: vocabulary, prompt: "In the beginning")
/// while let pieces = try sampler.next() {
///     for piece in pieces { print(piece.text, terminator: "") }
/// }
/// ```
public struct TextSampler {
    /// Piece that a step adds to a sample.
    public struct Piece: Sendable {
        /// The number of the sample.
        public let sample: Int
        /// The characters that are complete, and certainly before a stop string; perhaps none.
        public let text: String
        /// The token that was drawn; nil where the sample only ended.
        public let token: TokenID?
        /// The natural logarithm of the probability that the model gave the token; nil unless asked
        /// for.
        public let logProbability: Double?
        /// Reason for which the sample ended with this piece; nil where it goes on.
        public let ending: TextGenerator.Ending?
    }

    /// Options besides how tokens are drawn.
    public struct Options {
        /// Special tokens that are recognised in the prompt.
        public var specials = SpecialTokenPolicy.none
        /// Tokens that end a text, beside the vocabulary's own.
        public var endTokens: Set<TokenID> = []
        /// Whether nothing but ``endTokens`` ends a text, not what the vocabulary's own name says.
        public var endsAtGivenTokensOnly = false
        /// Whether special tokens that only a program writes are left out of the text.
        public var skipsSpecialTokens = false
        /// Changes of the logits, all of them finite.
        public var adjustments = LogitAdjustments()
        /// Whether no penalty is for tokens of line breaks alone.
        public var sparesLineBreaks = false
        /// Whether no penalty is for what ends a text.
        public var sparesEnds = false
        /// Beginning before the prompt.
        public var beginning = PromptBeginning.automatic
        /// Samples at once, at most `TextGenerator.maximumSampleCount`; number i has the seed plus
        /// i.
        public var sampleCount = 1
        /// Whether pieces tell the probabilities of their tokens.
        public var givesLogProbabilities = false
        /// The numbers that the model's matrices are rounded to.
        public var weights = WeightFormat.float32
        /// The numbers that keys and values are kept in.
        public var cache = CacheFormat.float32
        /// The threads; without them, the caller's alone.
        public var team: ThreadTeam?

        /// The defaults.
        public init() {}
    }

    /// The ids that the prompt has become.
    public let promptIDs: [TokenID]
    /// Number of its tokens that the model reads, the last ones: all that its context has room for.
    public let readCount: Int
    private let vocabulary: Vocabulary
    private var generator: TextGenerator
    private var streams: [TextStream]
    private var stops: [StopStrings]
    private var hasEnded: [Bool]
    /// Tokens that are not shown.
    private let hidden: Set<TokenID>

    /// Samples of `model` after `prompt`.
    ///
    /// - Throws: `ModelError.outOfRange` for a model with a number that the weights' format cannot
    ///   hold, and errors of the prompt.
    public init(
        model: any LanguageModel, vocabulary: Vocabulary, prompt: String,
        configuration: GenerationConfiguration = .init(), options: Options = .init()
    ) throws {
        promptIDs = try Self.ids(
            of: prompt, model: model, vocabulary: vocabulary, specials: options.specials,
            beginning: options.beginning)
        if options.weights != .float32 { try model.checkRange(of: options.weights) }
        self.vocabulary = vocabulary
        let count = options.sampleCount
        try model.configuration.checkStateMemory(
            tokenCount: promptIDs.count + configuration.maximumTokenCount, textCount: count,
            cache: options.cache)
        let own = options.endsAtGivenTokensOnly ? nil : vocabulary.endOfText
        let ends = options.endTokens.union([own].compactMap(\.self))
        var adjustments = options.adjustments
        if options.sparesEnds { adjustments.sparedTokens.formUnion(ends) }
        if options.sparesLineBreaks {
            adjustments.sparedTokens.formUnion(vocabulary.lineBreakTokens)
        }
        hidden =
            options.skipsSpecialTokens
            ? Set(vocabulary.specialTokens.filter { $0.recognition == .whereAllowed }.map(\.id))
            : []
        generator = TextGenerator(
            model, configuration: configuration, adjustments: adjustments, sampleCount: count,
            endTokens: ends,
            givesLogProbabilities: options.givesLogProbabilities, weights: options.weights,
            cache: options.cache, team: options.team)
        // A target is a text of its own, and so is what follows no text.
        let isContinued = !model.readsPairs && !vocabulary.beginsText(behind: promptIDs)
        streams = Array(
            repeating: TextStream(vocabulary, isContinued: isContinued), count: count)
        stops = Array(repeating: StopStrings(configuration.stopStrings), count: count)
        hasEnded = Array(repeating: false, count: count)
        generator.start(prompt: promptIDs)
        readCount = generator.windowCount
    }

    /// The ids that a model reads for a prompt, which for a model of pairs is the source.
    public static func ids(
        of prompt: String, model: any LanguageModel, vocabulary: Vocabulary,
        specials: SpecialTokenPolicy = .none, beginning: PromptBeginning = .automatic
    ) throws -> [TokenID] {
        try model.configuration.checkEmbeddings(of: vocabulary)
        let encoder = BytePairEncoder(vocabulary)
        if model.readsPairs {
            return try PairTemplate(vocabulary).prompt(prompt, with: encoder)
        }
        var ids = beginning.tokens(prompt, vocabulary)
        encoder.encode(Array(prompt.utf8).span, specials: specials, into: &ids)
        try encoder.check()
        guard !ids.isEmpty else {
            throw PipelineError.badValue(
                key: "prompt", reason: "without a token that begins it, it must not be empty")
        }
        return ids
    }

    /// Pieces that the next step adds to the samples that go on; nil when all have ended.
    ///
    /// - Throws: `ModelError.notFinite` when the model computes nothing to choose from.
    public mutating func next() throws -> [Piece]? {
        guard hasEnded.contains(false) else { return nil }
        let tokens = generator.advance()
        var pieces: [Piece] = []
        for sample in hasEnded.indices where !hasEnded[sample] {
            pieces.append(try piece(of: sample, tokens[sample]))
        }
        return pieces
    }

    private mutating func piece(of sample: Int, _ token: TokenID?) throws -> Piece {
        var bytes: [UInt8] = []
        // A model may have more embeddings than its vocabulary has tokens: those mean nothing.
        if let token, token.index < vocabulary.count {
            let shown = hidden.contains(token) ? [] : try streams[sample].bytes(of: token)
            bytes = stops[sample].append(shown)
            if stops[sample].hasStopped { generator.stop(sample: sample) }
        } else if token == nil {
            bytes = stops[sample].append(streams[sample].finish())
            bytes += stops[sample].finish()
        }
        let ending = generator.ending(ofSample: sample)
        if ending == .notFinite { throw ModelError.notFinite }
        hasEnded[sample] = ending != nil
        return Piece(
            sample: sample, text: String(decoding: bytes, as: UTF8.self), token: token,
            logProbability: token == nil ? nil : generator.logProbability(ofSample: sample),
            ending: ending)
    }
}

extension Vocabulary {
    /// The ordinary tokens of line breaks alone. O(size).
    fileprivate var lineBreakTokens: [TokenID] {
        (0..<count).map { TokenID($0) }.filter { id in
            let bytes = bytes(of: id)
            return !bytes.isEmpty && !isSpecial(id)
                && bytes.allSatisfy { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        }
    }
}

/// Beginning before a prompt.
public enum PromptBeginning: Equatable, Sendable {
    /// Tokens that the model's tokenizer puts before each text, as `transformers` does. An empty
    /// prompt gets the token that begins a text in any case, for a model continues nothing but
    /// tokens.
    ///
    /// For a model that was trained here this is the end-of-text token at which its documents
    /// began.
    case automatic
    /// No token.
    case none
    /// A token.
    case token(TokenID)

    /// The tokens before `prompt`.
    func tokens(_ prompt: String, _ vocabulary: Vocabulary) -> [TokenID] {
        switch self {
        case .automatic:
            let prefix = vocabulary.textPrefix
            return prefix.isEmpty && prompt.isEmpty
                ? [vocabulary.beginningOfText].compactMap(\.self) : prefix
        case .none: return []
        case .token(let token): return [token]
        }
    }
}
