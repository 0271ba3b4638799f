public import Work

extension EncoderDecoderConfiguration: ModelShape {
    /// A model of this shape.
    public typealias Model = EncoderDecoder

    /// The one architecture.
    public static var architectures: [String] { [architecture] }

    /// The default shape.
    public init(defaultsOf architecture: String) { self.init() }

    /// Rates found by measurement, lower than a decoder's: its norms stand behind what they add to.
    public var learningRates: LearningRates {
        LearningRates(adamW: 1e-3, adamWBesideMuon: 4e-3, muon: 0.02)
    }

    /// The architecture's name.
    public var architectureName: String { Self.architecture }

    /// A pair has room for its positions, both sides together.
    public var contextLimit: Int? { positionCount }

    /// Texts are pairs.
    public static var readsPairs: Bool { true }

    /// Takes the size and the tokens of a vocabulary.
    public mutating func fit(vocabularySize: Int, padToken: TokenID?, endToken: TokenID?) {
        self.vocabularySize = vocabularySize
        self.padToken = padToken?.index
        self.endToken = endToken?.index
    }

    /// A target begins with padding.
    public var startTokenID: Int? { padToken }

    /// The token that ends both sides.
    public var endTokenID: TokenID? { endToken.map { TokenID($0) } }

    /// Names under which the one matrix of embeddings may be there once more.
    public var copies: [String: Int] {
        Dictionary(uniqueKeysWithValues: EncoderDecoderNames.copies.map { ($0, 0) })
    }

    /// Layers, heads and width.
    public var facts: [(title: String, value: String)] {
        [
            ("layers", "\(layerCount) of the encoder, \(layerCount) of the decoder"),
            ("heads", "\(headCount)"), ("width", "\(embeddingSize), \(feedForwardSize) inside"),
        ]
    }

    /// Bytes of the keys and values of a text: of a source and a target in each block of the
    /// decoder.
    public func stateByteCount(tokenCount: Int, cache: CacheFormat) -> Int {
        cache.byteCount * 2 * layerCount * embeddingSize * tokenCount
    }

    /// Floats of the panels and of the threads' activations.
    public func passMemory(_ plan: BatchPlan) -> BatchPassMemory {
        EncoderDecoderBatchPass.memory(of: self, plan)
    }

    /// Whether both describe the same model: a size that is absent equals the one it stands for.
    public static func == (
        a: EncoderDecoderConfiguration, b: EncoderDecoderConfiguration
    ) -> Bool {
        func numbers(_ c: EncoderDecoderConfiguration) -> [Int] {
            [
                c.layerCount, c.headCount, c.embeddingSize, c.feedForwardSize, c.positionCount,
                c.vocabularySize, c.padToken ?? -1, c.endToken ?? -1,
            ]
        }
        return numbers(a) == numbers(b)
    }
}

extension EncoderDecoder: LanguageModel {
    /// A pass whose threads work on windows.
    public func makeBatchPass(_ room: BatchRoom) -> any BatchPass {
        EncoderDecoderBatchPass(self, room)
    }

    /// A pass that encodes a source and writes its target.
    public func makeInferencePass(
        weights format: WeightFormat, cache: CacheFormat, textCount: Int, team: ThreadTeam,
        kernels level: KernelLevel
    ) -> any InferencePass {
        PairInferencePass(
            self, weights: format, cache: cache, textCount: textCount, team: team, kernels: level)
    }
}
