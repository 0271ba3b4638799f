/// Attention with several heads over keys that may be those of another sequence: each query takes a
/// weighted mean of the values that it sees. Vaswani and others,
/// <https://arxiv.org/abs/1706.03762>.
///
/// q is (t, C), k and v are (u, C), each of which is its heads of d columns one after another.
struct PlainPairAttention<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    let heads: Int
    /// Whether a query sees no key behind its own place.
    let isCausal: Bool

    /// The weights of the head whose first column is `first`, and what comes before them.
    func trace(_ q: Matrix, _ k: Matrix, first: Int) -> PlainHead<Scalar> {
        let columns = first..<first + q.columns / heads
        return PlainHead(q[columns: columns], k[columns: columns]) { i, j in
            !isCausal || j <= i
        }
    }

    /// out[i] = Σⱼ P[i, j]·v[j], head by head.
    func forward(_ q: Matrix, _ k: Matrix, _ v: Matrix) -> Matrix {
        let d = q.columns / heads
        var out = Matrix(q.rows, q.columns)
        for first in stride(from: 0, to: q.columns, by: d) {
            let p = trace(q, k, first: first).weights
            for i in 0..<q.rows {
                for j in 0..<k.rows {
                    for c in first..<first + d { out[i, c] += p[i, j] * v[j, c] }
                }
            }
        }
        return out
    }

    /// dP[i, j] = dout[i]·v[j]; through the softmax,
    /// dS[i, j] = P[i, j]·(dP[i, j] - Σₗ P[i, l]·dP[i, l]); then dq[i] += dS[i, j]·k[j] / √d,
    /// dk[j] += dS[i, j]·q[i] / √d, dv[j] += P[i, j]·dout[i].
    func backward(
        _ dOut: Matrix, _ q: Matrix, _ k: Matrix, _ v: Matrix
    ) -> (q: Matrix, k: Matrix, v: Matrix) {
        let d = q.columns / heads
        var (dQ, dK) = (Matrix(q.rows, q.columns), Matrix(k.rows, k.columns))
        var dV = dK
        for first in stride(from: 0, to: q.columns, by: d) {
            let p = trace(q, k, first: first).weights
            for i in 0..<q.rows {
                var dP = [Scalar](repeating: 0, count: k.rows)
                var mean: Scalar = 0
                for j in 0..<k.rows {
                    for c in first..<first + d { dP[j] += dOut[i, c] * v[j, c] }
                    mean += p[i, j] * dP[j]
                }
                for j in 0..<k.rows {
                    let dS = p[i, j] * (dP[j] - mean) / Scalar(d).squareRoot()
                    for c in first..<first + d {
                        dQ[i, c] += dS * k[j, c]
                        dK[j, c] += dS * q[i, c]
                        dV[j, c] += p[i, j] * dOut[i, c]
                    }
                }
            }
        }
        return (dQ, dK, dV)
    }
}
