#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Vectors of positions that are not learned: sines and cosines of the position over wavelengths
/// from 2π to 2π · 10,000. Vaswani and others, <https://arxiv.org/abs/1706.03762>, section 3.5.
enum SinusoidalTable {
    /// How the numbers of a vector are ordered.
    enum Order {
        /// Sines in the first half, cosines in the second, as Marian has them.
        case halves
        /// A sine and its cosine beside each other, as the paper has them.
        case pairs
    }

    /// The table (positions, width), row-major. O(positions · width).
    ///
    /// Angle i of a position p is p / 10,000^(2i / width), in double precision before it is
    /// rounded.
    static func make(positions: Int, width: Int, order: Order) -> FloatBuffer {
        let table = FloatBuffer(count: positions * width)
        let sineCount = (width + 1) / 2
        for column in 0..<width {
            let (pair, isSine) =
                switch order {
                case .halves:
                    column < sineCount ? (column, true) : (column - sineCount, false)
                case .pairs: (column / 2, column % 2 == 0)
                }
            let divisor = pow(10_000, 2 * Double(pair) / Double(width))
            for position in 0..<positions {
                let angle = Double(position) / divisor
                table[position * width + column] = Float(isSine ? sin(angle) : cos(angle))
            }
        }
        return table
    }
}
