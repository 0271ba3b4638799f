/// A matrix over a slice: shape and strides, so that a transpose is another view.
struct Matrix {
    let slice: FloatSlice
    let rows: Int
    let columns: Int
    let rowStride: Int
    let columnStride: Int
    /// The matrix as ``Kernels/pack(_:into:)`` lays it out, and its transpose, where they are kept.
    var packed: FloatSlice? = nil
    var packedTranspose: FloatSlice? = nil

    /// A row-major matrix; `rowStride` is `columns` unless given.
    init(_ slice: FloatSlice, _ rows: Int, _ columns: Int, rowStride: Int? = nil) {
        self.init(
            slice: slice, rows: rows, columns: columns, rowStride: rowStride ?? columns,
            columnStride: 1)
    }

    private init(
        slice: FloatSlice, rows: Int, columns: Int, rowStride: Int, columnStride: Int
    ) {
        precondition(
            rows > 0 && columns > 0
                && (rows - 1) * rowStride + (columns - 1) * columnStride < slice.count,
            "a matrix that its slice does not hold")
        self.slice = slice
        self.rows = rows
        self.columns = columns
        self.rowStride = rowStride
        self.columnStride = columnStride
    }

    var transposed: Matrix {
        var other = Matrix(
            slice: slice, rows: columns, columns: rows, rowStride: columnStride,
            columnStride: rowStride)
        other.packed = packedTranspose
        other.packedTranspose = packed
        return other
    }
}

/// What happens to a product on its way to memory.
enum Epilogue {
    case store
    case add
    case bias(FloatSlice)
    /// Plus the bias and the residual stream.
    case biasResidual(FloatSlice, Matrix)
    /// Plus the residual stream.
    case residual(Matrix)
    /// x = product + bias; the result is gelu(x), and `derivative` gets gelu'(x).
    case biasGELU(FloatSlice, derivative: Matrix)
    /// Times another matrix, element by element.
    case multiply(Matrix)

    /// Plus a bias where there is one.
    static func adding(_ bias: FloatSlice?) -> Epilogue { bias.map { .bias($0) } ?? .store }

    /// Plus the residual stream, and a bias where there is one.
    static func adding(_ bias: FloatSlice?, to residual: Matrix) -> Epilogue {
        bias.map { .biasResidual($0, residual) } ?? .residual(residual)
    }
}
