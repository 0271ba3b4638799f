/// LayerNorm: each row is shifted to mean 0 and scaled to variance 1, then scaled and shifted by
/// learned numbers. Ba, Kiros and Hinton, <https://arxiv.org/abs/1607.06450>.
///
/// x is (t, n); weight and bias are (n).
enum PlainLayerNorm<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    /// x̂[t, i] = (x[t, i] - mean[t]) / √(variance[t] + ε), and the 1/√ factors.
    static func normalise(_ x: Matrix, _ epsilon: Scalar) -> (normed: Matrix, scales: [Scalar]) {
        var normed = x
        var scales: [Scalar] = []
        for t in 0..<x.rows {
            var mean: Scalar = 0
            for i in 0..<x.columns { mean += x[t, i] / Scalar(x.columns) }
            var variance: Scalar = 0
            for i in 0..<x.columns {
                variance += (x[t, i] - mean) * (x[t, i] - mean) / Scalar(x.columns)
            }
            let scale = 1 / (variance + epsilon).squareRoot()
            for i in 0..<x.columns { normed[t, i] = (x[t, i] - mean) * scale }
            scales.append(scale)
        }
        return (normed, scales)
    }

    /// y[t, i] = x̂[t, i]·weight[i] + bias[i]
    static func forward(
        _ x: Matrix, _ weight: [Scalar], _ bias: [Scalar], _ epsilon: Scalar
    ) -> Matrix {
        var y = normalise(x, epsilon).normed
        for t in 0..<x.rows {
            for i in 0..<x.columns { y[t, i] = y[t, i] * weight[i] + bias[i] }
        }
        return y
    }

    /// With g[t, i] = dy[t, i]·weight[i], the gradient by x̂, and ⟨·⟩ the mean over a row:
    /// dx[t, i] = scale[t]·(g[t, i] - ⟨g⟩ - x̂[t, i]·⟨g·x̂⟩), since mean and variance move with x.
    static func backward(
        _ dy: Matrix, _ x: Matrix, _ weight: [Scalar], _ epsilon: Scalar,
        _ dWeight: inout [Scalar], _ dBias: inout [Scalar]
    ) -> Matrix {
        let (normed, scales) = normalise(x, epsilon)
        var dx = Matrix(x.rows, x.columns)
        for t in 0..<x.rows {
            var mean: Scalar = 0
            var product: Scalar = 0
            for i in 0..<x.columns {
                let g = dy[t, i] * weight[i]
                mean += g / Scalar(x.columns)
                product += g * normed[t, i] / Scalar(x.columns)
                dWeight[i] += dy[t, i] * normed[t, i]
                dBias[i] += dy[t, i]
            }
            for i in 0..<x.columns {
                dx[t, i] = scales[t] * (dy[t, i] * weight[i] - mean - normed[t, i] * product)
            }
        }
        return dx
    }
}

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
