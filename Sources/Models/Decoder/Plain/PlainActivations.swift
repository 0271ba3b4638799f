/// The function inside of a feed-forward part, by its formula.
enum PlainActivation<Scalar: PlainScalar> {
    static func forward(_ x: Scalar, _ activation: Activation) -> Scalar {
        switch activation {
        case .geluTanh: PlainGELU.forward(x)
        case .gelu: x * normalShare(x)
        case .relu: max(x, 0)
        case .silu: x * logistic(x)
        }
    }

    /// gelu'(x) = Φ(x) + x·φ(x) with Φ' = φ, the density of the normal distribution; relu'(x) is 1
    /// for a positive x and else 0; with s the logistic function silu' = s + x·s·(1 - s).
    static func derivative(_ x: Scalar, _ activation: Activation) -> Scalar {
        switch activation {
        case .geluTanh: return PlainGELU.derivative(x)
        case .gelu:
            let density = Scalar.exponential(-x * x / 2) / (2 * Scalar.pi).squareRoot()
            return normalShare(x) + x * density
        case .relu: return x > 0 ? 1 : 0
        case .silu:
            let s = logistic(x)
            return s + x * s * (1 - s)
        }
    }

    static func logistic(_ x: Scalar) -> Scalar { 1 / (1 + .exponential(-x)) }

    /// Φ(x) = (1 + erf(x/√2))/2, the share of the normal distribution below x.
    private static func normalShare(_ x: Scalar) -> Scalar {
        .complementaryError(-x * Scalar(0.5).squareRoot()) / 2
    }
}

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

/// A gate: half of the numbers, through an activation, decide how much of the other half passes;
/// with silu it is SwiGLU. Shazeer, <https://arxiv.org/abs/2002.05202>.
///
/// A row of x is [gate | up], n numbers each.
enum PlainGate<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    /// y[t, i] = f(gate)·up
    static func forward(_ x: Matrix, _ activation: Activation) -> Matrix {
        let n = x.columns / 2
        var y = Matrix(x.rows, n)
        for t in 0..<x.rows {
            for i in 0..<n {
                y[t, i] = PlainActivation.forward(x[t, i], activation) * x[t, n + i]
            }
        }
        return y
    }

    /// dgate = dy·up·f'(gate), dup = dy·f(gate).
    static func backward(_ dy: Matrix, _ x: Matrix, _ activation: Activation) -> Matrix {
        let n = dy.columns
        var dx = Matrix(x.rows, x.columns)
        for t in 0..<x.rows {
            for i in 0..<n {
                let gate = x[t, i]
                dx[t, i] = dy[t, i] * x[t, n + i] * PlainActivation.derivative(gate, activation)
                dx[t, n + i] = dy[t, i] * PlainActivation.forward(gate, activation)
            }
        }
        return dx
    }
}
