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
