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

    private let kernels: Kernels
    private let level: KernelLevel
    private let keys: [FloatBuffer]  // a layer each, (capacity, C)
    private let values: [FloatBuffer]  // a layer each, (capacity, C)
    private let stream: FloatBuffer  // (C)
    private let norm: FloatBuffer  // (C)
    private let qkv: FloatBuffer  // (3C)
    private let attended: FloatBuffer  // (C)
    private let hidden: FloatBuffer  // (4C)
    private let slope: FloatBuffer  // (4C)
    private let scores: FloatBuffer  // (capacity)
    private let statistics: FloatBuffer  // mean and scale
    private let id = IDBuffer(count: 1)
    private var prompts: SequencePass?
    private let promptIDs: IDBuffer

    /// An empty cache for `model`.
    public init(_ model: GPT, kernels level: KernelLevel = .best) {
        let configuration = model.configuration
        let (t, c) = (configuration.positionCount, configuration.embeddingSize)
        self.model = model
        self.level = level
        capacity = t
        kernels = Kernels(level)
        logits = FloatBuffer(count: configuration.vocabularySize)
        keys = (0..<configuration.layerCount).map { _ in FloatBuffer(count: t * c) }
        values = (0..<configuration.layerCount).map { _ in FloatBuffer(count: t * c) }
        stream = FloatBuffer(count: c)
        norm = FloatBuffer(count: c)
        qkv = FloatBuffer(count: 3 * c)
        attended = FloatBuffer(count: c)
        hidden = FloatBuffer(count: 4 * c)
        slope = FloatBuffer(count: 4 * c)
        scores = FloatBuffer(count: t)
        statistics = FloatBuffer(count: 32)
        promptIDs = IDBuffer(count: t)
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
        pass.forward(promptIDs.slice(0..<ids.count), model.slices, cache: self)
        let c = model.configuration.embeddingSize
        count = ids.count
        kernels.multiply(
            row: pass.finalNorm.at((count - 1) * c, c), model.slices.tokens.transposed,
            into: logits.all)
    }

    /// Reads one more token. There must be room.
    public func step(_ token: Int32) {
        precondition(count < capacity, "the cache is full; slide the window first")
        precondition(
            token >= 0 && Int(token) < model.configuration.vocabularySize,
            "token \(token) is not in the vocabulary")
        let (configuration, p) = (model.configuration, model.slices)
        let c = configuration.embeddingSize
        let shape = AttentionShape(
            positions: count + 1, heads: configuration.headCount, headSize: configuration.headSize)
        let x = stream.all
        let place = count * c..<(count + 1) * c
        kernels.copy(p.tokens.slice.at(Int(token) * c, c), to: x)
        kernels.add(p.positions.slice.at(count * c, c), to: x)
        for (index, layer) in p.layers.enumerated() {
            normalise(layer.norm1Weight, layer.norm1Bias)
            multiply(norm.all, layer.qkvWeight, layer.qkvBias, into: qkv.all)
            kernels.copy(qkv.slice(c..<2 * c), to: keys[index].slice(place))
            kernels.copy(qkv.slice(2 * c..<3 * c), to: values[index].slice(place))
            kernels.attentionStep(
                shape, q: qkv.slice(0..<c), keys: keys[index].all, values: values[index].all,
                into: attended.all, scores: scores.all)
            kernels.add(layer.outBias, to: x)
            kernels.multiply(row: attended.all, layer.outWeight, into: x, adding: true)

            normalise(layer.norm2Weight, layer.norm2Bias)
            multiply(norm.all, layer.upWeight, layer.upBias, into: slope.all)
            kernels.gelu(slope.all, into: hidden.all)
            kernels.add(layer.downBias, to: x)
            kernels.multiply(row: hidden.all, layer.downWeight, into: x, adding: true)
        }
        normalise(p.normWeight, p.normBias)
        kernels.multiply(row: norm.all, p.tokens.transposed, into: logits.all)
        count += 1
    }

    private func normalise(_ weight: FloatSlice, _ bias: FloatSlice) {
        let c = model.configuration.embeddingSize
        kernels.layerNorm(
            Matrix(stream.all, 1, c), weight: weight, bias: bias,
            epsilon: model.configuration.layerNormEpsilon, into: Matrix(norm.all, 1, c),
            mean: statistics.slice(0..<1), reciprocalDeviation: statistics.slice(16..<17))
    }

    private func multiply(_ x: FloatSlice, _ b: Matrix, _ bias: FloatSlice, into y: FloatSlice) {
        kernels.copy(bias, to: y)
        kernels.multiply(row: x, b, into: y, adding: true)
    }

    /// Takes the keys and values of a layer's first `count` positions from rows of [q | k | v].
    func keep(_ rows: FloatSlice, layer: Int, count: Int) {
        let c = model.configuration.embeddingSize
        for position in 0..<count {
            let place = position * c..<(position + 1) * c
            kernels.copy(rows.at((3 * position + 1) * c, c), to: keys[layer].slice(place))
            kernels.copy(rows.at((3 * position + 2) * c, c), to: values[layer].slice(place))
        }
    }
}
