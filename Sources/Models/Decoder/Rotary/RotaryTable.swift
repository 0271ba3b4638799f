#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Cosine and sine of the angles by which rotary positions turn.
///
/// Position p turns pair i of the d floats of a head that are turned by p · base^(-2i/d), unless a
/// ``RotaryScaling`` says otherwise. Su and others, <https://arxiv.org/abs/2104.09864>.
enum RotaryTable {
    /// A row a position: the cosines of the d/2 angles, then their sines, both times the factor of
    /// lengths.
    ///
    /// Angles are float32, as in Hugging Face's classes, so that far positions are turned alike.
    /// O(positions · floats that are turned).
    static func make(_ c: GPTConfiguration) -> FloatBuffer {
        let d = c.rotaryWidth
        let table = FloatBuffer(count: c.positionCount * d)
        let plain = frequencies(base: c.rotaryBase, headSize: d)
        let scaling = c.variations.rotaryScaling
        let frequencies =
            scaling?.frequencies(of: plain, headSize: d, base: c.rotaryBase) ?? plain
        let length = scaling?.lengthFactor ?? 1
        for position in 0..<c.positionCount {
            for (index, frequency) in frequencies.enumerated() {
                let angle = Double(Float(position) * frequency)
                table[position * d + index] = Float(cos(angle)) * length
                table[position * d + d / 2 + index] = Float(sin(angle)) * length
            }
        }
        return table
    }

    /// The frequencies of the pairs of a head of `d` floats, without scaling.
    static func frequencies(base: Double, headSize d: Int) -> [Float] {
        (0..<d / 2).map { 1 / powf(Float(base), Float(2 * $0) / Float(d)) }
    }
}
