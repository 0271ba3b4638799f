/// One head's way from queries and keys to the weights of a mean, each (t, u): row i looks at
/// column j. Vaswani and others, <https://arxiv.org/abs/1706.03762>, section 3.2.1.
struct PlainHead<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    private(set) var scores: Matrix  // S = Q·Kᵀ
    private(set) var scaled: Matrix  // S / √d
    private(set) var masked: Matrix  // and -∞ where i may not see j
    private(set) var weights: Matrix  // P, softmax of each row

    /// P[i, j] = softmax over the j that i sees of q[i]·k[j] / √d, where q is (t, d) and k is
    /// (u, d). The weights of a query that sees nothing are 0.
    init(_ q: Matrix, _ k: Matrix, isSeen: (_ i: Int, _ j: Int) -> Bool) {
        let zeros = Matrix(q.rows, k.rows)
        (scores, scaled, masked, weights) = (zeros, zeros, zeros, zeros)
        let scale = 1 / Scalar(q.columns).squareRoot()
        for i in 0..<q.rows {
            var greatest = -Scalar.infinity
            for j in 0..<k.rows {
                for c in 0..<q.columns { scores[i, j] += q[i, c] * k[j, c] }
                scaled[i, j] = scores[i, j] * scale
                masked[i, j] = isSeen(i, j) ? scaled[i, j] : -.infinity
                greatest = max(greatest, masked[i, j])
            }
            guard greatest > -.infinity else { continue }
            // Subtracting the greatest changes no quotient, and keeps e^x from overflowing.
            var sum: Scalar = 0
            for j in 0..<k.rows {
                weights[i, j] = .exponential(masked[i, j] - greatest)
                sum += weights[i, j]
            }
            for j in 0..<k.rows { weights[i, j] /= sum }
        }
    }
}
