#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

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

    static func + (a: PlainMatrix, b: PlainMatrix) -> PlainMatrix {
        var sum = a
        sum += b
        return sum
    }
}

/// A number that ``PlainGPT`` computes with: Float, or Double where digits matter.
public protocol PlainScalar: BinaryFloatingPoint, Sendable {
    /// e^x.
    static func exponential(_ x: Self) -> Self
    /// The natural logarithm.
    static func logarithm(_ x: Self) -> Self
    /// The hyperbolic tangent.
    static func hyperbolicTangent(_ x: Self) -> Self
    /// 1 less the error function.
    static func complementaryError(_ x: Self) -> Self
}

extension Float: PlainScalar {
    /// e^x.
    public static func exponential(_ x: Float) -> Float { expf(x) }
    /// The natural logarithm.
    public static func logarithm(_ x: Float) -> Float { logf(x) }
    /// The hyperbolic tangent.
    public static func hyperbolicTangent(_ x: Float) -> Float { tanhf(x) }
    /// 1 less the error function.
    public static func complementaryError(_ x: Float) -> Float { erfcf(x) }
}

extension Double: PlainScalar {
    /// e^x.
    public static func exponential(_ x: Double) -> Double { exp(x) }
    /// The natural logarithm.
    public static func logarithm(_ x: Double) -> Double { log(x) }
    /// The hyperbolic tangent.
    public static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
    /// 1 less the error function.
    public static func complementaryError(_ x: Double) -> Double { erfc(x) }
}

/// y = x·W + b, or without b: every output is a weighted sum of the inputs.
///
/// x is (t, n), W is (n, m), b is (m), y is (t, m).
enum PlainLinear<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    /// y[t, j] = b[j] + Σᵢ x[t, i]·W[i, j]
    static func forward(_ x: Matrix, _ weight: Matrix, _ bias: [Scalar]?) -> Matrix {
        var y = Matrix(x.rows, weight.columns)
        for t in 0..<x.rows {
            for j in 0..<weight.columns {
                var sum = bias?[j] ?? 0
                for i in 0..<x.columns { sum += x[t, i] * weight[i, j] }
                y[t, j] = sum
            }
        }
        return y
    }

    /// From dy, the gradient of the loss by y:
    /// dx[t, i] = Σⱼ dy[t, j]·W[i, j],  dW[i, j] += Σₜ x[t, i]·dy[t, j],  db[j] += Σₜ dy[t, j]
    static func backward(
        _ dy: Matrix, _ x: Matrix, _ weight: Matrix, _ dWeight: inout Matrix,
        _ dBias: inout [Scalar]
    ) -> Matrix {
        var dx = Matrix(x.rows, x.columns)
        for t in 0..<x.rows {
            for j in 0..<weight.columns {
                for i in 0..<x.columns {
                    dx[t, i] += dy[t, j] * weight[i, j]
                    dWeight[i, j] += x[t, i] * dy[t, j]
                }
                dBias[j] += dy[t, j]
            }
        }
        return dx
    }
}
