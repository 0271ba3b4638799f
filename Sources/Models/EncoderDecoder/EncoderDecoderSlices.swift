/// The tensors of a buffer of an encoder–decoder's parameters, or of their gradients.
///
/// Products that read the same rows stand as one: queries, keys and values of attention over the
/// own side, keys and values of attention over the source.
struct EncoderDecoderSlices {
    typealias Linear = ParameterSlices.Linear
    typealias Norm = ParameterSlices.Norm

    /// C is the embedding size, F that of the feed-forward part.
    struct Block {
        var qkv: Linear  // (C, 3C)
        var out: Linear  // (C, C)
        let norm: Norm  // (C)
        var cross: Cross?
        var up: Linear  // (C, F)
        var down: Linear  // (F, C)
        let finalNorm: Norm  // (C)
    }

    /// Attention over the source.
    struct Cross {
        var query: Linear  // (C, C)
        var keyValue: Linear  // (C, 2C)
        var out: Linear  // (C, C)
        let norm: Norm  // (C)
    }

    var tokens: Matrix  // (V, C)
    let logitBias: FloatSlice  // (V)
    var encoder: [Block]
    var decoder: [Block]

    /// The tensors in `buffer`, which has the layout of a model of shape `configuration`.
    init(
        _ configuration: EncoderDecoderConfiguration, _ layout: ParameterLayout,
        in buffer: FloatSlice
    ) {
        precondition(buffer.count == layout.floatCount, "a buffer of another layout")
        var rest = layout.tensors[...]
        /// The floats of the next `count` tensors, which have no gaps between them.
        func slice(_ count: Int = 1) -> FloatSlice {
            let parts = rest.prefix(count)
            rest = rest.dropFirst(count)
            return buffer[
                parts[parts.startIndex].offset..<parts[parts.endIndex - 1].range.upperBound]
        }
        func linear(_ parts: Int = 1, from width: Int, to outputs: Int) -> Linear {
            // Swift evaluates arguments from left to right, which is the order of the layout.
            Linear(weight: Matrix(slice(parts), outputs, width).transposed, bias: slice(parts))
        }
        func norm() -> Norm { Norm(weight: slice(), bias: slice()) }
        let (c, f) = (configuration.embeddingSize, configuration.feedForwardSize)
        func block(_ side: EncoderDecoderNames.Side) -> Block {
            Block(
                qkv: linear(3, from: c, to: 3 * c), out: linear(from: c, to: c), norm: norm(),
                cross: side == .encoder
                    ? nil
                    : Cross(
                        query: linear(from: c, to: c), keyValue: linear(2, from: c, to: 2 * c),
                        out: linear(from: c, to: c), norm: norm()),
                up: linear(from: c, to: f), down: linear(from: f, to: c), finalNorm: norm())
        }
        tokens = Matrix(slice(), configuration.vocabularySize, c)
        logitBias = slice()
        encoder = (0..<configuration.layerCount).map { _ in block(.encoder) }
        decoder = (0..<configuration.layerCount).map { _ in block(.decoder) }
    }

    /// Calls `body` with each matrix that is multiplied by.
    mutating func eachMatrix(_ body: (inout Matrix) -> Void) {
        func visit(_ blocks: inout [Block]) {
            for index in blocks.indices {
                body(&blocks[index].qkv.weight)
                body(&blocks[index].out.weight)
                if blocks[index].cross != nil {
                    body(&blocks[index].cross!.query.weight)
                    body(&blocks[index].cross!.keyValue.weight)
                    body(&blocks[index].cross!.out.weight)
                }
                body(&blocks[index].up.weight)
                body(&blocks[index].down.weight)
            }
        }
        body(&tokens)
        visit(&encoder)
        visit(&decoder)
    }
}

extension EncoderDecoderConfiguration {
    /// Layout of the parameters, under Marian's names. O(layers).
    public var layout: ParameterLayout {
        let (c, f) = (embeddingSize, feedForwardSize)
        var placement = TensorPlacement()
        func linear(
            _ names: [String], from width: Int, to output: Int,
            _ role: ParameterLayout.Role = .matrix
        ) {
            placement.linear(
                weights: names.map { $0 + ".weight" }, biases: [], from: width,
                to: names.map { _ in output }, role)
            for (index, name) in names.enumerated() {
                placement.add(name + ".bias", [output], .bias, follows: index > 0)
            }
        }
        func norm(_ name: String) { placement.norm([name + ".weight", name + ".bias"], c) }
        placement.add(EncoderDecoderNames.tokens, [vocabularySize, c], .embedding)
        placement.add(EncoderDecoderNames.logitBias, [1, vocabularySize], .bias)
        for side in EncoderDecoderNames.Side.allCases {
            for layer in 0..<layerCount {
                let block = EncoderDecoderNames.block(side, layer)
                let own = block.selfAttention
                placement.beginPart()
                linear([own.query, own.key, own.value], from: c, to: c)
                linear([own.out], from: c, to: c, .residualMatrix)
                norm(own.norm)
                if let cross = block.crossAttention {
                    linear([cross.query], from: c, to: c)
                    linear([cross.key, cross.value], from: c, to: c)
                    linear([cross.out], from: c, to: c, .residualMatrix)
                    norm(cross.norm)
                }
                linear([block.up], from: c, to: f)
                linear([block.down], from: f, to: c, .residualMatrix)
                norm(block.norm)
            }
        }
        return ParameterLayout(placement)
    }
}
