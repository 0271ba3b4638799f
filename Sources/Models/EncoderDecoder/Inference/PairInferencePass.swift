public import Work

/// New tokens' way through an encoder–decoder that keeps the keys and values of what it has read,
/// on all threads.
///
/// A text is a pair: its source, the token of padding, and the target so far. The source is encoded
/// when its end comes; from there on a token costs one position of the decoder.
public final class PairInferencePass: InferencePass {
    /// The most texts that take a step together.
    public let textCount: Int
    /// Bytes of weights that are read for a step.
    public var weightByteCount: Int { weights.byteCount }
    /// What the model expects next in each text; zeros in one whose source has not ended.
    public let logits: LogitRows

    let model: EncoderDecoder
    /// The numbers of keys and values, of both sides.
    let cacheFormat: CacheFormat
    let weights: PairInferenceWeights
    let products: InferenceProducts
    let attentionScratch: [Scratch]
    private let buffers: Buffers
    /// Buffers of the longest source so far.
    var sourceBuffers: Buffers

    var configuration: EncoderDecoderConfiguration { model.configuration }
    var kernels: Kernels { products.kernels }

    /// Buffers of the rows at work: one a text, or one a token of a source.
    struct Buffers {
        let rowCount: Int
        let ids: IDBuffer
        let places: IDBuffer
        let stream: FloatBuffer  // (texts, C)
        let sum: FloatBuffer  // (texts, C)
        let projected: FloatBuffer  // (texts, 3C)
        let attended: FloatBuffer  // (texts, C)
        let hidden: FloatBuffer  // (texts, F)
        let statistics: FloatBuffer  // (2, texts)

        init(_ c: EncoderDecoderConfiguration, _ rows: Int) {
            rowCount = rows
            ids = IDBuffer(count: rows)
            places = IDBuffer(count: rows)
            stream = FloatBuffer(count: rows * c.embeddingSize)
            sum = FloatBuffer(count: rows * c.embeddingSize)
            projected = FloatBuffer(count: rows * 3 * c.embeddingSize)
            attended = FloatBuffer(count: rows * c.embeddingSize)
            hidden = FloatBuffer(count: rows * c.feedForwardSize)
            statistics = FloatBuffer(count: 2 * rows)
        }
    }

    /// A pass that reads with `model`, whose parameters must not change meanwhile.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - format: the numbers that the matrices of both sides are rounded to.
    ///   - cache: the numbers that keys and values of both sides are kept in.
    ///   - textCount: the most texts that take a step together.
    ///   - team: the threads.
    ///   - level: which kernels run.
    public init(
        _ model: EncoderDecoder, weights format: WeightFormat = .float32,
        cache: CacheFormat = .float32, textCount: Int = 1, team: ThreadTeam,
        kernels level: KernelLevel = .best
    ) {
        precondition(
            textCount > 0 && textCount <= Kernels.fewRows,
            "\(textCount) texts at once; give 1 to \(Kernels.fewRows)")
        self.model = model
        self.textCount = textCount
        cacheFormat = cache
        products = InferenceProducts(team: team, level: level)
        weights = PairInferenceWeights(model, format, team: team)
        buffers = Buffers(model.configuration, textCount)
        sourceBuffers = Buffers(model.configuration, 0)
        logits = LogitRows(
            textCount: textCount, vocabularySize: model.configuration.vocabularySize,
            kernels: products.kernels)
        attentionScratch = (0..<team.threadCount).map { _ in Scratch() }
    }

    /// A pair of which nothing is read yet.
    public func makeState(capacity: Int) -> any ReadingState {
        PairState(configuration, capacity: capacity, format: cacheFormat)
    }

    /// Reads the next tokens of a pair, at least one. There must be room for them.
    public func read(_ ids: Span<TokenID>, into state: any ReadingState) {
        let state = PairState.of(state)
        precondition(
            ids.count > 0 && state.count + ids.count <= state.room,
            "\(ids.count) tokens for a pair with room for \(state.room - state.count)")
        model.checkIDs(ids)
        for index in ids.indices {
            read(ids[index], into: state, row: 0, expectsNext: index + 1 == ids.count)
        }
    }

    /// Reads the next tokens of several pairs, one token after the other.
    public func read(
        _ parts: [TextPart],
        _ take: (_ part: Int, _ place: Int, _ logits: LogitRows, _ row: Int) -> Void
    ) {
        for (number, part) in parts.enumerated() {
            let state = PairState.of(part.state)
            precondition(
                state.count + part.ids.count <= state.room,
                "\(part.ids.count) tokens for a pair with room for \(state.room - state.count)")
            model.checkIDs(part.ids.span)
            for (place, id) in part.ids.enumerated() {
                let isWanted = part.wanted.contains(place)
                read(id, into: state, row: 0, expectsNext: isWanted)
                if isWanted { take(number, place, logits, 0) }
            }
        }
    }

    /// Reads one token of each text. There must be room for it.
    public func step(_ tokens: [TokenID], _ states: [any ReadingState]) {
        let states = states.map(PairState.of)
        precondition(
            tokens.count == states.count && !tokens.isEmpty && tokens.count <= textCount,
            "a token for each text, of at most \(textCount)")
        model.checkIDs(tokens.span)
        for state in states { precondition(state.count < state.room, "the pair has no room left") }
        if states.allSatisfy({ $0.memory != nil }) {
            decode(tokens, states, firstRow: 0)
            return
        }
        for (row, (token, state)) in zip(tokens, states).enumerated() {
            read(token, into: state, row: row, expectsNext: true)
        }
    }

