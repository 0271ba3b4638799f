/// One sequence's way through the model, forward and backward, on the thread that calls it.
///
/// It owns every activation and all scratch, sized once, so that a step allocates nothing. A thread
/// works on a whole sequence at a time: its activations are small enough for the caches, and no
/// thread waits for another within a layer. Forward and backward of each part are neighbours in
/// `SequencePass+….swift`.
///
/// Letters: t positions of this sequence, C embedding size, V vocabulary, H heads.
final class SequencePass {
    let configuration: GPTConfiguration
    let kernels: Kernels
    /// The most positions that it has room for.
    let length: Int
    /// Positions of the sequence at work.
    private(set) var count = 0

    /// What a block keeps for its backward.
    struct Layer {
        let norm1: FloatSlice  // (t, C)
        let norm1Mean: FloatSlice  // (t)
        let norm1Scale: FloatSlice  // (t)
        let qkv: FloatSlice  // (t, 3C)
        let attended: FloatSlice  // (t, C)
        let logSumExp: FloatSlice  // (H, t)
        let middle: FloatSlice  // (t, C), the residual stream between the two parts
        let norm2: FloatSlice  // (t, C)
        let norm2Mean: FloatSlice  // (t)
        let norm2Scale: FloatSlice  // (t)
        let hidden: FloatSlice  // (t, wideStride), after GELU
        let slope: FloatSlice  // (t, wideStride), GELU's derivative
    }

    let layers: [Layer]
    /// The residual stream before each block and after the last, (t, C) each.
    let residuals: [FloatSlice]
    let finalNorm: FloatSlice  // (t, C)
    let finalMean: FloatSlice  // (t)
    let finalScale: FloatSlice  // (t)
    let losses: FloatSlice  // (t)

    /// Gradients of the activations at work; empty when only the forward runs.
    let dResidual: FloatSlice  // (t, C)
    let dNorm: FloatSlice  // (t, C)
    let dAttended: FloatSlice  // (t, C)
    let dQKV: FloatSlice  // (t, 3C)
    let dHidden: FloatSlice  // (t, wideStride)

    /// Rows of logits at once: about 2 MiB, so that the V floats of every position never exist
    /// together and the products still have rows enough to be quick.
    let headRows: Int
    let headStride: Int
    let logitsBlock: FloatSlice  // (headRows, headStride)

    /// Floats from one row of the feed-forward part's inside to the next.
    let wideStride: Int

    let productWorkspace: FloatSlice
    let attentionWorkspace: FloatSlice

    private let storage: FloatBuffer

