/// RMSNorm: each row is scaled to a mean square of 1, then by learned numbers. Zhang and Sennrich,
/// <https://arxiv.org/abs/1910.07467>.
///
/// x is (t, n); weight is (n).
enum PlainRMSNorm<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    /// scale[t] = 1 / √(⟨x²⟩ + ε), with ⟨·⟩ the mean over a row.
    private static func scale(_ x: Matrix, row t: Int, _ epsilon: Scalar) -> Scalar {
        var square: Scalar = 0
        for i in 0..<x.columns { square += x[t, i] * x[t, i] / Scalar(x.columns) }
        return 1 / (square + epsilon).squareRoot()
    }

    /// y[t, i] = x[t, i]·scale[t]·weight[i]
    static func forward(_ x: Matrix, _ weight: [Scalar], _ epsilon: Scalar) -> Matrix {
        var y = x
        for t in 0..<x.rows {
            let scale = scale(x, row: t, epsilon)
            for i in 0..<x.columns { y[t, i] = x[t, i] * scale * weight[i] }
        }
        return y
    }

    /// With x̂ = x·scale and g[t, i] = dy[t, i]·weight[i], the gradient by x̂:
    /// dx[t, i] = scale[t]·(g[t, i] - x̂[t, i]·⟨g·x̂⟩), since the scale moves with x.
    static func backward(
        _ dy: Matrix, _ x: Matrix, _ weight: [Scalar], _ epsilon: Scalar,
        _ dWeight: inout [Scalar]
    ) -> Matrix {
        var dx = Matrix(x.rows, x.columns)
        for t in 0..<x.rows {
            let scale = scale(x, row: t, epsilon)
            var product: Scalar = 0
            for i in 0..<x.columns {
                let normed = x[t, i] * scale
                product += dy[t, i] * weight[i] * normed / Scalar(x.columns)
                dWeight[i] += dy[t, i] * normed
            }
            for i in 0..<x.columns {
                dx[t, i] = scale * (dy[t, i] * weight[i] - x[t, i] * scale * product)
            }
        }
        return dx
    }
}
