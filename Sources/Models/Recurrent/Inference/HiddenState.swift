/// What a recurrent model keeps of a text that it has read: h and, of the LSTM, c of every layer,
/// whatever the length of the text.
public final class HiddenState: ReadingState {
    /// Tokens read so far.
    public internal(set) var count = 0
    /// There is no limit.
    public var capacity: Int? { nil }
    /// A state is of all its tokens.
    public var isDivisible: Bool { false }
    /// Bytes of the state.
    public var byteCount: Int { 4 * storage.count }

    private let hiddenSize: Int
    private let layerSize: Int
    /// (layers, h and c, H)
    private let storage: FloatBuffer

    /// The state of a text of which nothing is read.
    public init(_ configuration: RecurrentConfiguration) {
        hiddenSize = configuration.hiddenSize
        layerSize = configuration.architecture.stateCount * configuration.hiddenSize
        storage = FloatBuffer(count: configuration.layerCount * layerSize)
    }

    /// Forgets everything, unless all of it is to be kept: a state is of all the tokens together.
    public func rewind(to count: Int) -> Int {
        precondition(count >= 0 && count <= self.count, "a state forgets its end, and only that")
        if count < self.count {
            storage.zero()
            self.count = 0
        }
        return self.count
    }

    /// Takes over `other`, a state of the same model that has read `count` tokens.
    public func copy(from other: any ReadingState, count: Int) {
        let other = Self.of(other)
        precondition(count == other.count || count == 0, "a state is of all its tokens")
        if count == 0 { storage.zero() } else { storage.copy(from: other.storage) }
        self.count = count
    }

    /// `state`, which a recurrent model's pass made.
    static func of(_ state: any ReadingState) -> HiddenState {
        guard let state = state as? HiddenState else {
            preconditionFailure("a recurrent model reads into its own states")
        }
        return state
    }

    /// h of a layer.
    func h(_ layer: Int) -> FloatSlice {
        storage.slice(layer * layerSize..<layer * layerSize + hiddenSize)
    }

    /// c of a layer; nil where the cell has none.
    func c(_ layer: Int) -> FloatSlice? {
        guard layerSize > hiddenSize else { return nil }
        return storage.slice(layer * layerSize + hiddenSize..<(layer + 1) * layerSize)
    }
}
