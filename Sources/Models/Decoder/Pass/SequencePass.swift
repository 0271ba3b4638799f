import Work

/// One sequence's way through the model, forward and backward, on the thread that calls it or,
/// where there are fewer sequences than threads, on a team of threads that share each operation.
///
/// It owns every activation and all scratch, sized once, so that a step allocates nothing. Where a
/// thread works on a whole sequence, its activations are small enough for the caches, and no thread
/// waits for another within a layer. Forward and backward of each part are neighbours in
/// `SequencePass+….swift`; what the parts are made of, the configuration says.
///
/// Letters: t positions of this sequence, C embedding size, V vocabulary.
final class SequencePass: SequenceWork {
    /// Input of a pass.
    struct Input {
        let ids: IDSlice  // (t)
        /// The first position of each one's document, which is the first that it sees; nil if all
        /// are of one document.
        var starts: IDSlice?  // (t)
        /// Masks of dropout; nil for none.
        var dropout: Dropout.Stream?
    }

    let configuration: GPTConfiguration
    let kernels: Kernels
    /// The most positions that it has room for.
    let length: Int
    let activations: Activations
    let rotaryTable: RotaryTable?
    /// The threads that share its operations; nil for the calling thread alone.
    let team: ThreadTeam?

    /// Rows of logits at once, so that the V floats of every position never exist together and the
    /// products still have rows enough to be quick.
    let headRows: Int
    let headStride: Int

    /// Clock of the pass's parts; nil to measure nothing.
    var clock: PartClock?

    /// Input of the pass at work.
    private(set) var input: Input
    /// Positions of the sequence at work.
    var count: Int { input.ids.count }
    /// The place of each in its document.
    private let placeBuffer: IDBuffer
    /// The first position that each sees where a window slides; empty where none does.
    private let windowStarts: IDBuffer

    private let storage: FloatBuffer

    /// A pass for sequences of up to `length` positions.
    ///
    /// - Parameters:
    ///   - keepsAll: whether each block keeps its own activations, for a backward.
    ///   - team: the threads that share its operations.
    init(
        _ model: GPT, length: Int, level: KernelLevel, keepsAll: Bool, team: ThreadTeam? = nil
    ) {
        let shape = Shape(
            model.configuration, length: length, level: level, keepsAll: keepsAll,
            threadCount: team?.threadCount ?? 1)
        self.team = team
        let storage = FloatBuffer(count: shape.floatCount)
        var end = 0
        activations = shape.activations { count in
            defer { end += Shape.room(for: count) }
            return storage.slice(end..<end + count)
        }
        self.storage = storage
        configuration = model.configuration
        kernels = shape.kernels
        self.length = length
        headRows = shape.headRows
        headStride = shape.headStride
        rotaryTable = model.rotaryTable
        placeBuffer = IDBuffer(count: length)
        windowStarts = IDBuffer(count: model.configuration.slides ? length : 0)
        input = Input(ids: placeBuffer.slice(0..<0))
    }

    /// Shape of a pass, from which its memory follows before anything is allocated.
    struct Shape {
        let configuration: GPTConfiguration
        let length: Int
        let keepsAll: Bool
        let threadCount: Int
        let kernels: Kernels
        let headRows: Int
        let headStride: Int

        init(
            _ configuration: GPTConfiguration, length: Int, level: KernelLevel, keepsAll: Bool,
            threadCount: Int = 1
        ) {
            self.configuration = configuration
            self.threadCount = threadCount
            self.length = length
            self.keepsAll = keepsAll
            kernels = Kernels(level)
            headRows = min(length, 256)
            headStride = wideStride(configuration.vocabularySize)
        }

        /// The activations in slices of `take`.
        func activations(_ take: (Int) -> FloatSlice) -> Activations {
            Activations(
                configuration, length: length, keepsAll: keepsAll,
                logitsCount: headRows * headStride,
                attentionWorkspaceCount: kernels.attentionWorkspaceCount(
                    positions: length, headSize: configuration.headSize),
                threadCount: threadCount, take: take)
        }

