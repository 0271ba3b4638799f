/// Layout of a model's one allocation: where each tensor lies in it.
///
/// Parameters, gradients and the moments of an optimizer are buffers of ``floatCount`` floats with
/// this layout. Every tensor starts on a cache line, except where several are the parts of one
/// product's matrix and follow each other without a gap; the floats between tensors are zero and
/// stay so.
public struct ParameterLayout: Equatable, Sendable {
    /// Role of a tensor in the model.
    public enum Role: Sendable {
        /// The vectors of tokens or of positions.
        case embedding
        /// A matrix of a block.
        case matrix
        /// A matrix of a block whose product is added to the residual stream.
        case residualMatrix
        /// The output head, where it is not the token embedding.
        case head
        /// Factors of a norm.
        case gain
        /// Terms that are added to a product or a norm.
        case bias
    }

    /// A tensor's name, shape and place.
    public struct Tensor: Equatable, Sendable {
        /// Its name within the model: "h.0.attn.c_attn.weight".
        public let name: String
        /// Its name in a Hugging Face checkpoint: "transformer.h.0.attn.c_attn.weight".
        public let checkpointName: String
        /// Role of the tensor in the model.
        public let role: Role
        /// Its shape, row-major. The matrices of GPT-2's blocks are (in, out), as Conv1D has them;
        /// those of the others (out, in), as Linear has them.
        public let shape: [Int]
        /// Its first float in the buffer.
        public let offset: Int
        /// Whether training leaves it as it is.
        public internal(set) var isConstant = false
        /// The order in which a checkpoint has its rows; nil for that of memory.
        package let rowOrder: HeadRows?
        /// The linear maps that it holds: one or more for a matrix of a block, none for the rest.
        package let maps: [MatrixPlace]
        /// Count of its floats.
        public var count: Int { shape.reduce(1, *) }
        /// Range of its floats in the buffer.
        public var range: Range<Int> { offset..<offset + count }
        /// Whether weight decay applies: to matrices, embeddings included, not to biases and norms.
        public var isDecayed: Bool { shape.count >= 2 && role != .bias && !isConstant }
        /// Whether it is one of the matrices of a block.
        public var isBlockMatrix: Bool { role == .matrix || role == .residualMatrix }
    }

    /// All tensors, in the order of the buffer.
    public let tensors: [Tensor]
    /// Floats of a buffer, those between tensors included.
    public let floatCount: Int
    /// Parameters of the model.
    public let parameterCount: Int
    /// The first float of each part of the model in the order of its forward pass: the embedding,
    /// each layer, and the head. Just the first float of all where the parts are not known.
    package let partStarts: [Int]

    /// The layout of tensors that were placed.
    init(_ placement: TensorPlacement) {
        tensors = placement.tensors
        floatCount = placement.floatCount
        partStarts = placement.partStarts
        parameterCount = tensors.reduce(0) { $0 + $1.count }
    }

    /// The tensor called `name`, or nil. O(tensors).
    public func tensor(named name: String) -> Tensor? { tensors.first { $0.name == name } }
}

/// A linear map inside of a buffer of parameters: what a matrix optimizer takes as one matrix.
///
/// It is a tensor, or a part of one: GPT-2's queries, keys and values are three maps that lie side
/// by side in one tensor.
package struct MatrixPlace: Equatable, Sendable {
    /// Its first float in the buffer.
    package let offset: Int
    /// Rows of memory.
    package let rows: Int
    /// Floats of a row.
    package let columns: Int
    /// Floats from one row to the next.
    package let rowStride: Int
    /// Outputs of the map for each of its inputs.
    package let outputsPerInput: Double

    /// Floats of the matrix.
    package var count: Int { rows * columns }

    /// The maps of one tensor from `inputs` numbers to so many each.
    static func parts(
        of outputs: [Int], from inputs: Int, storesOutputRows: Bool, at offset: Int
    ) -> [MatrixPlace] {
        let total = outputs.reduce(0, +)
        var first = 0
        return outputs.map { count in
            defer { first += count }
            let ratio = Double(count) / Double(inputs)
            return storesOutputRows
                ? MatrixPlace(
                    offset: offset + first * inputs, rows: count, columns: inputs,
                    rowStride: inputs, outputsPerInput: ratio)
                : MatrixPlace(
                    offset: offset + first, rows: inputs, columns: count, rowStride: total,
                    outputsPerInput: ratio)
        }
    }
}
