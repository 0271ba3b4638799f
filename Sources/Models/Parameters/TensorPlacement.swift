/// Places tensors one behind the other in a buffer, each at a multiple of sixteen floats.
struct TensorPlacement {
    /// Before every tensor's name in a checkpoint but the head's.
    private let prefix: String
    /// Whether a matrix is stored (out, in), as `torch.nn.Linear` has it, not (in, out).
    private let storesOutputRows: Bool
    private(set) var tensors: [ParameterLayout.Tensor] = []
    private(set) var partStarts = [0]
    private var end = 0

    /// A buffer without tensors.
    init(prefix: String = "", storesOutputRows: Bool = true) {
        self.prefix = prefix
        self.storesOutputRows = storesOutputRows
    }

    /// Floats of the buffer, those between tensors included.
    var floatCount: Int { (end + 15) / 16 * 16 }

    /// Begins a part of the model, such as a layer, with the next tensor.
    mutating func beginPart() { partStarts.append(floatCount) }

    /// Places a tensor.
    ///
    /// - Parameters:
    ///   - follows: whether it begins where the one before ends, as a part of one matrix does.
    ///   - isConstant: whether training leaves it as it is.
    ///   - rowOrder: the order of its rows in a checkpoint; nil for that of memory.
    ///   - maps: its places as factors of products, by its offset.
    mutating func add(
        _ name: String, _ shape: [Int], _ role: ParameterLayout.Role, follows: Bool = false,
        isConstant: Bool = false, rowOrder: HeadRows? = nil,
        maps: (_ offset: Int) -> [MatrixPlace] = { _ in [] }
    ) {
        if !follows { end = floatCount }
        tensors.append(
            ParameterLayout.Tensor(
                name: name, checkpointName: role == .head ? name : prefix + name,
                role: role, shape: shape, offset: end, isConstant: isConstant, rowOrder: rowOrder,
                maps: maps(end)))
        end += shape.reduce(1, *)
    }

    /// Places the gain of a norm over `count` values and, where it has one, its bias.
    mutating func norm(_ names: [String], _ count: Int) {
        add(names[0], [count], .gain)
        for bias in names.dropFirst() { add(bias, [count], .bias) }
    }

    /// Places the matrix of a product from `width` to the sum of `outputs`, in as many parts as
    /// names, and its biases, one behind the other.
    mutating func linear(
        weights: [String], biases: [String], from width: Int, to outputs: [Int],
        _ role: ParameterLayout.Role, rowOrder: HeadRows? = nil
    ) {
        let parts = weights.count == 1 ? [outputs] : outputs.map { [$0] }
        let storesOutputRows = storesOutputRows
        for (index, (name, part)) in zip(weights, parts).enumerated() {
            let output = part.reduce(0, +)
            let shape = storesOutputRows ? [output, width] : [width, output]
            add(name, shape, role, follows: index > 0, rowOrder: rowOrder) {
                MatrixPlace.parts(
                    of: part, from: width, storesOutputRows: storesOutputRows, at: $0)
            }
        }
        let lengths = biases.count == 1 ? [outputs.reduce(0, +)] : outputs
        for (index, (name, length)) in zip(biases, lengths).enumerated() {
            add(name, [length], .bias, follows: index > 0, rowOrder: rowOrder)
        }
    }
}
