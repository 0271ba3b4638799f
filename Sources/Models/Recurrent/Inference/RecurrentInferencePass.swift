public import Work

/// New tokens' way through a recurrent model, on all threads: the cost of a token does not depend
/// on how many came before.
///
/// Work is cut by columns, never by threads, so that the bits do not depend on the number of
/// threads; nor do those of a text depend on the texts that are read beside it.
public final class RecurrentInferencePass: InferencePass {
    /// The model that reads; its parameters must not change meanwhile.
    public let model: RecurrentModel
    /// The most texts that take a step together.
    public let textCount: Int
    /// Bytes of weights that are read for a step.
    public let weightByteCount: Int
    /// What the model expects next in each text.
    public let logits: LogitRows

    private let configuration: RecurrentConfiguration
    private let products: InferenceProducts
    private let layers: [Layer]
    private let head: InferenceLinear
    private let biases: FloatBuffer
    private let buffers: Buffers

    /// The logits of places of parts, as many as are computed at once.
    private lazy var partLogits = LogitRows(
        textCount: 64, vocabularySize: configuration.vocabularySize, kernels: products.kernels)

    /// Tokens that are read at once, which bounds the scratch.
    static let chunkLength = 256

    private struct Layer {
        let input: InferenceLinear  // (E, G·H)
        let hidden: InferenceLinear  // (H, G·H)
        let valueBias: FloatSlice?  // (H), of the GRU
    }

    private struct Buffers {
        let ids: IDBuffer
        let input: FloatBuffer  // (rows, E or H)
        let sums: FloatBuffer  // (rows, G·H)
        let hiddenSums: FloatBuffer  // (texts, G·H)
        let before: FloatBuffer  // (texts, H)
        let after: FloatBuffer  // (texts, H)
        let cells: FloatBuffer  // (texts, H)

        init(_ c: RecurrentConfiguration, rows: Int, texts: Int) {
            let width = c.architecture.gateCount * c.hiddenSize
            ids = IDBuffer(count: rows)
            input = FloatBuffer(count: rows * max(c.embeddingSize, c.hiddenSize))
            sums = FloatBuffer(count: rows * width)
            hiddenSums = FloatBuffer(count: texts * width)
            before = FloatBuffer(count: texts * c.hiddenSize)
            after = FloatBuffer(count: texts * c.hiddenSize)
            cells = FloatBuffer(count: texts * c.hiddenSize)
        }
    }

    /// A pass that reads with `model`.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - format: the number format that its matrices are rounded to first.
    ///   - textCount: the most texts that take a step together.
    ///   - team: the threads.
    ///   - level: which kernels run.
    public init(
        _ model: RecurrentModel, weights format: WeightFormat = .float32, textCount: Int = 1,
        team: ThreadTeam, kernels level: KernelLevel = .best
    ) {
        precondition(
            textCount > 0 && textCount <= Kernels.fewRows,
            "\(textCount) texts at once; give 1 to \(Kernels.fewRows)")
        let c = model.configuration
        let products = InferenceProducts(team: team, level: level)
        let (h, width) = (c.hiddenSize, c.architecture.gateCount * c.hiddenSize)
        let biases = FloatBuffer(count: c.layerCount * width)
        layers = model.slices.layers.enumerated().map { index, own in
            let bias = biases.slice(index * width..<(index + 1) * width)
            let isGRU = c.architecture == .gru
            bias.copy(from: own.inputBias)
            // The GRU's third hidden bias is inside of a product with a gate.
            let shared = isGRU ? 2 * h : width
            products.kernels.add(own.hiddenBias[0..<shared], to: bias[0..<shared])
            return Layer(
                input: InferenceLinear(own.inputWeight.transposed, bias, format, team: team),
                hidden: InferenceLinear(own.hiddenWeight.transposed, nil, format, team: team),
                valueBias: isGRU ? own.hiddenBias[2 * h..<3 * h] : nil)
        }
        head = InferenceLinear(model.slices.head.transposed, nil, format, team: team)
        weightByteCount = layers.reduce(head.byteCount) {
            $0 + $1.input.byteCount + $1.hidden.byteCount
        }
        logits = LogitRows(
            textCount: textCount, vocabularySize: c.vocabularySize, kernels: products.kernels)
        buffers = Buffers(c, rows: max(textCount, Self.chunkLength), texts: textCount)
        self.model = model
        self.textCount = textCount
        self.biases = biases
        self.products = products
        configuration = c
    }

    /// The state of a text of which nothing is read; it has no limit.
    public func makeState(capacity: Int) -> any ReadingState { HiddenState(configuration) }

    /// Reads the next tokens of a text, 256 at a time: at least one.
    public func read(_ ids: Span<TokenID>, into state: any ReadingState) {
        precondition(ids.count > 0, "nothing to read")
        model.checkIDs(ids)
        let state = HiddenState.of(state)
        for start in stride(from: 0, to: ids.count, by: Self.chunkLength) {
            let count = min(Self.chunkLength, ids.count - start)
            buffers.ids.copy(from: ids.extracting(start..<start + count))
            embed(count)
            for index in layers.indices { readLayer(index, count, state) }
            state.count += count
            guard start + count == ids.count else { continue }
            let x = rows(buffers.input, count, configuration.hiddenSize).rows(count - 1..<count)
            products.multiply(x, head, into: logits.matrix.rows(0..<1))
        }
    }

