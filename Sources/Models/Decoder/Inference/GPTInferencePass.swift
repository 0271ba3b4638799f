public import Work

/// New tokens' way through a decoder whose texts have caches, on all threads.
///
/// Work is cut by rows and columns, never by threads, and no sum is shared, so that the bits do not
/// depend on the number of threads; nor do those of a text depend on the texts that are read beside
/// it.
///
/// ```swift
/// let pass = GPTInferencePass(model, team: ThreadTeam())
/// let cache = KeyValueCache(model.configuration)
/// pass.read(prompt.span, into: cache)
/// while cache.count < 256 {
///     let token = pass.withLogits { Sampler.likeliest(in: $0) }
///     pass.step([token], [cache])
/// }
/// ```
public final class GPTInferencePass: InferencePass {
    /// The model that reads; its parameters must not change meanwhile.
    public let model: GPT
    /// The most texts that take a step together.
    public let textCount: Int
    /// Bytes of weights that are read for a step.
    public var weightByteCount: Int { weights.byteCount }

    let configuration: GPTConfiguration
    /// The numbers of the caches.
    let cacheFormat: CacheFormat
    let weights: GPTInferenceWeights
    let products: InferenceProducts
    let buffers: Buffers
    var kernels: Kernels { products.kernels }
    var team: ThreadTeam { products.team }
    /// What the model expects next in each text.
    public let logits: LogitRows

    /// Positions that are read at once, which bounds the scratch.
    static let chunkLength = 256

    /// Buffers for the rows at work, allocated once.
    struct Buffers {
        let rowCount: Int
        let ids: IDBuffer
        let places: IDBuffer
        let stream: FloatBuffer  // (rows, C)
        let norm: FloatBuffer  // (rows, C)
        let parallelNorm: FloatBuffer  // (rows, C), where the parts of a block are parallel
        let qkv: FloatBuffer  // (rows, Q + 2K)
        let attended: FloatBuffer  // (rows, Q)
        let added: FloatBuffer  // (rows, C), where what a part adds has a norm
        let inside: FloatBuffer  // (rows, F), or (rows, 2F) for [gate | up]
        let hidden: FloatBuffer  // (rows, F)
        let mean: FloatBuffer  // (rows)
        let scale: FloatBuffer  // (rows)

        init(_ c: GPTConfiguration, rows: Int) {
            rowCount = rows
            ids = IDBuffer(count: rows)
            places = IDBuffer(count: rows)
            stream = FloatBuffer(count: rows * c.embeddingSize)
            norm = FloatBuffer(count: rows * c.embeddingSize)
            parallelNorm = FloatBuffer(count: c.isParallel ? rows * c.embeddingSize : 0)
            qkv = FloatBuffer(count: rows * (c.queryWidth + 2 * c.keyWidth))
            attended = FloatBuffer(count: rows * c.queryWidth)
            added = FloatBuffer(
                count: c.architecture.normalisesAdditions ? rows * c.embeddingSize : 0)
            let isGated = c.architecture.isGated
            inside = FloatBuffer(count: rows * c.feedForwardSize * (isGated ? 2 : 1))
            hidden = FloatBuffer(count: rows * c.feedForwardSize)
            mean = FloatBuffer(count: rows)
            scale = FloatBuffer(count: rows)
        }
    }

    let attentionScratch: [Scratch]
    /// The first position that each row sees where a window slides, and one past the last; empty
    /// where none does.
    let windowStarts: IDBuffer
    let windowEnds: IDBuffer
    /// The logits of places of parts, as many as are computed at once.
    private lazy var partLogits = LogitRows(
        textCount: min(64, buffers.rowCount), vocabularySize: configuration.vocabularySize,
        kernels: kernels)

    /// A pass that reads with `model`.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - format: the number format that its matrices are rounded to first.
    ///   - cache: the number format of keys and values.
    ///   - textCount: the most texts that take a step together.
    ///   - team: the threads.
    ///   - level: which kernels run.
    public init(
        _ model: GPT, weights format: WeightFormat = .float32, cache: CacheFormat = .float32,
        textCount: Int = 1, team: ThreadTeam, kernels level: KernelLevel = .best
    ) {
        precondition(
            textCount > 0 && textCount <= Kernels.fewRows,
            "\(textCount) texts at once; give 1 to \(Kernels.fewRows)")
        self.model = model
        self.textCount = textCount
        cacheFormat = cache
        configuration = model.configuration
        products = InferenceProducts(team: team, level: level)
        weights = GPTInferenceWeights(model, format, team: team)
        let rows = Self.chunkLength
        buffers = Buffers(configuration, rows: rows)
        logits = LogitRows(
            textCount: textCount, vocabularySize: configuration.vocabularySize,
            kernels: products.kernels)
        let slidingRows = configuration.slides ? rows : 0
        (windowStarts, windowEnds) = (IDBuffer(count: slidingRows), IDBuffer(count: slidingRows))
        attentionScratch = (0..<team.threadCount).map { _ in Scratch() }
    }

