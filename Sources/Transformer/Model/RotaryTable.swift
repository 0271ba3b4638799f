#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Cosine and sine of the angles by which rotary positions turn.
///
/// Position p turns pair i of a head of d floats by p · base^(-2i/d). Su and others,
/// <https://arxiv.org/abs/2104.09864>.
enum RotaryTable {
    /// A row a position: the cosines of the d/2 angles, then their sines.
    ///
    /// Angles are float32, as in Hugging Face's classes, so that far positions are turned alike.
    static func make(positions: Int, headSize d: Int, base: Double) -> FloatBuffer {
        let table = FloatBuffer(count: positions * d)
        let frequencies = (0..<d / 2).map { 1 / powf(Float(base), Float(2 * $0) / Float(d)) }
        for position in 0..<positions {
            for (index, frequency) in frequencies.enumerated() {
                let angle = Double(Float(position) * frequency)
                table[position * d + index] = Float(cos(angle))
                table[position * d + d / 2 + index] = Float(sin(angle))
            }
        }
        return table
    }
}
