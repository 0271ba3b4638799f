/// Causal attention with several heads: each position takes a weighted mean of the values of the
/// positions up to itself. Vaswani and others, <https://arxiv.org/abs/1706.03762>.
///
/// A row of qkv (t, 3C) is [q | k | v]; of each, head h has the d columns from h·d.
enum PlainAttention<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    /// P[i, j] = softmax over j ≤ i of q[i]·k[j] / √d, for one head.
    static func weights(_ qkv: Matrix, head: Int, size d: Int) -> Matrix {
        let (q, k) = (head * d, qkv.columns / 3 + head * d)
        let scale = 1 / Scalar(d).squareRoot()
        var p = Matrix(qkv.rows, qkv.rows)
        for i in 0..<qkv.rows {
            var greatest = -Scalar.infinity
            for j in 0...i {
                for c in 0..<d { p[i, j] += qkv[i, q + c] * qkv[j, k + c] * scale }
                greatest = max(greatest, p[i, j])
            }
            // Subtracting the greatest changes no quotient, and keeps e^x from overflowing.
            var sum: Scalar = 0
            for j in 0...i {
                p[i, j] = .exponential(p[i, j] - greatest)
                sum += p[i, j]
            }
            for j in 0...i { p[i, j] /= sum }
        }
        return p
    }

    /// out[i] = Σ_{j ≤ i} P[i, j]·v[j], head by head.
    static func forward(_ qkv: Matrix, heads: Int) -> Matrix {
        let width = qkv.columns / 3
        let d = width / heads
        var out = Matrix(qkv.rows, width)
        for head in 0..<heads {
            let p = weights(qkv, head: head, size: d)
            for i in 0..<qkv.rows {
                for j in 0...i {
                    for c in 0..<d {
                        out[i, head * d + c] += p[i, j] * qkv[j, 2 * width + head * d + c]
                    }
                }
            }
        }
        return out
    }

    /// dP[i, j] = dout[i]·v[j]; through the softmax, dS[i, j] = P[i, j]·(dP[i, j] - Σₗ P[i, l]·dP[i, l]);
    /// then dq[i] += dS[i, j]·k[j] / √d, dk[j] += dS[i, j]·q[i] / √d, dv[j] += P[i, j]·dout[i].
    static func backward(_ dOut: Matrix, _ qkv: Matrix, heads: Int) -> Matrix {
        let width = qkv.columns / 3
        let d = width / heads
        let scale = 1 / Scalar(d).squareRoot()
        var dQKV = Matrix(qkv.rows, qkv.columns)
        for head in 0..<heads {
            let p = weights(qkv, head: head, size: d)
            let (q, k, v) = (head * d, width + head * d, 2 * width + head * d)
            for i in 0..<qkv.rows {
                var dP = [Scalar](repeating: 0, count: i + 1)
                var mean: Scalar = 0
                for j in 0...i {
                    for c in 0..<d { dP[j] += dOut[i, q + c] * qkv[j, v + c] }
                    mean += p[i, j] * dP[j]
                }
                for j in 0...i {
                    let dS = p[i, j] * (dP[j] - mean) * scale
                    for c in 0..<d {
                        dQKV[i, q + c] += dS * qkv[j, k + c]
                        dQKV[j, k + c] += dS * qkv[i, q + c]
                        dQKV[j, v + c] += p[i, j] * dOut[i, q + c]
                    }
                }
            }
        }
        return dQKV
    }
}
