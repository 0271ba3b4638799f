/// The keys and values of the tokens that a model has read in one text, so that the next token
/// costs one position and not all of them.
///
/// A class, because it is one large allocation; an ``InferencePass`` fills it.
public final class KeyValueCache: ReadingState {
    /// The most tokens that fit.
    public var capacity: Int? { room }
    /// Positions are apart from each other.
    public var isDivisible: Bool { true }
    /// Tokens read so far.
    public internal(set) var count = 0

    /// The most tokens that fit.
    let room: Int
    private let headSize: Int
    private let headCount: Int
    /// Keys and values of each layer, (layers, 2, heads of keys, capacity, head size): what a head
    /// reads lies in one piece.
    private let storage: CacheBuffer

    /// An empty cache for texts of up to `capacity` tokens of a model of that shape; at most, and
    /// by default, the model's context. Its numbers are of `format`.
    public init(
        _ configuration: GPTConfiguration, capacity: Int? = nil, format: CacheFormat = .float32
    ) {
        let capacity = capacity ?? configuration.positionCount
        precondition(
            capacity > 0 && capacity <= configuration.positionCount,
            "a cache has room for 1 to \(configuration.positionCount) tokens, not \(capacity)")
        room = capacity
        headSize = configuration.headSize
        headCount = configuration.keyWidth / configuration.headSize
        storage = CacheBuffer(
            format, count: configuration.layerCount * 2 * configuration.keyWidth * capacity)
    }

    /// Bytes of the keys and values.
    public var byteCount: Int { storage.format.byteCount * storage.count }

    /// Forgets all but the first `count` tokens.
    public func rewind(to count: Int) -> Int {
        precondition(count >= 0 && count <= self.count, "a cache forgets its end, and only that")
        self.count = count
        return count
    }

    /// Takes over what `other`, a cache of the same model, has of its first `count` tokens.
    /// O(layers · width · count).
    public func copy(from other: any ReadingState, count: Int) {
        let other = Self.of(other)
        precondition(
            count <= room && count <= other.count && headSize == other.headSize
                && headCount == other.headCount
                && storage.count / room == other.storage.count / other.room,
            "a cache of another model, or one that does not fit")
        for place in 0..<storage.count / (room * headSize) where count > 0 {
            part(place).at(0, count * headSize)
                .copy(from: other.part(place).at(0, count * headSize))
        }
        self.count = count
    }

    /// The cache that a decoder's pass is handed as a state.
    static func of(_ state: any ReadingState) -> KeyValueCache {
        guard let cache = state as? KeyValueCache else {
            preconditionFailure("a state of another family of models")
        }
        return cache
    }

    /// The keys of a head, (capacity, head size).
    func keys(layer: Int, head: Int) -> CacheSlice { part(2 * layer * headCount + head) }

    /// The values of a head, (capacity, head size).
    func values(layer: Int, head: Int) -> CacheSlice { part((2 * layer + 1) * headCount + head) }

    private func part(_ index: Int) -> CacheSlice {
        storage.slice(index * room * headSize..<(index + 1) * room * headSize)
    }
}
