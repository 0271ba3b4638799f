/// SwiGLU: half of the numbers, through silu, decide how much of the other half passes. Shazeer,
/// <https://arxiv.org/abs/2002.05202>.
///
/// A row of x is [gate | up], n numbers each.
enum PlainSwiGLU<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    private static func logistic(_ x: Scalar) -> Scalar { 1 / (1 + .exponential(-x)) }

    /// y[t, i] = silu(gate)·up with silu(x) = x / (1 + e^-x)
    static func forward(_ x: Matrix) -> Matrix {
        let n = x.columns / 2
        var y = Matrix(x.rows, n)
        for t in 0..<x.rows {
            for i in 0..<n { y[t, i] = x[t, i] * logistic(x[t, i]) * x[t, n + i] }
        }
        return y
    }

    /// With s the logistic function of the gate: silu' = s + gate·s·(1 - s);
    /// dgate = dy·up·silu', dup = dy·silu.
    static func backward(_ dy: Matrix, _ x: Matrix) -> Matrix {
        let n = dy.columns
        var dx = Matrix(x.rows, x.columns)
        for t in 0..<x.rows {
            for i in 0..<n {
                let (gate, s) = (x[t, i], logistic(x[t, i]))
                dx[t, i] = dy[t, i] * x[t, n + i] * (s + gate * s * (1 - s))
                dx[t, n + i] = dy[t, i] * gate * s
            }
        }
        return dx
    }
}
