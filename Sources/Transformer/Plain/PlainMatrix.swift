/// A matrix in an array, for ``PlainGPT``: `m[row, column]`.
struct PlainMatrix<Scalar: PlainScalar> {
    let rows: Int
    let columns: Int
    var elements: [Scalar]

    /// Zeros.
    init(_ rows: Int, _ columns: Int) {
        self.init(rows, columns, [Scalar](repeating: 0, count: rows * columns))
    }

    /// Row-major elements.
    init(_ rows: Int, _ columns: Int, _ elements: some Sequence<Scalar>) {
        self.rows = rows
        self.columns = columns
        self.elements = Array(elements)
        precondition(self.elements.count == rows * columns, "a matrix of another shape")
    }

    subscript(row: Int, column: Int) -> Scalar {
        get { elements[row * columns + column] }
        set { elements[row * columns + column] = newValue }
    }

    /// Whole columns, as a matrix of their own.
    subscript(columns range: Range<Int>) -> PlainMatrix {
        get {
            PlainMatrix(
                rows, range.count,
                (0..<rows).flatMap { row in range.map { self[row, $0] } })
        }
        set {
            for row in 0..<rows {
                for column in range { self[row, column] = newValue[row, column - range.lowerBound] }
            }
        }
    }

    var transposed: PlainMatrix {
        PlainMatrix(
            columns, rows, (0..<columns).flatMap { column in (0..<rows).map { self[$0, column] } })
    }

    static func += (a: inout PlainMatrix, b: PlainMatrix) {
        for index in a.elements.indices { a.elements[index] += b.elements[index] }
    }
}