    /// An empty cache.
    public func makeState(capacity: Int) -> any ReadingState {
        KeyValueCache(configuration, capacity: capacity, format: cacheFormat)
    }

    /// Reads the next tokens of a text, as ``read(_:into:)-(_,KeyValueCache)``.
    public func read(_ ids: Span<TokenID>, into state: any ReadingState) {
        read(ids, into: KeyValueCache.of(state))
    }

    /// Reads one token of each text, as ``step(_:_:)-(_,[KeyValueCache])``.
    public func step(_ tokens: [TokenID], _ states: [any ReadingState]) {
        step(tokens, states.map(KeyValueCache.of))
    }

    /// Reads the next tokens of a text, 256 at a time. There must be room for them, and at least
    /// one.
    public func read(_ ids: Span<TokenID>, into cache: KeyValueCache) {
        precondition(
            ids.count > 0 && cache.count + ids.count <= cache.room,
            "\(ids.count) tokens for a cache with room for \(cache.room - cache.count)")
        model.checkIDs(ids)
        var start = 0
        while start < ids.count {
            let count = min(Self.chunkLength, ids.count - start)
            buffers.ids.copy(from: ids.extracting(start..<start + count))
            for row in 0..<count {
                buffers.places[row] = Int32(cache.count + row)
            }
            // A chunk of one is a step, with a step's bits.
            forward(count == 1 ? .step([cache]) : .parts([.init(cache: cache, rows: 0..<count)]))
            cache.count += count
            start += count
            if start == ids.count { head(rows: count - 1..<count) }
        }
    }

    /// Reads one token of each text. There must be room for it.
    public func step(_ tokens: [TokenID], _ caches: [KeyValueCache]) {
        precondition(
            tokens.count == caches.count && !tokens.isEmpty && tokens.count <= textCount,
            "a token for each text, of at most \(textCount)")
        model.checkIDs(tokens.span)
        buffers.ids.copy(from: tokens.span)
        for (row, cache) in caches.enumerated() {
            precondition(cache.count < cache.room, "the cache is full; slide the window first")
            buffers.places[row] = Int32(cache.count)
        }
        forward(.step(caches))
        for cache in caches { cache.count += 1 }
        head(rows: 0..<tokens.count)
    }

    /// Places of a text are rows of a step as those of several texts are: the keys and values of
    /// all are in the cache before any row looks at those up to its own.
    public var stepsAhead: Bool { true }

    /// Reads the next tokens of a text, with the bits of as many steps.
    public func step(_ tokens: [TokenID], into state: any ReadingState) {
        let cache = KeyValueCache.of(state)
        precondition(
            !tokens.isEmpty && tokens.count <= textCount
                && cache.count + tokens.count <= cache.room,
            "\(tokens.count) tokens, at most \(textCount), and room for them")
        model.checkIDs(tokens.span)
        buffers.ids.copy(from: tokens.span)
        for row in tokens.indices { buffers.places[row] = Int32(cache.count + row) }
        forward(.step([KeyValueCache](repeating: cache, count: tokens.count)))
        cache.count += tokens.count
        head(rows: 0..<tokens.count)
    }

    /// Reads the next tokens of several texts at once, in rounds of 256.
    public func read(
        _ parts: [TextPart],
        _ take: (_ part: Int, _ place: Int, _ logits: LogitRows, _ row: Int) -> Void
    ) {
        for part in parts {
            let cache = KeyValueCache.of(part.state)
            precondition(
                cache.count + part.ids.count <= cache.room,
                "\(part.ids.count) tokens for a cache with room for \(cache.room - cache.count)")
            model.checkIDs(part.ids.span)
        }
        var (index, start) = (0, 0)
        while index < parts.count {
            var round: [Round] = []
            var rows = 0
            while index < parts.count, rows < Self.chunkLength {
                let part = parts[index]
                let count = min(Self.chunkLength - rows, part.ids.count - start)
                let cache = KeyValueCache.of(part.state)
                for row in 0..<count {
                    buffers.ids[rows + row] = Int32(part.ids[start + row].index)
                    buffers.places[rows + row] = Int32(cache.count + row)
                }
                round.append(
                    Round(
                        part: index, start: start,
                        rows: Work.Rows(cache: cache, rows: rows..<rows + count),
                        wanted: part.wanted.clamped(to: start..<start + count)))
                (rows, start) = (rows + count, start + count)
                if start == part.ids.count { (index, start) = (index + 1, 0) }
            }
            forward(.parts(round.map(\.rows)), throughPanels: true)
            for part in round { part.rows.cache.count += part.rows.rows.count }
            hand(round, to: take)
        }
    }

