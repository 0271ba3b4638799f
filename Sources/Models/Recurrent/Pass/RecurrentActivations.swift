/// Everything that a recurrent pass computes and keeps, each a slice of one allocation.
///
/// Letters: R sequences, t tokens of each, H hidden units, G gates, V vocabulary. The places of a
/// sequence are t + 1, one after the other, and then come those of the next sequence: h and c stand
/// one place behind the token that made them, at place 0 what was before the first. So the products
/// of all steps' gradients with all steps' earlier h are one product, and the gradients at place t
/// are zero.
struct RecurrentActivations {
    /// Activations of a layer.
    struct Layer {
        /// The gates' values and then their gradients, (R · (t+1), W), where W is G·H, of the GRU
        /// 4·H.
        let gates: FloatSlice
        let hidden: FloatSlice  // (R · (t+1), H)
        let cells: FloatSlice  // (R · (t+1), H), of the LSTM
    }

    let layers: [Layer]
    /// The gradient of a layer's output, and before that its input with numbers dropped.
    let dOut: FloatSlice  // (R · (t+1), H)
    /// Vectors of the different tokens and the first layer's products of them, or their gradients;
    /// room for those of every slot.
    let tokenVectors: FloatSlice  // (tokens, E)
    let tokenProducts: FloatSlice  // (tokens, G·H)
    /// h, or the gradients of the hidden products, of this step and the one beside it.
    let states: [FloatSlice]  // (R, stateStride)
    let carried: FloatSlice  // (R, H)
    /// Scratch, one of each a thread.
    let productWorkspaces: [FloatSlice]
    let stepProducts: [FloatSlice]  // (G, R, units of a block)
    let logits: [FloatSlice]  // (rows of a block, logitStride)
    let losses: FloatSlice  // (R · (t+1))

    /// The slices that `take` hands out, one for each count that it is asked for.
    init(_ shape: RecurrentPass.Shape, take: (Int) -> FloatSlice) {
        let c = shape.configuration
        let (h, places) = (c.hiddenSize, shape.rows * (shape.length + 1))
        let width = c.architecture.gateCount * h
        layers = (0..<c.layerCount).map { _ in
            Layer(
                gates: take(places * shape.gateWidth), hidden: take(places * h),
                cells: take(c.architecture == .lstm ? places * h : 0))
        }
        dOut = take(places * h)
        tokenVectors = take(shape.tokenRows * c.embeddingSize)
        tokenProducts = take(shape.tokenRows * width)
        states = (0..<2).map { _ in take(shape.rows * shape.stateStride) }
        carried = take(shape.rows * h)
        productWorkspaces = (0..<shape.threadCount).map { _ in take(Kernels.productWorkspaceCount) }
        stepProducts = (0..<shape.threadCount).map { _ in
            take(c.architecture.gateCount * shape.rows * RecurrentPass.blockUnits)
        }
        logits = (0..<shape.threadCount).map { _ in take(shape.headRows * shape.logitStride) }
        losses = take(places)
    }
}