        /// Floats of the one allocation.
        var floatCount: Int {
            let nothing = FloatBuffer(count: 0)
            var end = 0
            _ = activations {
                end += Self.room(for: $0)
                return nothing.all
            }
            return end
        }

        /// Every slice begins on a cache line.
        static func room(for count: Int) -> Int { (count + 15) / 16 * 16 }
    }

    /// Bytes of its one allocation.
    var byteCount: Int { storage.count * MemoryLayout<Float>.stride }

    // MARK: Shapes

    /// A slice as (t, columns).
    func rows(_ slice: FloatSlice, _ columns: Int) -> Matrix { Matrix(slice, count, columns) }

    /// A slice as (t, C).
    func stream(_ slice: FloatSlice) -> Matrix { rows(slice, configuration.embeddingSize) }

    /// A slice as (t, columns) of the feed-forward part.
    func wide(_ slice: FloatSlice, _ columns: Int) -> Matrix {
        Matrix(slice, count, columns, rowStride: wideStride(columns))
    }

    /// The first position that each sees in a layer; nil for the first of all.
    func starts(ofLayer layer: Int) -> IDSlice? {
        guard let window = configuration.window(ofLayer: layer), window < count else {
            return input.starts
        }
        return windowStarts.slice(0..<count)
    }

    /// The place of each position in its document.
    var places: IDSlice { placeBuffer.slice(0..<count) }

    // MARK: The whole model

    /// Runs the blocks over a sequence; the result is `finalNorm`.
    func forward(_ input: Input, _ p: ParameterSlices) {
        precondition(
            input.ids.count > 0 && input.ids.count <= length,
            "a sequence longer than its workspace")
        self.input = input
        for index in 0..<count {
            placeBuffer[index] = Int32(index) - (input.starts.map { $0[index] } ?? 0)
        }
        if windowStarts.count > 0, let window = configuration.variations.slidingWindow {
            for index in 0..<count {
                windowStarts[index] = max(Int32(index - window + 1), input.starts?[index] ?? 0, 0)
            }
        }
        let a = activations
        timed(.embedding) { forwardEmbedding(p) }
        for index in a.layers.indices {
            timed(.attentionForward) { forwardAttention(index, p.layers[index]) }
            timed(.feedForwardForward) { forwardFeedForward(index, p.layers[index]) }
        }
        timed(.head) {
            normalise(
                a.residuals[a.layers.count], p.finalNorm, into: a.finalNorm, a.finalStatistics)
        }
    }

    /// After ``forward(_:_:)``: writes the losses of the positions and adds the gradients of
    /// `scale` times their sum to `d`.
    ///
    /// - Parameter reached: takes the number of each part of the layout from which on the gradients
    ///   are whole.
    func lossAndBackward(
        targets: IDSlice, scale: Float, _ p: ParameterSlices, _ d: ParameterSlices,
        reached: (_ part: Int) -> Void
    ) {
        let a = activations
        timed(.head) {
            head(p, targets: targets, scale: scale, d)
            a.dResidual.zero()
            normaliseBackward(
                a.residuals[a.layers.count], p.finalNorm, a.finalStatistics, d.finalNorm)
        }
        reached(a.layers.count + 1)
        for index in a.layers.indices.reversed() {
            let (own, gradients) = (p.layers[index], d.layers[index])
            // What both parts of a block read is changed by neither: attention's share of the
            // gradient is taken before the feed-forward part adds to it.
            if configuration.isParallel {
                timed(.attentionBackward) { backwardAttentionOutput(index, own, gradients) }
            }
            timed(.feedForwardBackward) { backwardFeedForward(index, own, gradients) }
            timed(.attentionBackward) {
                if !configuration.isParallel { backwardAttentionOutput(index, own, gradients) }
                backwardAttention(index, own, gradients)
            }
            reached(index + 1)
        }
        timed(.embeddingBackward) { backwardEmbedding(d) }
    }
}