    /// Reads the next tokens of several texts, one text after the other, 256 at a time.
    public func read(
        _ parts: [TextPart],
        _ take: (_ part: Int, _ place: Int, _ logits: LogitRows, _ row: Int) -> Void
    ) {
        for (number, part) in parts.enumerated() {
            model.checkIDs(part.ids.span)
            let state = HiddenState.of(part.state)
            for start in stride(from: 0, to: part.ids.count, by: Self.chunkLength) {
                let count = min(Self.chunkLength, part.ids.count - start)
                buffers.ids.copy(from: part.ids.span.extracting(start..<start + count))
                embed(count)
                for index in layers.indices {
                    readLayer(index, count, state, throughPanels: true)
                }
                state.count += count
                let wanted = part.wanted.clamped(to: start..<start + count)
                let outputs = rows(buffers.input, count, configuration.hiddenSize)
                let most = partLogits.matrix.rows
                for first in stride(from: wanted.lowerBound, to: wanted.upperBound, by: most) {
                    let end = min(first + most, wanted.upperBound)
                    products.multiply(
                        outputs.rows(first - start..<end - start), head,
                        into: partLogits.matrix.rows(0..<end - first), throughPanels: true)
                    for place in first..<end { take(number, place, partLogits, place - first) }
                }
            }
        }
    }

    /// Reads one token of each text.
    public func step(_ tokens: [TokenID], _ states: [any ReadingState]) {
        precondition(
            tokens.count == states.count && !tokens.isEmpty && tokens.count <= textCount,
            "a token for each text, of at most \(textCount)")
        model.checkIDs(tokens.span)
        let states = states.map(HiddenState.of)
        buffers.ids.copy(from: tokens.span)
        embed(tokens.count)
        for index in layers.indices { stepLayer(index, states) }
        for state in states { state.count += 1 }
        products.multiply(
            rows(buffers.input, tokens.count, configuration.hiddenSize), head,
            into: logits.matrix.rows(0..<tokens.count))
    }

    private func rows(_ buffer: FloatBuffer, _ count: Int, _ columns: Int) -> Matrix {
        Matrix(buffer.all, count, columns)
    }

    private func embed(_ count: Int) {
        products.kernels.embed(
            buffers.ids.slice(0..<count), model.slices.tokens,
            into: rows(buffers.input, count, configuration.embeddingSize))
    }

    /// The products of a layer's input, whose place the layer's output may take.
    private func inputSums(_ index: Int, _ count: Int, throughPanels: Bool = false) -> Matrix {
        let width = configuration.architecture.gateCount * configuration.hiddenSize
        let sums = rows(buffers.sums, count, width)
        products.multiply(
            rows(buffers.input, count, configuration.inputSize(ofLayer: index)),
            layers[index].input, into: sums, throughPanels: throughPanels)
        return sums
    }

    /// Tokens of one text, one after the other.
    private func readLayer(
        _ index: Int, _ count: Int, _ state: HiddenState, throughPanels: Bool = false
    ) {
        let h = configuration.hiddenSize
        let sums = inputSums(index, count, throughPanels: throughPanels)
        let outputs = rows(buffers.input, count, h)
        load([state], index)
        for row in 0..<count {
            advance(index, sums.rows(row..<row + 1), outputs.rows(row..<row + 1))
            buffers.before.slice(0..<h).copy(from: buffers.after.slice(0..<h))
        }
        save([state], index)
    }

    /// A token of each text.
    private func stepLayer(_ index: Int, _ states: [HiddenState]) {
        let sums = inputSums(index, states.count)
        load(states, index)
        advance(index, sums, rows(buffers.input, states.count, configuration.hiddenSize))
        save(states, index)
    }

    private func load(_ states: [HiddenState], _ index: Int) {
        let h = configuration.hiddenSize
        for (row, state) in states.enumerated() {
            buffers.before.slice(row * h..<(row + 1) * h).copy(from: state.h(index))
            state.c(index).map { buffers.cells.slice(row * h..<(row + 1) * h).copy(from: $0) }
        }
    }

    private func save(_ states: [HiddenState], _ index: Int) {
        let h = configuration.hiddenSize
        for (row, state) in states.enumerated() {
            state.h(index).copy(from: buffers.after.slice(row * h..<(row + 1) * h))
            state.c(index)?.copy(from: buffers.cells.slice(row * h..<(row + 1) * h))
        }
    }

    /// One step of the texts in the buffers, whose inputs' products are `sums`.
    private func advance(_ index: Int, _ sums: Matrix, _ outputs: Matrix) {
        let (count, h) = (sums.rows, configuration.hiddenSize)
        let hiddenSums = rows(buffers.hiddenSums, count, sums.columns)
        let before = rows(buffers.before, count, h)
        products.multiply(before, layers[index].hidden, into: hiddenSums)
        products.kernels.step(
            RecurrentStep(
                architecture: configuration.architecture, units: 0..<h, inputs: sums, places: nil,
                products: hiddenSums.slice, productRow: sums.columns, productGate: h,
                bias: layers[index].valueBias, gates: nil,
                cells: configuration.architecture == .lstm ? rows(buffers.cells, count, h) : nil,
                nextCells: 0, before: before, hidden: outputs,
                after: rows(buffers.after, count, h), fresh: nil))
    }
}
