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

    private let model: EncoderDecoder
    private let weights: PairInferenceWeights
    private let products: InferenceProducts
    private let level: KernelLevel
    private let buffers: Buffers
    private let attentionScratch: [Scratch]
    /// The pass that reads whole pairs; nil until one is read.
    private var reading: PairPass?

    private var configuration: EncoderDecoderConfiguration { model.configuration }
    private var kernels: Kernels { products.kernels }

    /// Buffers of the rows at work, one a text.
    private struct Buffers {
        let ids: IDBuffer
        let places: IDBuffer
        let stream: FloatBuffer  // (texts, C)
        let sum: FloatBuffer  // (texts, C)
        let projected: FloatBuffer  // (texts, 3C)
        let attended: FloatBuffer  // (texts, C)
        let hidden: FloatBuffer  // (texts, F)
        let statistics: FloatBuffer  // (2, texts)

        init(_ c: EncoderDecoderConfiguration, _ rows: Int) {
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
    ///   - format: the numbers that the matrices of the decoder's steps are rounded to. A source is
    ///     read with the weights as trained: many rows share each of them.
    ///   - textCount: the most texts that take a step together.
    ///   - team: the threads.
    ///   - level: which kernels run.
    public init(
        _ model: EncoderDecoder, weights format: WeightFormat = .float32, textCount: Int = 1,
        team: ThreadTeam, kernels level: KernelLevel = .best
    ) {
        precondition(
            textCount > 0 && textCount <= Kernels.fewRows,
            "\(textCount) texts at once; give 1 to \(Kernels.fewRows)")
        self.model = model
        self.textCount = textCount
        self.level = level
        products = InferenceProducts(team: team, level: level)
        weights = PairInferenceWeights(model, format, team: team)
        buffers = Buffers(model.configuration, textCount)
        logits = LogitRows(
            textCount: textCount, vocabularySize: model.configuration.vocabularySize,
            kernels: products.kernels)
        attentionScratch = (0..<team.threadCount).map { _ in Scratch() }
    }

    /// A pair of which nothing is read yet.
    public func makeState(capacity: Int) -> any ReadingState {
        PairState(configuration, capacity: capacity)
    }

    /// Reads the next tokens of a pair, at least one. There must be room for them.
    public func read(_ ids: Span<TokenID>, into state: any ReadingState) {
        let state = PairState.of(state)
        precondition(
            ids.count > 0 && state.count + ids.count <= state.room,
            "\(ids.count) tokens for a pair with room for \(state.room - state.count)")
        model.checkIDs(ids)
        if state.memory == nil {
            readWhole(state, adding: ids.indices.map { ids[$0] }, logitsRow: 0)
            return
        }
        for index in ids.indices { step([ids[index]], [state]) }
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
            if state.memory == nil {
                readWhole(state, adding: [token], logitsRow: row)
            } else {
                decode([token], [state], firstRow: row)
            }
        }
    }

    // MARK: Whole pairs

    /// Reads a pair from its beginning on, as training does, and keeps its keys and values. A
    /// source that has not ended is only noted.
    private func readWhole(_ state: PairState, adding ids: [TokenID], logitsRow: Int) {
        state.add(ids)
        let row = logits.matrix.row(logitsRow)
        row.zero()
        guard let cut = state.cut else { return }
        let pass = readingPass(length: state.count)
        let buffer = IDBuffer(state.tokens)
        withExtendedLifetime(buffer) {
            precondition(
                pass.forward(buffer.all, starts: nil, targets: nil, model.slices),
                "a target begins with padding")
        }
        let (memory, targetCount) = (state.makeMemory(count: cut), state.count - cut)
        state.own.count = targetCount
        for (layer, block) in pass.activations.decoder.blocks.enumerated() {
            keep(block.own.operands, targetCount, layer, in: state.own)
            if let cross = block.cross { keep(cross.operands, cut, layer, in: memory) }
        }
        let output = pass.activations.decoder.output
        products.multiply(
            output.rows(targetCount - 1..<targetCount), weights.head,
            into: logits.matrix.rows(logitsRow..<logitsRow + 1))
    }

    private func readingPass(length: Int) -> PairPass {
        if let reading, reading.length >= length { return reading }
        let pass = PairPass(
            configuration, positionTable: model.positionTable,
            length: min(configuration.positionCount, max(length, 2 * (reading?.length ?? 0))),
            level: level, team: products.team)
        reading = pass
        return pass
    }

    /// Copies the keys and values of a layer's first rows, a head's in one piece.
    private func keep(
        _ operands: StretchedAttention, _ count: Int, _ layer: Int, in cache: KeyValueCache
    ) {
        let d = operands.headSize
        for head in 0..<operands.headCount {
            let (keys, values) = (
                cache.keys(layer: layer, head: head), cache.values(layer: layer, head: head)
            )
            for row in 0..<count {
                kernels.copy(operands.keys.row(row).at(head * d, d), to: keys.at(row * d, d))
                kernels.copy(operands.values.row(row).at(head * d, d), to: values.at(row * d, d))
            }
        }
    }

    // MARK: Steps

    /// One token of each of some targets, whose logits go to the rows from `firstRow` on.
    private func decode(_ tokens: [TokenID], _ states: [PairState], firstRow: Int) {
        let (rows, c) = (tokens.count, configuration.embeddingSize)
        let x = Matrix(buffers.stream.all, rows, c)
        buffers.ids.copy(from: tokens.span)
        for (row, state) in states.enumerated() { buffers.places[row] = Int32(state.own.count) }
        kernels.embed(
            buffers.ids.slice(0..<rows), model.slices.tokens,
            factor: configuration.embeddingFactor, into: x)
        kernels.embed(
            buffers.places.slice(0..<rows),
            Matrix(model.positionTable.all, configuration.positionCount, c), into: x, adding: true)
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
            add(buffers.attended, c, p.out, block.norm, to: x)
            if let cross = p.cross, let norm = block.cross?.norm {
                let query = Matrix(buffers.projected.all, rows, c)
                products.multiply(x, cross.query, into: query)
                attend(query, states.compactMap(\.memory), layer)
                add(buffers.attended, c, cross.out, norm, to: x)
            }
            let hidden = Matrix(buffers.hidden.all, rows, configuration.feedForwardSize)
            products.multiply(x, p.up, into: hidden)
            rectify(rows * configuration.feedForwardSize)
            add(buffers.hidden, hidden.columns, p.down, block.finalNorm, to: x)
        }
        products.multiply(x, weights.head, into: logits.matrix.rows(firstRow..<firstRow + rows))
    }

    /// Puts a row of [q | k | v] at a cache's last place.
    private func append(_ row: FloatSlice, _ layer: Int, to cache: KeyValueCache) {
        let (c, d) = (configuration.embeddingSize, configuration.headSize)
        let place = (cache.count - 1) * d
        for head in 0..<configuration.headCount {
            kernels.copy(
                row.at(c + head * d, d), to: cache.keys(layer: layer, head: head).at(place, d))
            kernels.copy(
                row.at(2 * c + head * d, d),
                to: cache.values(layer: layer, head: head).at(place, d))
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

    /// x = norm(x + part · weight + bias), where `part` has `width` columns.
    private func add(
        _ part: FloatBuffer, _ width: Int, _ p: InferenceLinear, _ norm: ParameterSlices.Norm,
        to x: Matrix
    ) {
        let sum = Matrix(buffers.sum.all, x.rows, x.columns)
        kernels.copy(x.slice.at(0, x.rows * x.columns), to: sum.slice.at(0, x.rows * x.columns))
        products.multiply(Matrix(part.all, x.rows, width), p, into: sum, adding: true)
        let statistics = NormStatistics(
            mean: buffers.statistics.slice(0..<x.rows),
            scale: buffers.statistics.slice(textCount..<textCount + x.rows))
        kernels.normalise(
            sum, norm, epsilon: EncoderDecoderConfiguration.layerNormEpsilon, into: x, statistics)
    }

    /// ReLU of the first numbers of `hidden`.
    private func rectify(_ count: Int) {
        buffers.hidden.withMutableSpan { hidden in
            for index in 0..<count { hidden[index] = hidden[index] < 0 ? 0 : hidden[index] }
        }
    }
}

/// The matrices of an encoder–decoder's steps, as generation multiplies by them.
struct PairInferenceWeights {
    struct Block {
        let qkv: InferenceLinear
        let out: InferenceLinear
        let cross: (query: InferenceLinear, out: InferenceLinear)?
        let up: InferenceLinear
        let down: InferenceLinear
    }

    let decoder: [Block]
    /// From the last block to logits, (C, V).
    let head: InferenceLinear
    /// Bytes that are read for a token.
    let byteCount: Int

    init(_ model: EncoderDecoder, _ format: WeightFormat, team: ThreadTeam) {
        func linear(_ p: ParameterSlices.Linear) -> InferenceLinear {
            InferenceLinear(p.weight, p.bias, format, team: team)
        }
        decoder = model.slices.decoder.map { block in
            Block(
                qkv: linear(block.qkv), out: linear(block.out),
                cross: block.cross.map { (linear($0.query), linear($0.out)) },
                up: linear(block.up), down: linear(block.down))
        }
        head = InferenceLinear(
            model.slices.tokens.transposed, model.slices.logitBias, format, team: team)
        byteCount = decoder.reduce(head.byteCount) { sum, block in
            let linears = [
                block.qkv, block.out, block.up, block.down, block.cross?.query,
                block.cross?.out,
            ]
            return linears.reduce(sum) { $0 + ($1?.byteCount ?? 0) }
        }
    }
}
