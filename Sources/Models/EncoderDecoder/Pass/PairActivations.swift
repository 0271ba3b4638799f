/// Everything that a pass computes of one window and keeps, each a matrix over slices of one
/// allocation. A window's pairs divide its tokens among the two sides in another way each time, so
/// the slices are dealt out anew for each.
///
/// Letters: s rows of the source, t rows of the target, n rows of a side, C embedding size, F
/// inside of the feed-forward part, V vocabulary, H heads.
struct PairActivations {
    /// Operands and results of attention, and of the norm behind it.
    struct Attention {
        let operands: StretchedAttention
        /// The operands of a side's own attention as the one product that they come from, (n, 3C);
        /// of attention over the source, its queries (t, C).
        let projected: Matrix
        /// Keys and values of attention over the source, (s, 2C).
        let keyValues: Matrix?
        let attended: Matrix  // (n, C)
        let logSumExp: FloatSlice  // (H, n)
        let added: Added
    }

    /// A sum of the stream and what was added to it, and its norm, which goes on.
    struct Added {
        let sum: Matrix  // (n, C)
        let statistics: NormStatistics
        let output: Matrix  // (n, C)
    }

    struct Block {
        let own: Attention
        let cross: Attention?
        let hidden: Matrix  // (n, F), rows wideStride apart
        let added: Added

        /// The stream behind attention, which the feed-forward part reads.
        var middle: Matrix { (cross ?? own).added.output }
    }

    /// A side's stream before its first block, and its blocks.
    struct Side {
        let embedded: Matrix  // (n, C)
        let blocks: [Block]

        /// The stream behind the last block.
        var output: Matrix { blocks.last?.added.output ?? embedded }

        /// The stream before a block.
        func input(_ index: Int) -> Matrix {
            index == 0 ? embedded : blocks[index - 1].added.output
        }
    }

    /// Gradients of the activations of a side at work.
    struct Gradients {
        let streams: [Matrix]  // two of (n, C)
        let dropped: Matrix  // (n, C)
        let attended: Matrix  // (n, C)
        let projected: Matrix  // (n, 3C)
        let hidden: Matrix  // (n, F)
    }

    let encoder: Side
    let decoder: Side
    let losses: FloatSlice  // (t)
    let encoderGradients: Gradients
    let decoderGradients: Gradients
    let dQueries: Matrix  // (t, C) of attention over the source
    let dKeyValues: Matrix  // (s, 2C)
    let dMemory: Matrix  // (s, C)

    /// Slices that `take` hands out, one for each count that it is asked for.
    init(
        _ c: EncoderDecoderConfiguration, _ window: PairWindow, _ take: (Int) -> FloatSlice
    ) {
        let width = c.embeddingSize
        func matrix(_ rows: Int, _ columns: Int) -> Matrix {
            Matrix(take(rows * columns), rows, columns)
        }
        func wide(_ rows: Int) -> Matrix {
            let stride = wideStride(c.feedForwardSize)
            return Matrix(take(rows * stride), rows, c.feedForwardSize, rowStride: stride)
        }
        func added(_ rows: Int) -> Added {
            Added(
                sum: matrix(rows, width),
                statistics: NormStatistics(mean: take(rows), scale: take(rows)),
                output: matrix(rows, width))
        }
        func own(_ side: PairWindow.Side, ends: IDSlice?) -> Attention {
            let projected = matrix(side.count, 3 * width)
            return Attention(
                operands: StretchedAttention(
                    queries: projected.columns(0..<width),
                    keys: projected.columns(width..<2 * width),
                    values: projected.columns(2 * width..<3 * width), headSize: c.headSize,
                    starts: side.starts, ends: ends),
                projected: projected, keyValues: nil, attended: matrix(side.count, width),
                logSumExp: take(c.headCount * side.count), added: added(side.count))
        }
        func cross() -> Attention {
            let (queries, keyValues) = (
                matrix(window.target.count, width), matrix(window.source.count, 2 * width)
            )
            return Attention(
                operands: StretchedAttention(
                    queries: queries, keys: keyValues.columns(0..<width),
                    values: keyValues.columns(width..<2 * width), headSize: c.headSize,
                    starts: window.crossStarts, ends: window.crossEnds),
                projected: queries, keyValues: keyValues, attended: matrix(queries.rows, width),
                logSumExp: take(c.headCount * queries.rows), added: added(queries.rows))
        }
        func gradients(_ rows: Int) -> Gradients {
            Gradients(
                streams: [matrix(rows, width), matrix(rows, width)], dropped: matrix(rows, width),
                attended: matrix(rows, width), projected: matrix(rows, 3 * width),
                hidden: wide(rows))
        }
        let (source, target) = (window.source, window.target)
        encoder = Side(
            embedded: matrix(source.count, width),
            blocks: (0..<c.layerCount).map { _ in
                Block(
                    own: own(source, ends: source.ends), cross: nil, hidden: wide(source.count),
                    added: added(source.count))
            })
        decoder = Side(
            embedded: matrix(target.count, width),
            blocks: (0..<c.layerCount).map { _ in
                Block(
                    own: own(target, ends: nil), cross: cross(), hidden: wide(target.count),
                    added: added(target.count))
            })
        losses = take(target.count)
        encoderGradients = gradients(source.count)
        decoderGradients = gradients(target.count)
        dQueries = matrix(target.count, width)
        dKeyValues = matrix(source.count, 2 * width)
        dMemory = matrix(source.count, width)
    }
}
