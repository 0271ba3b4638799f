/// Everything that a pass computes and keeps, each a slice of one allocation.
///
/// Letters: t positions, C embedding size, F inside of the feed-forward part, Q width of all
/// queries, K of all keys, V vocabulary, H heads.
struct Activations {
    /// What a part of a block adds before the norm that it passes through.
    struct Added {
        let product: FloatSlice  // (t, C)
        let statistics: NormStatistics
    }

    /// Activations of a block, kept for its backward.
    struct Layer {
        let norm1: FloatSlice  // (t, C)
        let norm1Statistics: NormStatistics
        let projected: FloatSlice  // (t, Q + 2K); `qkv` itself where heads have no norm
        let headScales: FloatSlice  // (H + heads of keys, t), where heads have a norm
        let qkv: FloatSlice  // (t, Q + 2K), as attention reads it
        let attended: FloatSlice  // (t, Q)
        let added1: Added?  // where what attention adds has a norm
        let logSumExp: FloatSlice  // (H, t)
        let middle: FloatSlice  // (t, C), the residual stream between the two parts
        let norm2: FloatSlice  // (t, C)
        let norm2Statistics: NormStatistics
        let gates: FloatSlice  // (t, gateStride), [gate | up] of SwiGLU; then their gradient
        let slope: FloatSlice  // (t, wideStride), the derivative of GELU
        let hidden: FloatSlice  // (t, wideStride), after GELU or SwiGLU
        let added2: Added?  // where what the feed-forward part adds has a norm

        init(_ c: GPTConfiguration, length t: Int, _ take: (Int) -> FloatSlice) {
            let isGated = c.architecture.isGated
            let row = c.queryWidth + 2 * c.keyWidth
            norm1 = take(t * c.embeddingSize)
            norm1Statistics = NormStatistics(c, length: t, take)
            qkv = take(t * row)
            projected = c.architecture.normalisesHeads ? take(t * row) : qkv
            headScales = take(
                c.architecture.normalisesHeads ? (c.queryWidth + c.keyWidth) / c.headSize * t : 0)
            attended = take(t * c.queryWidth)
            logSumExp = take(c.headCount * t)
            middle = take(t * c.embeddingSize)
            norm2 = take(t * c.embeddingSize)
            norm2Statistics = NormStatistics(c, length: t, take)
            hidden = take(t * wideStride(c.feedForwardSize))
            slope = take(isGated ? 0 : t * wideStride(c.feedForwardSize))
            gates = take(isGated ? t * wideStride(2 * c.feedForwardSize) : 0)
            func added() -> Added? {
                guard c.architecture.normalisesAdditions else { return nil }
                return Added(
                    product: take(t * c.embeddingSize),
                    statistics: NormStatistics(c, length: t, take))
            }
            added1 = added()
            added2 = added()
        }

        /// The statistics of a head's norm over `count` positions.
        func headStatistics(_ head: Int, _ count: Int) -> NormStatistics {
            NormStatistics(mean: nil, scale: headScales.at(head * count, count))
        }
    }

    let layers: [Layer]
    /// The residual stream before each block and after the last, (t, C) each.
    let residuals: [FloatSlice]
    let finalNorm: FloatSlice  // (t, C)
    let finalStatistics: NormStatistics
    let losses: FloatSlice  // (t)

    /// Gradients of the activations at work; empty when only the forward runs.
    let dResidual: FloatSlice  // (t, C)
    let dNorm: FloatSlice  // (t, C)
    let dAttended: FloatSlice  // (t, Q)
    let dQKV: FloatSlice  // (t, Q + 2K)
    let dHidden: FloatSlice  // (t, wideStride)

    let logitsBlock: FloatSlice  // (rows, row stride)
    /// Scratch of products and of attention, one of each a thread.
    let productWorkspaces: [FloatSlice]
    let attentionWorkspaces: [FloatSlice]

    /// The slices that `take` hands out, one for each count that it is asked for. It is called the
    /// same way for the same shape, so that a first run with a counter finds the size of them all.
    ///
    /// - Parameter keepsAll: whether each block keeps its own activations, for a backward; without,
    ///   the blocks share one set.
    /// - Parameter threadCount: threads that work on the sequence together.
    init(
        _ c: GPTConfiguration, length t: Int, keepsAll: Bool, logitsCount: Int,
        attentionWorkspaceCount: Int, threadCount: Int, take: (Int) -> FloatSlice
    ) {
        let layerCount = c.layerCount
        let sets = (0..<(keepsAll ? layerCount : 1)).map { _ in Layer(c, length: t, take) }
        let streams = (0...(keepsAll ? layerCount : 0)).map { _ in take(t * c.embeddingSize) }
        layers = (0..<layerCount).map { sets[keepsAll ? $0 : 0] }
        residuals = (0...layerCount).map { streams[keepsAll ? $0 : 0] }
        finalNorm = take(t * c.embeddingSize)
        finalStatistics = NormStatistics(c, length: t, take)
        losses = take(t)
        func gradient(_ count: Int) -> FloatSlice { take(keepsAll ? count : 0) }
        dResidual = gradient(t * c.embeddingSize)
        dNorm = gradient(t * c.embeddingSize)
        dAttended = gradient(t * c.queryWidth)
        dQKV = gradient(t * (c.queryWidth + 2 * c.keyWidth))
        dHidden = gradient(t * wideStride(c.feedForwardSize))
        logitsBlock = take(logitsCount)
        productWorkspaces = (0..<threadCount).map { _ in take(Kernels.productWorkspaceCount) }
        attentionWorkspaces = (0..<threadCount).map { _ in take(attentionWorkspaceCount) }
    }
}

/// Floats from one row of the feed-forward part's inside to the next: rows a power of two apart
/// would fall on the same sets of the cache.
func wideStride(_ width: Int) -> Int { (width + 15) / 16 * 16 + 16 }
