import Work

/// One window's way through an encoder–decoder, forward and backward, on the thread that calls it
/// or, where there are fewer windows than threads, on a team of threads that share each operation.
///
/// The pairs of a window stand one behind the other in the rows of each side, so that its products
/// are as large as a window, however short the pairs; attention sees to it that none sees another.
///
/// Letters as in ``PairActivations``.
final class PairPass: SequenceWork {
    let configuration: EncoderDecoderConfiguration
    let team: TeamKernels
    /// The most tokens that it has room for.
    let length: Int
    let window: PairWindow
    /// Masks of dropout; nil for none.
    var dropout: Dropout.Stream?
    /// Clock of the pass's parts; nil to measure nothing.
    var clock: PartClock?
    /// What was computed of the window at work.
    private(set) var activations: PairActivations

    private let positions: Matrix
    private let positionTable: FloatBuffer
    private let storage: FloatBuffer
    private let scratch: Scratch

    /// Rows of logits at once, so that the V floats of every position never exist together and the
    /// products still have rows enough to be quick.
    private var headRows: Int { min(length, 256) }

    /// A pass for windows of up to `length` tokens.
    ///
    /// - Parameters:
    ///   - positionTable: the vectors of at least so many positions.
    ///   - team: the threads that share its operations.
    init(
        _ configuration: EncoderDecoderConfiguration, positionTable: FloatBuffer, length: Int,
        level: KernelLevel, team: ThreadTeam? = nil
    ) {
        self.configuration = configuration
        self.length = length
        self.positionTable = positionTable
        positions = Matrix(
            positionTable.all, positionTable.count / configuration.embeddingSize,
            configuration.embeddingSize)
        let kernels = Kernels(level)
        scratch = Scratch(configuration, length: length, kernels, team?.threadCount ?? 1)
        self.team = TeamKernels(
            kernels: kernels, team: team, productWorkspaces: scratch.products,
            attentionWorkspaces: scratch.attentions)
        let window = PairWindow(length: length, padToken: configuration.padToken ?? 0)
        self.window = window
        storage = FloatBuffer(count: Self.activationCount(configuration, length: length))
        // The smallest window stands for one until there is one.
        let padding = IDBuffer([Int32(configuration.padToken ?? 0)])
        withExtendedLifetime(padding) { window.load(padding.all, starts: nil) }
        activations = Self.activations(configuration, window, in: storage)
    }

    /// Scratch of operations, which keeps no value from one to the next.
    private struct Scratch {
        let storage: FloatBuffer
        let products: [FloatSlice]
        let attentions: [FloatSlice]
        let logits: FloatSlice

        init(
            _ c: EncoderDecoderConfiguration, length: Int, _ kernels: Kernels, _ threadCount: Int
        ) {
            let sizes = Self.sizes(c, length: length, kernels)
            let storage = FloatBuffer(
                count: threadCount * (sizes.product + sizes.attention) + sizes.logits)
            var end = 0
            func take(_ count: Int) -> FloatSlice {
                defer { end += count }
                return storage.slice(end..<end + count)
            }
            products = (0..<threadCount).map { _ in take(sizes.product) }
            attentions = (0..<threadCount).map { _ in take(sizes.attention) }
            logits = take(sizes.logits)
            self.storage = storage
        }

        static func sizes(
            _ c: EncoderDecoderConfiguration, length: Int, _ kernels: Kernels
        ) -> (product: Int, attention: Int, logits: Int) {
            let attention = kernels.attentionWorkspaceCount(
                positions: length + 1, headSize: c.headSize)
            return (
                room(for: Kernels.productWorkspaceCount), room(for: attention),
                min(length, 256) * wideStride(c.vocabularySize)
            )
        }
    }

    /// Every slice begins on a cache line.
    private static func room(for count: Int) -> Int { (count + 15) / 16 * 16 }

    private static func activations(
        _ c: EncoderDecoderConfiguration, _ window: PairWindow, in storage: FloatBuffer
    ) -> PairActivations {
        var end = 0
        return PairActivations(c, window) { count in
            defer { end += room(for: count) }
            return storage.slice(end..<end + count)
        }
    }

    /// Floats that the activations of any window of `length` tokens fit in.
    private static func activationCount(_ c: EncoderDecoderConfiguration, length: Int) -> Int {
        let row = 8 * c.embeddingSize + c.headCount + wideStride(c.feedForwardSize) + 4
        let cross = 4 * c.embeddingSize + c.headCount + 2
        let gradients = 10 * c.embeddingSize + wideStride(c.feedForwardSize)
        // A source has keys and values in every block of the decoder, a target has queries.
        let perRow = c.embeddingSize + c.layerCount * (row + max(cross, 2 * c.embeddingSize))
        let sliceCount = 32 * (c.layerCount + 1)
        return (length + 2) * (perRow + gradients + 1) + 16 * sliceCount
    }

    /// Floats of a pass, before they are allocated.
    static func floatCount(
        _ c: EncoderDecoderConfiguration, length: Int, level: KernelLevel, threadCount: Int
    ) -> Int {
        let sizes = Scratch.sizes(c, length: length, Kernels(level))
        return activationCount(c, length: length)
            + threadCount * (sizes.product + sizes.attention) + sizes.logits
    }

    /// Bytes of its allocations.
    var byteCount: Int { 4 * (storage.count + scratch.storage.count) }

    // MARK: The whole model

