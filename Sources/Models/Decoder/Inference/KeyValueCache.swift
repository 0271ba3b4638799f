/// The keys and values of the tokens that a model has read in one text, so that the next token
/// costs one position and not all of them.
///
/// A class, because it is one large allocation; an ``InferencePass`` fills it.
public final class KeyValueCache {
    /// The most tokens that fit.
    public let capacity: Int
    /// Tokens read so far.
    public internal(set) var count = 0

    private let headSize: Int
    private let headCount: Int
    /// Keys and values of each layer, (layers, 2, heads of keys, capacity, head size): what a head
    /// reads lies in one piece.
    private let storage: FloatBuffer

    /// An empty cache for texts of up to `capacity` tokens of a model of that shape; at most, and
    /// by default, the model's context.
    public init(_ configuration: GPTConfiguration, capacity: Int? = nil) {
        let capacity = capacity ?? configuration.positionCount
        precondition(
            capacity > 0 && capacity <= configuration.positionCount,
            "a cache has room for 1 to \(configuration.positionCount) tokens, not \(capacity)")
        self.capacity = capacity
        headSize = configuration.headSize
        headCount = configuration.keyWidth / configuration.headSize
        storage = FloatBuffer(
            count: configuration.layerCount * 2 * configuration.keyWidth * capacity)
    }

    /// Forgets all but the first `count` tokens.
    public func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "a cache forgets its end, and only that")
        self.count = count
    }

    /// Takes over what `other`, a cache of the same model, has of its first `count` tokens.
    /// O(layers · width · count).
    public func copy(from other: KeyValueCache, count: Int) {
        precondition(
            count <= capacity && count <= other.count && headSize == other.headSize
                && headCount == other.headCount
                && storage.count / capacity == other.storage.count / other.capacity,
            "a cache of another model, or one that does not fit")
        for place in 0..<storage.count / (capacity * headSize) where count > 0 {
            unsafe storage.slice(place * capacity * headSize..<(place + 1) * capacity * headSize)
                .base.update(
                    from: other.storage.slice(
                        place * other.capacity * headSize..<(place + 1) * other.capacity * headSize
                    ).base, count: count * headSize)
        }
        self.count = count
    }

    /// The keys of a head, (capacity, head size).
    func keys(layer: Int, head: Int) -> FloatSlice { part(2 * layer * headCount + head) }

    /// The values of a head, (capacity, head size).
    func values(layer: Int, head: Int) -> FloatSlice { part((2 * layer + 1) * headCount + head) }

    private func part(_ index: Int) -> FloatSlice {
        storage.slice(index * capacity * headSize..<(index + 1) * capacity * headSize)
    }
}