    /// Reads a token. Of a source it is only noted, until the token of padding says that all of it
    /// is there.
    ///
    /// - Parameters:
    ///   - row: the row of the logits.
    ///   - expectsNext: whether the logits are wanted.
    private func read(
        _ token: TokenID, into state: PairState, row: Int, expectsNext: Bool
    ) {
        if state.memory == nil {
            guard token.index == configuration.padToken else {
                state.add([token])
                logits.matrix.row(row).zero()
                return
            }
            encode(state.tokens, into: state.makeMemory(count: state.count))
        }
        decode([token], [state], firstRow: row, expectsNext: expectsNext)
    }

    // MARK: Steps

    /// One token of each of some targets, whose logits go to the rows from `firstRow` on if what
    /// comes next is wanted.
    private func decode(
        _ tokens: [TokenID], _ states: [PairState], firstRow: Int, expectsNext: Bool = true
    ) {
        let (rows, c) = (tokens.count, configuration.embeddingSize)
        buffers.ids.copy(from: tokens.span)
        for (row, state) in states.enumerated() { buffers.places[row] = Int32(state.own.count) }
        let x = embed(rows, of: buffers)
        for (state, token) in zip(states, tokens) {
            state.add([token])
            state.own.count += 1
        }
        for (layer, p) in weights.decoder.enumerated() {
            let block = model.slices.decoder[layer]
            let qkv = Matrix(buffers.projected.all, rows, 3 * c)
            products.multiply(x, p.qkv, into: qkv)
            for (row, state) in states.enumerated() { append(qkv.row(row), layer, to: state.own) }
            attend(qkv, states.map(\.own), layer)
            add(buffers.attended, p.out, block.norm, to: x, buffers)
            if let cross = p.cross, let norm = block.cross?.norm {
                let query = Matrix(buffers.projected.all, rows, c)
                products.multiply(x, cross.query, into: query)
                attend(query, states.compactMap(\.memory), layer)
                add(buffers.attended, cross.out, norm, to: x, buffers)
            }
            feedForward(x, p, block, buffers)
        }
        guard expectsNext else { return }
        products.multiply(x, weights.head, into: logits.matrix.rows(firstRow..<firstRow + rows))
    }

    /// The embeddings of the first `rows` ids and of their places, in the stream of `buffers`.
    func embed(_ rows: Int, of buffers: Buffers) -> Matrix {
        let x = Matrix(buffers.stream.all, rows, configuration.embeddingSize)
        kernels.embed(
            buffers.ids.slice(0..<rows), model.slices.tokens,
            factor: configuration.embeddingFactor, into: x)
        kernels.embed(
            buffers.places.slice(0..<rows),
            Matrix(model.positionTable.all, configuration.positionCount, x.columns), into: x,
            adding: true)
        return x
    }

    /// Puts a row of [q | k | v] at a cache's last place.
    private func append(_ row: FloatSlice, _ layer: Int, to cache: KeyValueCache) {
        let (c, d) = (configuration.embeddingSize, configuration.headSize)
        let place = (cache.count - 1) * d
        for head in 0..<configuration.headCount {
            kernels.keep(
                row.at(c + head * d, d), in: cache.keys(layer: layer, head: head).at(place, d))
            kernels.keep(
                row.at(2 * c + head * d, d),
                in: cache.values(layer: layer, head: head).at(place, d))
        }
    }

    /// `attended` = attention of each row's queries, its first columns, over a cache of its own.
    private func attend(_ queries: Matrix, _ caches: [KeyValueCache], _ layer: Int) {
        let (d, heads) = (configuration.headSize, configuration.headCount)
        let out = Matrix(buffers.attended.all, queries.rows, configuration.embeddingSize)
        products.team.run(queries.rows * heads) { item, worker in
            let (row, head) = (item / heads, item % heads)
            let cache = caches[row]
            guard cache.count > 0 else {
                out.row(row).at(head * d, d).zero()
                return
            }
            kernels.attentionStep(
                headSize: d, positions: cache.count, q: queries.row(row).at(head * d, d),
                keys: cache.keys(layer: layer, head: head),
                values: cache.values(layer: layer, head: head),
                into: out.row(row).at(head * d, d),
                scores: attentionScratch[worker].floats(cache.count))
        }
    }

    // MARK: Parts of a block

    /// x = norm(x + ReLU(x · up + bias) · down + bias).
    func feedForward(
        _ x: Matrix, _ p: PairInferenceWeights.Block, _ block: EncoderDecoderSlices.Block,
        _ buffers: Buffers
    ) {
        let hidden = Matrix(buffers.hidden.all, x.rows, configuration.feedForwardSize)
        products.multiply(x, p.up, into: hidden)
        buffers.hidden.withMutableSpan { hidden in
            for index in 0..<x.rows * configuration.feedForwardSize {
                hidden[index] = hidden[index] < 0 ? 0 : hidden[index]
            }
        }
        add(buffers.hidden, p.down, block.finalNorm, to: x, buffers)
    }

    /// x = norm(x + part · weight + bias).
    func add(
        _ part: FloatBuffer, _ p: InferenceLinear, _ norm: ParameterSlices.Norm, to x: Matrix,
        _ buffers: Buffers
    ) {
        let sum = Matrix(buffers.sum.all, x.rows, x.columns)
        kernels.copy(x.slice.at(0, x.rows * x.columns), to: sum.slice.at(0, x.rows * x.columns))
        products.multiply(Matrix(part.all, x.rows, p.matrix.rows), p, into: sum, adding: true)
        let statistics = NormStatistics(
            mean: buffers.statistics.slice(0..<x.rows),
            scale: buffers.statistics.slice(buffers.rowCount..<buffers.rowCount + x.rows))
        products.eachRows(x.rows) { rows in
            kernels.normalise(
                sum.rows(rows), norm, epsilon: EncoderDecoderConfiguration.layerNormEpsilon,
                into: x.rows(rows), statistics.rows(rows))
        }
    }
}
