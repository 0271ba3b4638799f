import Bytes

/// The cell of a recurrent network: what makes of an input and the last state the next state.
public enum RecurrentArchitecture: String, Codable, CaseIterable, Sendable {
    /// `torch.nn.RNN` with tanh: h = tanh(W x + U h + b).
    case rnn
    /// `torch.nn.LSTM`: a cell beside h that gates write, keep and read.
    case lstm
    /// `torch.nn.GRU`: h is a blend of the last h and a new value.
    case gru

    /// The sums that a step computes for each hidden unit, in PyTorch's order of rows: one; input,
    /// forget, value and output; reset, update and value.
    public var gateCount: Int {
        switch self {
        case .rnn: 1
        case .lstm: 4
        case .gru: 3
        }
    }

    /// Numbers that a hidden unit keeps from step to step: h, and the LSTM's cell.
    public var stateCount: Int { self == .lstm ? 2 : 1 }
}

/// The shape of a recurrent language model: embedding, layers of cells, head; the section "model"
/// of `pipeline.json` where `architecture` is `rnn`, `lstm` or `gru`.
///
/// Two configurations are equal when they describe the same model: a key that is absent equals the
/// value that it stands for.
public struct RecurrentConfiguration: Codable, Sendable {
    /// The cell.
    public var architecture = RecurrentArchitecture.lstm
    /// Recurrent layers, each of which reads the h of the one below.
    public var layerCount = 2
    /// Floats that stand for a token.
    public var embeddingSize = 256
    /// Hidden units of a layer; nil for `embeddingSize`.
    public var hiddenUnitCount: Int?
    /// Tokens of a training window, which back-propagation goes through at once. Reading has no
    /// such limit.
    public var positionCount = 256
    /// Tokens in the vocabulary; 0 until it is known.
    public var vocabularySize = 0
    /// Whether the output head is the token embedding, which needs `hiddenSize` = `embeddingSize`;
    /// otherwise it is a matrix of its own. Nil for tied where the sizes agree.
    public var tying: Bool?

    /// The names in JSON.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case architecture
        case layerCount = "n_layer"
        case embeddingSize = "n_embd"
        case hiddenUnitCount = "hidden_size"
        case positionCount = "n_positions"
        case vocabularySize = "vocab_size"
        case tying = "tie_word_embeddings"
    }

    /// The default shape.
    public init() {}

    /// A shape.
    public init(
        architecture: RecurrentArchitecture, layerCount: Int, embeddingSize: Int,
        hiddenUnitCount: Int? = nil, positionCount: Int, vocabularySize: Int, tying: Bool? = nil
    ) {
        self.architecture = architecture
        self.layerCount = layerCount
        self.embeddingSize = embeddingSize
        self.hiddenUnitCount = hiddenUnitCount
        self.positionCount = positionCount
        self.vocabularySize = vocabularySize
        self.tying = tying
    }

    /// Reads the keys that are there; the others keep their defaults.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.read(.architecture, into: &architecture)
        try values.read(.layerCount, into: &layerCount)
        try values.read(.embeddingSize, into: &embeddingSize)
        try values.read(.positionCount, into: &positionCount)
        try values.read(.vocabularySize, into: &vocabularySize)
        try values.read(.hiddenUnitCount, into: &hiddenUnitCount)
        try values.read(.tying, into: &tying)
    }

    // MARK: Derived sizes

    /// Hidden units of a layer.
    public var hiddenSize: Int { hiddenUnitCount ?? embeddingSize }

    /// Whether the output head is the token embedding.
    public var tiesEmbeddings: Bool { tying ?? (hiddenSize == embeddingSize) }

    /// Floats that a layer reads for a token.
    public func inputSize(ofLayer layer: Int) -> Int { layer == 0 ? embeddingSize : hiddenSize }

    /// Numbers in the matrices of all layers.
    var layerMatrixCount: Int {
        (0..<layerCount).reduce(0) {
            $0 + architecture.gateCount * hiddenSize * (inputSize(ofLayer: $1) + hiddenSize)
        }
    }

    /// Parameters of the layers: all but the embedding and the head.
    public var nonEmbeddingParameterCount: Int {
        layerMatrixCount + 2 * layerCount * architecture.gateCount * hiddenSize
    }

    /// Floating-point operations of matrix products to train on one token, forward and backward:
    /// what a share of the matrix peak is counted in.
    public var trainingOperationsPerToken: Double {
        6 * (Double(layerMatrixCount) + Double(vocabularySize) * Double(hiddenSize))
    }
}

extension RecurrentConfiguration: Equatable {
    /// Whether both describe the same model.
    public static func == (a: RecurrentConfiguration, b: RecurrentConfiguration) -> Bool {
        a.architecture == b.architecture && a.layerCount == b.layerCount
            && a.embeddingSize == b.embeddingSize && a.hiddenSize == b.hiddenSize
            && a.positionCount == b.positionCount && a.vocabularySize == b.vocabularySize
            && a.tiesEmbeddings == b.tiesEmbeddings
    }
}

extension RecurrentConfiguration {
    /// Throws unless a model of this shape can exist.
    public func validate() throws(ModelError) {
        func fail(_ reason: String) -> ModelError { .badConfiguration(reason: reason) }
        try checkNumbers()
        guard !tiesEmbeddings || hiddenSize == embeddingSize else {
            throw fail(
                "a head of \(hiddenSize) units cannot be an embedding of \(embeddingSize) floats; "
                    + "set tie_word_embeddings to false, or hidden_size to n_embd")
        }
        guard layerMatrixCount < 1 << 44 else { throw fail("it has too many parameters") }
    }
}
