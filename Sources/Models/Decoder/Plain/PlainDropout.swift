import CKernels

/// Dropout: a number is replaced by zero or divided by the share that stays, as the word of a
/// counter says. ``Dropout`` tells the counters.
struct PlainDropout<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    let stream: Dropout.Stream
    let heads: Int

    /// Factor that number (row, column) at a place is multiplied by.
    func factor(_ place: Dropout.Place, row: Int, column: Int) -> Scalar {
        let mask = stream.mask(place, heads: heads)
        // Blocks of four words are dealt out so that vectors of any width make whole ones.
        let words = Self.philox(
            counter: [
                UInt32(column / 64 * 16 + column % 16), UInt32(row), mask.counter.0,
                mask.counter.1,
            ], key: (mask.key.0, mask.key.1))
        return words[column / 16 % 4] < mask.threshold ? 0 : Scalar(mask.scale)
    }

    /// x with numbers dropped, which is also how its gradient goes back.
    func drop(_ x: Matrix, _ place: Dropout.Place) -> Matrix {
        var y = x
        for t in 0..<x.rows {
            for i in 0..<x.columns { y[t, i] *= factor(place, row: t, column: i) }
        }
        return y
    }

    /// Philox4x32-10: ten rounds of products and exclusive ors, which leave no pattern of the
    /// counter. Salmon and others, <https://doi.org/10.1145/2063384.2063405>.
    static func philox(counter: [UInt32], key: (UInt32, UInt32)) -> [UInt32] {
        var (c, k) = (counter, key)
        for _ in 0..<10 {
            let a = c[0].multipliedFullWidth(by: 0xD251_1F53)
            let b = c[2].multipliedFullWidth(by: 0xCD9E_8D57)
            c = [b.high ^ c[1] ^ k.0, b.low, a.high ^ c[3] ^ k.1, a.low]
            k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85)
        }
        return c
    }
}
