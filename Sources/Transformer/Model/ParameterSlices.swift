/// The tensors of a buffer of parameters, or of their gradients, by their places in the model.
struct ParameterSlices {
    /// A block's tensors; C is the embedding size.
    struct Layer {
        let norm1Weight: FloatSlice  // (C)
        let norm1Bias: FloatSlice  // (C)
        var qkvWeight: Matrix  // (C, 3C)
        let qkvBias: FloatSlice  // (3C)
        var outWeight: Matrix  // (C, C)
        let outBias: FloatSlice  // (C)
        let norm2Weight: FloatSlice  // (C)
        let norm2Bias: FloatSlice  // (C)
        var upWeight: Matrix  // (C, 4C)
        let upBias: FloatSlice  // (4C)
        var downWeight: Matrix  // (4C, C)
        let downBias: FloatSlice  // (C)
    }

    var tokens: Matrix  // (V, C)
    let positions: Matrix  // (T, C)
    var layers: [Layer]
    let normWeight: FloatSlice  // (C)
    let normBias: FloatSlice  // (C)

    /// The tensors in `buffer`, which has the layout.
    init(_ layout: ParameterLayout, in buffer: FloatSlice) {
        precondition(buffer.count == layout.floatCount, "a buffer of another layout")
        var next = 0
        func slice() -> FloatSlice {
            defer { next += 1 }
            return buffer[layout.tensors[next].range]
        }
        func matrix() -> Matrix {
            let shape = layout.tensors[next].shape
            return Matrix(slice(), shape[0], shape[1])
        }
        tokens = matrix()
        positions = matrix()
        var layers: [Layer] = []
        // Swift evaluates arguments from left to right, which is the order of the layout.
        while next + 2 < layout.tensors.count {
            layers.append(
                Layer(
                    norm1Weight: slice(), norm1Bias: slice(), qkvWeight: matrix(),
                    qkvBias: slice(), outWeight: matrix(), outBias: slice(),
                    norm2Weight: slice(), norm2Bias: slice(), upWeight: matrix(),
                    upBias: slice(), downWeight: matrix(), downBias: slice()))
        }
        self.layers = layers
        normWeight = slice()
        normBias = slice()
    }
}
