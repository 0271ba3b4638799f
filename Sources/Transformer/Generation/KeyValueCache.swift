/// The keys and values of the tokens that a model has read, so that the next token costs one
/// position and not all of them.
///
/// ```swift
/// let cache = KeyValueCache(model)
/// cache.prefill(prompt.span)
/// while cache.count < cache.capacity {
///     let token = cache.logits.withSpan { sampler.next(from: $0) }
///     cache.step(token)
/// }
/// ```
public final class KeyValueCache {
    /// The model that reads.
    public let model: GPT
    /// The most tokens that fit: the model's context.
    public let capacity: Int
    /// Tokens read so far.
    public private(set) var count = 0
    /// What the model expects after the last token: (vocabulary).
    public let logits: FloatBuffer

    let kernels: Kernels
    let position: PositionBuffers
    /// A layer each, (capacity, width of keys).
    let keys: [FloatBuffer]
    let values: [FloatBuffer]

    private let level: KernelLevel
    private var prompts: SequencePass?
    private let promptIDs: IDBuffer

    /// An empty cache for `model`.
    public init(_ model: GPT, kernels level: KernelLevel = .best) {
        let configuration = model.configuration
        let capacity = configuration.positionCount
        func buffers() -> [FloatBuffer] {
            (0..<configuration.layerCount).map { _ in
                FloatBuffer(count: capacity * configuration.keyWidth)
            }
        }
        self.model = model
        self.level = level
        self.capacity = capacity
        kernels = Kernels(level)
        logits = FloatBuffer(count: configuration.vocabularySize)
        keys = buffers()
        values = buffers()
        position = PositionBuffers(configuration)
        promptIDs = IDBuffer(count: capacity)
    }

    /// Forgets everything.
    public func reset() { count = 0 }

    /// Reads `ids` in place of what was read before, all in one pass. 1 to ``capacity`` of them.
    public func prefill(_ ids: Span<Int32>) {
        precondition(
            ids.count > 0 && ids.count <= capacity,
            "a prompt has 1 to \(capacity) tokens, not \(ids.count)")
        model.checkIDs(ids)
        promptIDs.copy(from: ids)
        let pass: SequencePass
        if let prompts, prompts.length >= ids.count {
            pass = prompts
        } else {
            pass = SequencePass(model, length: ids.count, level: level, keepsAll: false)
            prompts = pass
        }
        pass.forward(.init(ids: promptIDs.slice(0..<ids.count)), model.slices, cache: self)
        let c = model.configuration.embeddingSize
        count = ids.count
        kernels.multiply(
            row: pass.activations.finalNorm.at((count - 1) * c, c),
            model.slices.head.transposed, into: logits.all)
    }

    /// Reads one more token. There must be room.
    public func step(_ token: Int32) {
        precondition(count < capacity, "the cache is full; slide the window first")
        precondition(
            token >= 0 && Int(token) < model.configuration.vocabularySize,
            "token \(token) is not in the vocabulary")
        read(token, at: count)
        count += 1
    }

    /// Takes the keys and values of a layer's first `count` positions from rows of [q | k | v].
    func keep(_ rows: FloatSlice, layer: Int, count: Int) {
        let shape = AttentionShape(model.configuration, positions: count)
        let width = shape.keyWidth
        for position in 0..<count {
            let start = position * shape.rowWidth + shape.queryWidth
            let place = position * width..<(position + 1) * width
            kernels.copy(rows.at(start, width), to: keys[layer].slice(place))
            kernels.copy(rows.at(start + width, width), to: values[layer].slice(place))
        }
    }
}
