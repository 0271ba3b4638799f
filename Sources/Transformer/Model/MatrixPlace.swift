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
