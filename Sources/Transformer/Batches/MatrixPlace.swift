/// A linear map inside of a buffer of parameters: what a matrix optimizer takes as one matrix.
///
/// It is a tensor, or a part of one: queries, keys and values are three maps that lie side by side
/// in one tensor.
public struct MatrixPlace: Equatable, Sendable {
    /// Its first float in the buffer.
    public let offset: Int
    /// Rows of memory.
    public let rows: Int
    /// Floats of a row.
    public let columns: Int
    /// Floats from one row to the next.
    public let rowStride: Int
    /// Outputs of the map for each of its inputs.
    public let outputsPerInput: Double

    /// Floats of the matrix.
    public var count: Int { rows * columns }

    /// Multiplications of one Newton–Schulz iteration, for sharing the work.
    var cost: Int {
        min(rows, columns) * min(rows, columns) * (2 * max(rows, columns) + min(rows, columns))
    }
}

extension ParameterLayout.Tensor {
    /// The linear maps of a block's matrix, which is (in, out) with its outputs in rows of memory.
    public var matrices: [MatrixPlace] {
        precondition(isBlockMatrix, "\(name) is not a matrix of a block")
        let parts = name.hasSuffix("attn.c_attn.weight") ? 3 : 1
        let (inputs, outputs) = (shape[0], shape[1] / parts)
        return (0..<parts).map { part in
            MatrixPlace(
                offset: offset + part * outputs, rows: inputs, columns: outputs,
                rowStride: shape[1], outputsPerInput: Double(outputs) / Double(inputs))
        }
    }
}