    /// Runs both sides over a window.
    ///
    /// - Returns: whether it has a target at all; without one there is nothing to compute.
    func forward(
        _ ids: IDSlice, starts: IDSlice?, targets: IDSlice?, _ p: EncoderDecoderSlices
    ) -> Bool {
        precondition(ids.count > 0 && ids.count <= length, "a window longer than its workspace")
        window.load(ids, starts: starts, targets: targets)
        guard window.targetCount > 0 else { return false }
        activations = Self.activations(configuration, window, in: storage)
        let (encoder, decoder) = (activations.encoder, activations.decoder)
        timed(.embedding) {
            embed(window.source, p, into: encoder.embedded, .encoder)
            embed(window.target, p, into: decoder.embedded, .decoder)
        }
        for index in encoder.blocks.indices {
            forward(encoder, index, p.encoder[index], .encoder, memory: nil)
        }
        for index in decoder.blocks.indices {
            forward(decoder, index, p.decoder[index], .decoder, memory: encoder.output)
        }
        return true
    }

    /// After ``forward(_:starts:targets:_:)``: adds the gradients of `scale` times the sum of the
    /// losses to `d`, and writes the losses.
    ///
    /// - Parameter reached: takes the number of each part of the layout from which on the gradients
    ///   are whole.
    func lossAndBackward(
        scale: Float, _ p: EncoderDecoderSlices, _ d: EncoderDecoderSlices,
        reached: (_ part: Int) -> Void
    ) {
        let a = activations
        timed(.head) { head(p, scale: scale, into: a.decoderGradients.streams[0], d) }
        a.dMemory.slice.zero()
        backward(
            a.decoder, p.decoder, d.decoder, .decoder, a.decoderGradients, memory: a.encoder.output
        ) { reached(p.encoder.count + $0 + 1) }
        timed(.embeddingBackward) {
            embedBackward(window.target, a.decoderGradients, .decoder, d)
        }
        team.kernels.copy(a.dMemory.slice, to: a.encoderGradients.streams[0].slice)
        backward(a.encoder, p.encoder, d.encoder, .encoder, a.encoderGradients, memory: nil) {
            reached($0 + 1)
        }
        timed(.embeddingBackward) {
            embedBackward(window.source, a.encoderGradients, .encoder, d)
        }
    }

    /// After ``forward(_:starts:targets:_:)``: writes the losses.
    func loss(_ p: EncoderDecoderSlices) { head(p, scale: 0, into: nil, nil) }

    /// Writes the losses of the window's places: 0 on the source's side.
    func keepLosses(in losses: FloatSlice) {
        losses.zero()
        for row in 0..<window.targetCount {
            let place = Int(window.targetPlaces[row])
            team.kernels.copy(activations.losses.at(row, 1), to: losses.at(place, 1))
        }
    }

    // MARK: Head

    /// Logits, losses and, unless `scale` is 0, the gradients of the head, block by block: a
    /// block's logits become their own gradient in place.
    private func head(
        _ p: EncoderDecoderSlices, scale: Float, into dx: Matrix?, _ d: EncoderDecoderSlices?
    ) {
        let output = activations.decoder.output
        for start in stride(from: 0, to: output.rows, by: headRows) {
            let rows = start..<min(start + headRows, output.rows)
            let (x, logits) = (output.rows(rows), logitRows(rows.count))
            team.multiply(x, p.tokens.transposed, into: logits, .bias(p.logitBias))
            team.share(rows.count) { part, _ in
                let first = start + part.lowerBound
                team.kernels.crossEntropy(
                    logits.rows(part), targets: window.targets.at(first, part.count),
                    scale: scale, losses: activations.losses.at(first, part.count))
            }
            guard let dx, let d else { continue }
            team.multiply(logits, p.tokens, into: dx.rows(rows))
            team.multiply(logits.transposed, x, into: d.tokens, .add)
        }
    }

    private func logitRows(_ count: Int) -> Matrix {
        Matrix(
            scratch.logits, count, configuration.vocabularySize,
            rowStride: wideStride(configuration.vocabularySize))
    }

    /// After ``forward(_:starts:targets:_:)``: the logits of the target's rows, (t, V).
    func logits(_ p: EncoderDecoderSlices, into logits: Matrix) {
        team.multiply(
            activations.decoder.output, p.tokens.transposed, into: logits, .bias(p.logitBias))
    }

    // MARK: Embedding

    /// out = √C · the tokens' vectors + their positions'.
    private func embed(
        _ side: PairWindow.Side, _ p: EncoderDecoderSlices, into out: Matrix,
        _ name: EncoderDecoderNames.Side
    ) {
        let kernels = team.kernels
        kernels.embed(side.ids, p.tokens, factor: configuration.embeddingFactor, into: out)
        kernels.embed(side.places, positions, into: out, adding: true)
        if let mask = mask(.embedding(name)) { kernels.drop(out, mask, into: out) }
    }

    /// Adds to the gradients of the tokens' vectors. As in PyTorch, the vector of padding has none
    /// here: it learns as a row of the head alone.
    private func embedBackward(
        _ side: PairWindow.Side, _ g: PairActivations.Gradients, _ name: EncoderDecoderNames.Side,
        _ d: EncoderDecoderSlices
    ) {
        let dx = g.streams[0]
        if let mask = mask(.embedding(name)) { team.kernels.drop(dx, mask, into: dx) }
        let pad = Int32(configuration.padToken ?? -1)
        for row in 0..<side.count where side.ids[row] == pad { dx.row(row).zero() }
        team.kernels.embedBackward(
            side.ids, dOut: dx, factor: configuration.embeddingFactor, dTable: d.tokens)
    }
}
