/// The tensors of a buffer of parameters, or of their gradients, by their places in the model.
struct ParameterSlices {
    /// A norm's numbers: LayerNorm has a bias, RMSNorm none.
    struct Norm {
        let weight: FloatSlice
        let bias: FloatSlice?
        /// What is added to the weights of RMSNorm.
        var offset: Float = 0
    }

    /// A product's matrix (in, out) and its bias (out).
    struct Linear {
        var weight: Matrix
        let bias: FloatSlice?
    }

    /// A block's tensors; C is the embedding size, F that of the feed-forward part, Q the width of
    /// all queries, K that of all keys.
    struct Layer {
        let norm1: Norm  // (C)
        var qkv: Linear  // (C, Q + 2K)
        let queryNorm: Norm?  // (head size)
        let keyNorm: Norm?  // (head size)
        var out: Linear  // (Q, C)
        let addedNorm1: Norm?  // (C), of what attention adds
        let norm2: Norm  // (C)
        var up: Linear  // (C, F), or (C, 2F): [gate | up]
        var down: Linear  // (F, C)
        let addedNorm2: Norm?  // (C), of what the feed-forward part adds

        /// The norms of heads, where there are any.
        var headNorms: (query: Norm, key: Norm)? {
            guard let queryNorm, let keyNorm else { return nil }
            return (queryNorm, keyNorm)
        }
    }

    let tokens: Matrix  // (V, C)
    let positions: Matrix?  // (T, C)
    var layers: [Layer]
    let finalNorm: Norm  // (C)
    /// The output head; the tokens themselves where they are tied.
    var head: Matrix  // (V, C)

    /// The tensors in `buffer`, which has the layout of a model of shape `configuration`.
    init(_ configuration: GPTConfiguration, _ layout: ParameterLayout, in buffer: FloatSlice) {
        precondition(buffer.count == layout.floatCount, "a buffer of another layout")
        let architecture = configuration.architecture
        let names = TensorNames(configuration)
        var rest = layout.tensors[...]
        func slice() -> FloatSlice { buffer[rest.removeFirst().range] }
        func table() -> Matrix {
            let shape = rest.first?.shape ?? []
            return Matrix(slice(), shape[0], shape[1])
        }
        func norm(hasBias: Bool = !architecture.usesRMSNorm) -> Norm {
            Norm(
                weight: slice(), bias: hasBias ? slice() : nil, offset: architecture.normOffset)
        }
        /// The next `partCount` tensors, which lie one behind the other, as one.
        func joined(_ partCount: Int) -> (floats: FloatSlice, rows: Int) {
            let parts = rest.prefix(partCount)
            rest = rest.dropFirst(partCount)
            let whole = buffer[
                parts[parts.startIndex].offset..<parts[parts.endIndex - 1].range.upperBound]
            return (whole, parts.reduce(0) { $0 + $1.shape[0] })
        }
        /// The next product, whose matrix is (out, in) if it has more than one part.
        func linear(_ tensors: TensorNames.Linear) -> Linear {
            let (whole, rows) = joined(tensors.weights.count)
            let matrix = Matrix(whole, rows, whole.count / rows)
            return Linear(
                weight: names.storesOutputRows ? matrix.transposed : matrix,
                bias: tensors.biases.isEmpty ? nil : joined(tensors.biases.count).floats)
        }
        tokens = table()
        positions = architecture.isRotary ? nil : table()
        layers = (0..<configuration.layerCount).map { layer in
            let block = names.block(layer)
            // Swift evaluates arguments from left to right, which is the order of the layout.
            return Layer(
                norm1: norm(), qkv: linear(block.qkv),
                queryNorm: architecture.normalisesHeads ? norm() : nil,
                keyNorm: architecture.normalisesHeads ? norm() : nil, out: linear(block.out),
                addedNorm1: architecture.normalisesAdditions ? norm() : nil,
                norm2: norm(), up: linear(block.up), down: linear(block.down),
                addedNorm2: architecture.normalisesAdditions ? norm() : nil)
        }
        finalNorm = norm()
        head = configuration.tiesEmbeddings ? tokens : table()
    }

    /// Calls `body` with each matrix that is multiplied by.
    mutating func eachMatrix(_ body: (inout Matrix) -> Void) {
        body(&head)
        for index in layers.indices {
            body(&layers[index].qkv.weight)
            body(&layers[index].out.weight)
            body(&layers[index].up.weight)
            body(&layers[index].down.weight)
        }
    }
}
