/// Continues a text of token ids, one token at a time.
///
/// When the context is full the oldest quarter leaves, and the rest is read again in one pass: the
/// window slides, as the positions that the model learned are those within its context.
///
/// ```swift
/// var generator = TextGenerator(model, configuration: .greedy(maximumTokenCount: 20))
/// generator.start(prompt: ids)
/// while let token = generator.next() { print(token) }
/// ```
public struct TextGenerator {
    private let cache: KeyValueCache
    private var sampler: Sampler
    private let maximumTokenCount: Int
    private let endToken: Int32?
    /// The tokens in the window, those of the cache and perhaps one more that it has not read.
    private var window: [Int32] = []
    private var generatedCount = 0
    private var hasEnded = false

    /// A generator that ends after the configured number of tokens, or at `endToken`, which is not
    /// returned.
    public init(
        _ model: GPT, configuration: GenerationConfiguration, endToken: Int32? = nil,
        kernels level: KernelLevel = .best
    ) {
        cache = KeyValueCache(model, kernels: level)
        sampler = Sampler(configuration)
        maximumTokenCount = configuration.maximumTokenCount
        self.endToken = endToken
    }

    /// Starts over from `prompt`, of which the last tokens count if it is longer than the context.
    /// It needs at least one token; a text without a beginning starts from the end-of-text token.
    public mutating func start(prompt: [Int32]) {
        precondition(!prompt.isEmpty, "generation starts from at least one token")
        window = prompt
        if window.count > cache.capacity { slide() }
        cache.reset()
        generatedCount = 0
        hasEnded = false
    }

    /// The next token, or nil at the end.
    public mutating func next() -> Int32? {
        precondition(!window.isEmpty, "start(prompt:) comes first")
        guard !hasEnded, generatedCount < maximumTokenCount else { return nil }
        read()
        let token = cache.logits.withSpan { sampler.next(from: $0) }
        if token == endToken {
            hasEnded = true
            return nil
        }
        window.append(token)
        generatedCount += 1
        return token
    }

    /// Brings the cache up to the window.
    private mutating func read() {
        if window.count > cache.capacity {
            slide()
            cache.reset()
        }
        if cache.count == 0 {
            cache.prefill(window.span)
        } else {
            while cache.count < window.count { cache.step(window[cache.count]) }
        }
    }

    /// Drops the oldest tokens, so that three quarters of the context remain in use.
    private mutating func slide() {
        let kept = max(1, cache.capacity - max(1, cache.capacity / 4))
        window.removeFirst(window.count - min(kept, window.count))
    }
}
