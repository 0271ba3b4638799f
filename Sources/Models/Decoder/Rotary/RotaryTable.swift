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
struct RotaryTable {
    /// The table of the layers that see all positions, and of all where there is no other.
    let full: FloatBuffer
    /// That of the layers in which a window slides, where they have a base of their own.
    let local: FloatBuffer?
    private let isLocal: [Bool]

    /// The tables of a model. O(positions · floats that are turned).
    init(_ c: GPTConfiguration) {
        full = Self.make(c, base: c.rotaryBase, scaling: c.variations.rotaryScaling)
        local = c.localRotaryBase.map { Self.make(c, base: $0, scaling: nil) }
        isLocal = (0..<c.layerCount).map(c.isLocal)
    }

    /// The table of a layer.
    subscript(layer: Int) -> FloatBuffer { isLocal[layer] ? local ?? full : full }

    /// A row a position: the cosines of the d/2 angles, then their sines, both times the factors of
    /// lengths.
    ///
    /// Angles are float32, as in Hugging Face's classes, so that far positions are turned alike.
    private static func make(
        _ c: GPTConfiguration, base: Double, scaling: RotaryScaling?
    ) -> FloatBuffer {
        let d = c.rotaryWidth
        let table = FloatBuffer(count: c.positionCount * d)
        let plain = frequencies(base: base, headSize: d)
        let frequencies = scaling?.frequencies(of: plain, headSize: d, base: base) ?? plain
        let length = (scaling?.lengthFactor ?? 1) * Float(c.scoreLength)
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
