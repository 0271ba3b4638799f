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
