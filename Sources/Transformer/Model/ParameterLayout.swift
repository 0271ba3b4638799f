/// Where each tensor of a model lies in its one allocation.
///
/// Parameters, gradients and the moments of an optimizer are buffers of ``floatCount`` floats with
/// this layout. Every tensor starts on a cache line; the floats between tensors are zero and stay
/// so.
public struct ParameterLayout: Equatable, Sendable {
    /// A tensor's name, shape and place.
    public struct Tensor: Equatable, Sendable {
        /// Its name in a Hugging Face checkpoint, without "transformer.": "h.0.attn.c_attn.weight".
        public let name: String
        /// Its shape, row-major. The four matrices of a block are (in, out), as Conv1D has them.
        public let shape: [Int]
        /// Its first float in the buffer.
        public let offset: Int
        /// How many floats it has.
        public var count: Int { shape.reduce(1, *) }
        /// Where it lies in the buffer.
        public var range: Range<Int> { offset..<offset + count }
        /// Whether weight decay applies: to matrices, embeddings included, not to biases and norms.
        public var isDecayed: Bool { shape.count >= 2 }
        /// Whether it is one of the four matrices of a block.
        public var isBlockMatrix: Bool { isDecayed && name.hasPrefix("h.") }
    }

    /// All tensors, in the order of the buffer.
    public let tensors: [Tensor]
    /// Floats of a buffer, those between tensors included.
    public let floatCount: Int
    /// Parameters of the model.
    public let parameterCount: Int

    /// The layout of a model of this shape.
    public init(_ configuration: GPTConfiguration) {
        let c = configuration.embeddingSize
        var tensors: [Tensor] = []
        var end = 0
        func add(_ name: String, _ shape: [Int]) {
            tensors.append(Tensor(name: name, shape: shape, offset: end))
            end += (shape.reduce(1, *) + 15) / 16 * 16
        }
        add("wte.weight", [configuration.vocabularySize, c])
        add("wpe.weight", [configuration.positionCount, c])
        for layer in 0..<configuration.layerCount {
            let h = "h.\(layer)."
            add(h + "ln_1.weight", [c])
            add(h + "ln_1.bias", [c])
            add(h + "attn.c_attn.weight", [c, 3 * c])
            add(h + "attn.c_attn.bias", [3 * c])
            add(h + "attn.c_proj.weight", [c, c])
            add(h + "attn.c_proj.bias", [c])
            add(h + "ln_2.weight", [c])
            add(h + "ln_2.bias", [c])
            add(h + "mlp.c_fc.weight", [c, 4 * c])
            add(h + "mlp.c_fc.bias", [4 * c])
            add(h + "mlp.c_proj.weight", [4 * c, c])
            add(h + "mlp.c_proj.bias", [c])
        }
        add("ln_f.weight", [c])
        add("ln_f.bias", [c])
        self.tensors = tensors
        floatCount = end
        parameterCount = tensors.reduce(0) { $0 + $1.count }
    }

    /// The tensor called `name`, or nil. O(tensors).
    public func tensor(named name: String) -> Tensor? { tensors.first { $0.name == name } }
}
