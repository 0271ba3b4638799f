/// The numbers in which processes send floats that are to be summed.
public enum WireNumbers: String, Codable, CaseIterable, Sendable {
    /// As they are.
    case float32
    /// Rounded to the upper half of their bits, the nearest such number and of two the even one:
    /// half as many bytes, 8 bits of precision and the range of float32. Sums stay float32.
    case bfloat16

    /// Bytes of a number.
    public var byteCount: Int { self == .float32 ? 4 : 2 }
}

/// A float as bfloat16 has it.
struct BFloat16 {
    let bits: UInt16

    /// The nearest to `float`. What is no number stays none.
    @inline(__always)
    init(_ float: Float) {
        let bits = float.bitPattern
        let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
        // The rounding of a NaN could carry into its sign, or leave an infinity.
        self.bits = UInt16(truncatingIfNeeded: float.isNaN ? bits >> 16 | 0x40 : rounded)
    }

    /// The float that it stands for.
    @inline(__always)
    static func float(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}
