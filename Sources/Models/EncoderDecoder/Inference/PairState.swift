/// What an encoder–decoder keeps of a pair: the source's keys and values in every block of the
/// decoder, made once, and those of the target so far.
public final class PairState: ReadingState {
    /// The tokens read so far, of both sides.
    private(set) var tokens: [TokenID] = []
    /// The most tokens that fit, those of the source included.
    public var capacity: Int? { room }
    /// Of a part of a source nothing is computed.
    public var isDivisible: Bool { false }
    /// Bytes of the keys and values.
    public var byteCount: Int { own.byteCount + (memory?.byteCount ?? 0) }
    /// Tokens read so far, of both sides.
    public var count: Int { tokens.count }

    let room: Int
    /// Keys and values of the target.
    let own: KeyValueCache
    /// Keys and values of the source; nil until its end is read. Texts that go on from one source
    /// share them.
    private(set) var memory: KeyValueCache?
    private let shape: EncoderDecoderConfiguration
    private let format: CacheFormat

    /// A state of which nothing is read yet, with room for `capacity` tokens.
    init(
        _ shape: EncoderDecoderConfiguration, capacity: Int, format: CacheFormat = .float32
    ) {
        precondition(
            capacity > 0 && capacity <= shape.positionCount,
            "a pair has room for 1 to \(shape.positionCount) tokens, not \(capacity)")
        self.shape = shape
        self.format = format
        room = capacity
        own = Self.cache(shape, capacity: capacity, format)
    }

    /// Keys and values as a decoder of that shape has them.
    private static func cache(
        _ shape: EncoderDecoderConfiguration, capacity: Int, _ format: CacheFormat
    ) -> KeyValueCache {
        KeyValueCache(
            GPTConfiguration(
                architecture: .gpt2, layerCount: shape.layerCount, headCount: shape.headCount,
                embeddingSize: shape.embeddingSize, positionCount: capacity, vocabularySize: 1),
            format: format)
    }

    /// The place of the token that begins the target, behind the source; nil if it is not read.
    var cut: Int? { tokens.firstIndex { $0.index == shape.padToken } }

    func add(_ ids: some Collection<TokenID>) { tokens += ids }

    /// Makes room for the keys and values of `count` tokens of a source.
    func makeMemory(count: Int) -> KeyValueCache {
        let memory = Self.cache(shape, capacity: max(count, 1), format)
        memory.count = count
        self.memory = memory
        return memory
    }

    /// Forgets all but the first `count` tokens.
    public func rewind(to count: Int) -> Int {
        precondition(count >= 0 && count <= self.count, "a state forgets its end, and only that")
        let kept = max(0, count - (cut ?? count))
        _ = own.rewind(to: min(kept, own.count))
        if kept == 0 { memory = nil }
        tokens.removeLast(self.count - count)
        return count
    }

    /// Takes over what `other`, a state of the same model, has of its first `count` tokens.
    public func copy(from other: any ReadingState, count: Int) {
        let other = Self.of(other)
        precondition(count <= room && count <= other.count, "a state that does not fit")
        let kept = max(0, count - (other.cut ?? count))
        own.copy(from: other.own, count: kept)
        memory = kept == 0 ? nil : other.memory
        tokens = Array(other.tokens[..<count])
    }

    /// The state that an encoder–decoder's pass is handed.
    static func of(_ state: any ReadingState) -> PairState {
        guard let pair = state as? PairState else {
            preconditionFailure("a state of another family of models")
        }
        return pair
    }
}
