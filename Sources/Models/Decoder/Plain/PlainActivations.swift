/// GELU by the tanh formula: close to x for large x, close to 0 for very negative x, smooth
/// between. Hendrycks and Gimpel, <https://arxiv.org/abs/1606.08415>.
enum PlainGELU<Scalar: PlainScalar> {
    private static var root: Scalar { (2 / Scalar.pi).squareRoot() }
    private static var cubic: Scalar { Scalar(44715) / 1_000_000 }

    /// gelu(x) = x/2·(1 + tanh u) with u = √(2/π)·(x + 0.044715·x³)
    static func forward(_ x: Scalar) -> Scalar {
        x / 2 * (1 + .hyperbolicTangent(root * (x + cubic * x * x * x)))
    }

    /// gelu'(x) = (1 + tanh u)/2 + x/2·(1 - tanh² u)·u'
    static func derivative(_ x: Scalar) -> Scalar {
        let t = Scalar.hyperbolicTangent(root * (x + cubic * x * x * x))
        return (1 + t) / 2 + x / 2 * (1 - t * t) * root * (1 + 3 * cubic * x * x)
    }
}

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