    /// A pass for sequences of up to `length` positions.
    ///
    /// - Parameter keepsAll: whether each block keeps its own activations, for a backward; without,
    ///   the blocks share one set.
    init(_ model: GPT, length: Int, level: KernelLevel, keepsAll: Bool) {
        let configuration = model.configuration
        let kernels = Kernels(level)
        let (t, c) = (length, configuration.embeddingSize)
        let v = configuration.vocabularySize
        headRows = max(1, min(t, max(16, (512 * 1024) / v)))
        // Rows a power of two apart would fall on the same sets of the cache.
        headStride = (v + 15) / 16 * 16 + 16
        let wide = (4 * c + 15) / 16 * 16 + 16
        wideStride = wide

        var sizes = 0
        func reserve(_ count: Int) -> Range<Int> {
            defer { sizes += (count + 15) / 16 * 16 }
            return sizes..<sizes + count
        }
        let blockCount = keepsAll ? configuration.layerCount : 1
        let layerSizes = [
            t * c, t, t, 3 * t * c, t * c, configuration.headCount * t, t * c, t * c, t, t,
            t * wide, t * wide,
        ]
        let layerRanges = (0..<blockCount).map { _ in layerSizes.map { reserve($0) } }
        let residualRanges = (0..<(keepsAll ? blockCount + 1 : 1)).map { _ in reserve(t * c) }
        let finals = [t * c, t, t, t].map { reserve($0) }
        let gradientSizes = [t * c, t * c, t * c, 3 * t * c, t * wide]
        let gradients = gradientSizes.map { reserve(keepsAll ? $0 : 0) }
        let block = reserve(headRows * headStride)
        let product = reserve(Kernels.productWorkspaceCount)
        let attention = reserve(
            kernels.attentionWorkspaceCount(positions: t, headSize: configuration.headSize))

        let storage = FloatBuffer(count: sizes)
        let sets = layerRanges.map { ranges in
            let s = ranges.map { storage.slice($0) }
            return Layer(
                norm1: s[0], norm1Mean: s[1], norm1Scale: s[2], qkv: s[3], attended: s[4],
                logSumExp: s[5], middle: s[6], norm2: s[7], norm2Mean: s[8], norm2Scale: s[9],
                hidden: s[10], slope: s[11])
        }
        layers = (0..<configuration.layerCount).map { sets[keepsAll ? $0 : 0] }
        let streams = residualRanges.map { storage.slice($0) }
        residuals = (0...configuration.layerCount).map { streams[keepsAll ? $0 : 0] }
        finalNorm = storage.slice(finals[0])
        finalMean = storage.slice(finals[1])
        finalScale = storage.slice(finals[2])
        losses = storage.slice(finals[3])
        dResidual = storage.slice(gradients[0])
        dNorm = storage.slice(gradients[1])
        dAttended = storage.slice(gradients[2])
        dQKV = storage.slice(gradients[3])
        dHidden = storage.slice(gradients[4])
        logitsBlock = storage.slice(block)
        productWorkspace = storage.slice(product)
        attentionWorkspace = storage.slice(attention)
        self.storage = storage
        self.configuration = configuration
        self.kernels = kernels
        self.length = length
    }

    /// Bytes of its one allocation.
    var byteCount: Int { storage.count * MemoryLayout<Float>.stride }

    /// A slice as (t, columns).
    func rows(_ slice: FloatSlice, _ columns: Int) -> Matrix { Matrix(slice, count, columns) }

    /// A slice as (t, 4C) of the feed-forward part.
    func wide(_ slice: FloatSlice) -> Matrix {
        Matrix(slice, count, 4 * configuration.embeddingSize, rowStride: wideStride)
    }

    /// A slice as (t, C).
    func stream(_ slice: FloatSlice) -> Matrix { rows(slice, configuration.embeddingSize) }

    // MARK: The whole model

    /// Runs the blocks over `ids`; the result is `finalNorm`. Keys and values go to `cache`.
    func forward(_ ids: IDSlice, _ p: ParameterSlices, cache: KeyValueCache? = nil) {
        precondition(ids.count > 0 && ids.count <= length, "a sequence longer than its workspace")
        count = ids.count
        kernels.embed(ids, tokens: p.tokens, positions: p.positions, into: stream(residuals[0]))
        for index in layers.indices {
            forwardAttention(index, p.layers[index])
            cache?.keep(layers[index].qkv, layer: index, count: count)
            forwardFeedForward(index, p.layers[index])
        }
        kernels.layerNorm(
            stream(residuals[layers.count]), weight: p.normWeight, bias: p.normBias,
            epsilon: configuration.layerNormEpsilon, into: stream(finalNorm), mean: finalMean,
            reciprocalDeviation: finalScale)
    }

    /// After ``forward(_:_:cache:)``: writes the losses of the positions and adds the gradients of
    /// `scale` times their sum to `d`.
    func lossAndBackward(
        _ ids: IDSlice, targets: IDSlice, scale: Float, _ p: ParameterSlices, _ d: ParameterSlices
    ) {
        head(p, targets: targets, scale: scale, d)
        dResidual.zero()
        kernels.layerNormBackward(
            stream(dNorm), x: stream(residuals[layers.count]), weight: p.normWeight,
            mean: finalMean, reciprocalDeviation: finalScale, dx: stream(dResidual),
            dWeight: d.normWeight, dBias: d.normBias)
        for index in layers.indices.reversed() {
            backwardFeedForward(index, p.layers[index], d.layers[index])
            backwardAttention(index, p.layers[index], d.layers[index])
        }
        kernels.embedBackward(
            ids, dOut: stream(dResidual), dTokens: d.tokens, dPositions: d.positions)
    }
}
