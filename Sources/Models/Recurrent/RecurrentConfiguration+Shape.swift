public import Work

extension RecurrentConfiguration: ModelShape {
    /// A model of this shape.
    public typealias Model = RecurrentModel

    /// The names of ``RecurrentArchitecture``.
    public static var architectures: [String] { RecurrentArchitecture.allCases.map(\.rawValue) }

    /// The sequences of all slots take a step together.
    public static var joinsSlots: Bool { true }

    /// The default shape of a cell.
    public init(defaultsOf architecture: String) {
        self.init()
        self.architecture = RecurrentArchitecture(rawValue: architecture) ?? .lstm
    }

    /// Rates found by measurement: gates bear high ones, a plain recurrence does not.
    public var learningRates: LearningRates {
        switch architecture {
        case .rnn: LearningRates()
        case .lstm: LearningRates(adamW: 2e-2, adamWBesideMuon: 2e-2, muon: 0.05)
        case .gru: LearningRates(adamW: 1.2e-2, adamWBesideMuon: 2e-2, muon: 0.05)
        }
    }

    /// The cell's name.
    public var architectureName: String { architecture.rawValue }

    /// There is none: a state is of all tokens before.
    public var contextLimit: Int? { nil }

    /// A tied head may be there as a copy of the embedding.
    public var copies: [String: Int] { tiesEmbeddings ? [RecurrentNames.head: 0] : [:] }

    /// Layers, hidden units and the floats of a token.
    public var facts: [(title: String, value: String)] {
        [
            ("layers", "\(layerCount)"), ("hidden units", "\(hiddenSize)"),
            ("width", "\(embeddingSize)"),
        ]
    }

    /// Bytes of h and c, whatever the number of tokens and the format of caches.
    public func stateByteCount(tokenCount: Int, cache: CacheFormat) -> Int {
        4 * layerCount * architecture.stateCount * hiddenSize
    }

    /// h and, of the LSTM, c of every layer.
    public var carriedStateShape: [Int]? {
        [layerCount, architecture.stateCount, hiddenSize]
    }

    /// Floats of the panels and of a wave's activations.
    public func passMemory(_ plan: BatchPlan) -> BatchPassMemory {
        RecurrentBatchPass.memory(of: self, plan)
    }
}

extension RecurrentModel: LanguageModel {
    /// The logits after each of `ids`, (count, vocabulary) row-major: what the model expects next.
    ///
    /// For checks and short texts; it allocates its workspace.
    ///
    /// - Parameters:
    ///   - ids: the tokens, all of the vocabulary, any number but none.
    ///   - documentStarts: for each token the number of the first of its document, before which the
    ///     state is zero; nil if all are of one.
    ///   - level: which kernels run.
    public func logits(
        for ids: [TokenID], documentStarts: [Int32]? = nil, kernels level: KernelLevel = .best
    ) -> [Float] {
        checkIDs(ids.span)
        precondition(!ids.isEmpty, "logits are for at least one token")
        let starts = documentStarts.map { starts in
            precondition(starts.count == ids.count, "as many starts as tokens")
            BatchInput.check(starts: starts, length: ids.count)
            return IDBuffer(starts)
        }
        let shape = RecurrentPass.Shape(
            configuration: configuration, rows: 1, length: ids.count, slotRows: 1, slotCount: 1,
            threadCount: 1, kernels: Kernels(level))
        let team = ThreadTeam(threadCount: 1)
        let pass = RecurrentPass(self, shape, team: team, level: level)
        let buffer = IDBuffer(ids)
        pass.weights.refresh(team)
        pass.load(1, ids: { _ in buffer.all }, targets: nil, starts: { _ in starts?.all })
        pass.forward { _, _, _, _ in }
        let v = configuration.vocabularySize
        let logits = FloatBuffer(count: ids.count * v)
        pass.logits(into: Matrix(logits.all, ids.count, v))
        return logits.array
    }

    /// A pass through which the sequences of a batch go side by side.
    public func makeBatchPass(_ room: BatchRoom) -> any BatchPass { RecurrentBatchPass(self, room) }

    /// A pass over hidden states, which are float32 whatever `cache` says: they are no longer for a
    /// longer text, and rounded again at every step they would drift.
    public func makeInferencePass(
        weights format: WeightFormat, cache: CacheFormat, textCount: Int, team: ThreadTeam,
        kernels level: KernelLevel
    ) -> any InferencePass {
        RecurrentInferencePass(
            self, weights: format, textCount: textCount, team: team, kernels: level)
    }
}
