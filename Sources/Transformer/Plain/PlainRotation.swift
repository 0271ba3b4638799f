/// Rotary positions: numbers i and i + d/2 of a head are the coordinates of a point, which its
/// position turns. The product of a query and a key then depends on how far apart they are. Su and
/// others, <https://arxiv.org/abs/2104.09864>.
enum PlainRotation<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    /// Turns each of the first `heads` heads of a row at position `places[t]`:
    /// a' = a·cos - b·sin, b' = b·cos + a·sin, the angle of pair i being place · base^(-2i/d).
    static func forward(
        _ x: inout Matrix, heads: Int, size d: Int, places: [Int], table: [Scalar]
    ) {
        turn(&x, heads: heads, size: d, places: places, table: table, direction: 1)
    }

    /// A turn keeps lengths and angles, so the gradient turns back.
    static func backward(
        _ dx: inout Matrix, heads: Int, size d: Int, places: [Int], table: [Scalar]
    ) {
        turn(&dx, heads: heads, size: d, places: places, table: table, direction: -1)
    }

    private static func turn(
        _ x: inout Matrix, heads: Int, size d: Int, places: [Int], table: [Scalar],
        direction: Scalar
    ) {
        for t in 0..<x.rows {
            for head in 0..<heads {
                for i in 0..<d / 2 {
                    let cosine = table[places[t] * d + i]
                    let sine = table[places[t] * d + d / 2 + i] * direction
                    let (a, b) = (x[t, head * d + i], x[t, head * d + d / 2 + i])
                    x[t, head * d + i] = a * cosine - b * sine
                    x[t, head * d + d / 2 + i] = b * cosine + a * sine
                }
            }
        }
    }
}