    /// What a round reads of a part.
    private struct Round {
        let part: Int
        /// The first of the part's places.
        let start: Int
        let rows: Work.Rows
        /// The places whose logits are wanted.
        let wanted: Range<Int>

        func row(ofPlace place: Int) -> Int { rows.rows.lowerBound + place - start }
    }

    /// Computes the logits that are wanted of a round, and hands them over.
    private func hand(
        _ round: [Round],
        to take: (_ part: Int, _ place: Int, _ logits: LogitRows, _ row: Int) -> Void
    ) {
        var places: [(part: Int, place: Int)] = []
        let most = partLogits.matrix.rows
        let c = configuration.embeddingSize
        func flush() {
            guard !places.isEmpty else { return }
            products.multiply(
                Matrix(buffers.norm.all, places.count, c), weights.head,
                into: partLogits.matrix.rows(0..<places.count), throughPanels: true)
            for (row, (part, place)) in places.enumerated() { take(part, place, partLogits, row) }
            places = []
        }
        let stream = Matrix(buffers.stream.all, buffers.rowCount, c)
        let normed = Matrix(buffers.norm.all, buffers.rowCount, c)
        for part in round {
            var place = part.wanted.lowerBound
            while place < part.wanted.upperBound {
                let count = min(most - places.count, part.wanted.upperBound - place)
                let row = part.row(ofPlace: place)
                normalise(
                    stream.rows(row..<row + count), model.slices.finalNorm,
                    into: normed.rows(places.count..<places.count + count))
                places += (place..<place + count).map { (part.part, $0) }
                place += count
                if places.count == most { flush() }
            }
        }
        flush()
    }

    /// Rows at work: positions of texts, or one position of each of several.
    enum Work {
        /// Rows that hold the next positions of a text.
        struct Rows {
            let cache: KeyValueCache
            let rows: Range<Int>
        }

        /// The next positions of texts.
        case parts([Rows])
        /// The next position of each text.
        case step([KeyValueCache])

        var rowCount: Int {
            switch self {
            case .parts(let parts): parts.last?.rows.upperBound ?? 0
            case .step(let caches): caches.count
            }
        }

        /// Calls `body` with each of the rows of `range` and the cache of its text.
        func eachRow(_ range: Range<Int>, _ body: (Int, KeyValueCache) -> Void) {
            switch self {
            case .parts(let parts):
                for part in parts {
                    for row in part.rows.clamped(to: range) { body(row, part.cache) }
                }
            case .step(let caches): for row in range { body(row, caches[row]) }
            }
        }
    }

    private func forward(_ work: Work, throughPanels: Bool = false) {
        let (p, rows) = (model.slices, work.rowCount)
        let x = Matrix(buffers.stream.all, rows, configuration.embeddingSize)
        kernels.embed(
            buffers.ids.slice(0..<rows), p.tokens, factor: configuration.embeddingFactor, into: x)
        if let positions = p.positions {
            kernels.embed(buffers.places.slice(0..<rows), positions, into: x, adding: true)
        }
        if windowStarts.count > 0, let window = configuration.variations.slidingWindow {
            for row in 0..<rows {
                windowEnds[row] = buffers.places[row] + 1
                windowStarts[row] = max(windowEnds[row] - Int32(window), 0)
            }
        }
        for index in p.layers.indices {
            attend(work, index, p.layers[index], throughPanels)
            feedForward(rows, index, p.layers[index], throughPanels)
        }
    }

    /// The logits of some of the rows, from the first row of ``logits`` on.
    private func head(rows: Range<Int>) {
        let x = Matrix(buffers.stream.all, rows.upperBound, configuration.embeddingSize).rows(rows)
        let y = Matrix(buffers.norm.all, rows.count, configuration.embeddingSize)
        normalise(x, model.slices.finalNorm, into: y)
        products.multiply(y, weights.head, into: logits.matrix.rows(0..<rows.count))
    }
}
