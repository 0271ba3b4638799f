/// Causal attention with several heads: each position takes a weighted mean of the values of the
/// positions up to itself. Vaswani and others, <https://arxiv.org/abs/1706.03762>.
///
/// A row of qkv is [q | k | v], each of which is its heads of d columns one after another; of k and
/// v there may be fewer, which heads of q then share. Ainslie and others,
/// <https://arxiv.org/abs/2305.13245>.
struct PlainAttention<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    /// Heads and where their columns are.
    let shape: AttentionShape
    /// The first position that each sees.
    let starts: [Int]
    /// Dropout factor that a weight (head, i, j) is multiplied by after the softmax: 1 without
    /// dropout.
    let factor: (_ head: Int, _ i: Int, _ j: Int) -> Scalar

    private var scale: Scalar { 1 / Scalar(shape.headSize).squareRoot() }

    /// The weights of one head, and what comes before them; i sees starts[i] ≤ j ≤ i.
    func trace(_ qkv: Matrix, head: Int) -> PlainHead<Scalar> {
        let (q, k, _) = shape.columns(ofHead: head)
        return PlainHead(
            qkv[columns: q..<q + shape.headSize], qkv[columns: k..<k + shape.headSize]
        ) { i, j in starts[i] <= j && j <= i }
    }

    /// out[i] = Σⱼ factor[i, j]·P[i, j]·v[j], head by head.
    func forward(_ qkv: Matrix) -> Matrix {
        var out = Matrix(qkv.rows, shape.queryWidth)
        for head in 0..<shape.heads {
            let p = trace(qkv, head: head).weights
            let (q, _, v) = shape.columns(ofHead: head)
            for i in 0..<qkv.rows {
                for j in starts[i]...i {
                    let weight = factor(head, i, j) * p[i, j]
                    for c in 0..<shape.headSize { out[i, q + c] += weight * qkv[j, v + c] }
                }
            }
        }
        return out
    }

    /// dP[i, j] = factor[i, j]·dout[i]·v[j]; through the softmax,
    /// dS[i, j] = P[i, j]·(dP[i, j] - Σₗ P[i, l]·dP[i, l]); then dq[i] += dS[i, j]·k[j] / √d,
    /// dk[j] += dS[i, j]·q[i] / √d, dv[j] += factor[i, j]·P[i, j]·dout[i].
    func backward(_ dOut: Matrix, _ qkv: Matrix) -> Matrix {
        var dQKV = Matrix(qkv.rows, qkv.columns)
        for head in 0..<shape.heads {
            let p = trace(qkv, head: head).weights
            let (q, k, v) = shape.columns(ofHead: head)
            for i in 0..<qkv.rows {
                var dP = [Scalar](repeating: 0, count: i + 1)
                var mean: Scalar = 0
                for j in starts[i]...i {
                    for c in 0..<shape.headSize { dP[j] += dOut[i, q + c] * qkv[j, v + c] }
                    dP[j] *= factor(head, i, j)
                    mean += p[i, j] * dP[j]
                }
                for j in starts[i]...i {
                    let dS = p[i, j] * (dP[j] - mean) * scale
                    let weight = factor(head, i, j) * p[i, j]
                    for c in 0..<shape.headSize {
                        dQKV[i, q + c] += dS * qkv[j, k + c]
                        dQKV[j, k + c] += dS * qkv[i, q + c]
                        dQKV[j, v + c] += weight * dOut[i, q + c]
                    }
                }
            }
        }
        return dQKV
    }
}

/// Rotary positions: numbers i and i + d/2 of a head are the coordinates of a point, which its
/// position turns. The product of a query and a key then depends on how far apart they are. Su and
/// others, <https://arxiv.org/abs/2104.09864>.
enum PlainRotation<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    /// Turns the first d floats of each of the first `heads` heads of a row at position
    /// `places[t]`: a' = a·cos - b·sin, b' = b·cos + a·sin, the angle of pair i being place ·
    /// base^(-2i/d).
    static func forward(
        _ x: inout Matrix, heads: Int, size: Int, turned d: Int, places: [Int], table: [Scalar]
    ) {
        turn(
            &x, heads: heads, size: size, turned: d, places: places, table: table, direction: 1)
    }

    /// A turn keeps lengths and angles, so the gradient turns back.
    static func backward(
        _ dx: inout Matrix, heads: Int, size: Int, turned d: Int, places: [Int], table: [Scalar]
    ) {
        turn(
            &dx, heads: heads, size: size, turned: d, places: places, table: table, direction: -1)
    }

    private static func turn(
        _ x: inout Matrix, heads: Int, size: Int, turned d: Int, places: [Int],
        table: [Scalar], direction: Scalar
    ) {
        for t in 0..<x.rows {
            for head in 0..<heads {
                for i in 0..<d / 2 {
                    let cosine = table[places[t] * d + i]
                    let sine = table[places[t] * d + d / 2 + i] * direction
                    let (first, second) = (head * size + i, head * size + d / 2 + i)
                    let (a, b) = (x[t, first], x[t, second])
                    x[t, first] = a * cosine - b * sine
                    x[t, second] = b * cosine + a * sine
                }
            }
        }
    }
}
