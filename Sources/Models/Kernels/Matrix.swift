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

    /// The floats of a row of a matrix whose rows are contiguous.
    func row(_ index: Int) -> FloatSlice {
        precondition(columnStride == 1, "a row in one piece")
        return slice.at(index * rowStride, columns)
    }

    var transposed: Matrix {
        var other = Matrix(
            slice: slice, rows: columns, columns: rows, rowStride: columnStride,
            columnStride: rowStride)
        other.packed = packedTranspose
        other.packedTranspose = packed
        return other
    }

    /// The columns of `range` as a matrix without panels.
    func columns(_ range: Range<Int>) -> Matrix {
        Matrix(
            slice: slice[range.lowerBound * columnStride..<slice.count], rows: rows,
            columns: range.count, rowStride: rowStride, columnStride: columnStride)
    }

    /// The rows of `range` of a row-major matrix.
    func rows(_ range: Range<Int>) -> Matrix {
        precondition(columnStride == 1, "rows are parts of a row-major matrix")
        return Matrix(
            slice[range.lowerBound * rowStride..<slice.count], range.count, columns,
            rowStride: rowStride)
    }
}

/// Operation on a product on its way to memory.
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
    /// The result is max(product + bias, 0).
    case biasReLU(FloatSlice)
    /// The product where another matrix is positive, else 0: the gradient of ReLU by its result.
    case wherePositive(Matrix)
    /// Times another matrix, element by element.
    case multiply(Matrix)

    /// Plus a bias where there is one.
    static func adding(_ bias: FloatSlice?) -> Epilogue { bias.map { .bias($0) } ?? .store }

    /// Plus the residual stream, and a bias where there is one.
    static func adding(_ bias: FloatSlice?, to residual: Matrix) -> Epilogue {
        bias.map { .biasResidual($0, residual) } ?? .residual(residual)
    }

    /// The epilogue for the columns of `range` of the product.
    func columns(_ range: Range<Int>) -> Epilogue {
        func part(_ bias: FloatSlice) -> FloatSlice { bias[range] }
        func part(_ matrix: Matrix) -> Matrix { matrix.columns(range) }
        return switch self {
        case .store, .add: self
        case .bias(let bias): .bias(part(bias))
        case .biasResidual(let bias, let other): .biasResidual(part(bias), part(other))
        case .residual(let other): .residual(part(other))
        case .biasGELU(let bias, let derivative):
            .biasGELU(part(bias), derivative: part(derivative))
        case .biasReLU(let bias): .biasReLU(part(bias))
        case .wherePositive(let other): .wherePositive(part(other))
        case .multiply(let other): .multiply(part(other))
        }
    }
}
