/// Numbers of 16 bits, converted with integer arithmetic: `Float16` does not exist on every
/// platform, and without processor support it is a call for each number.
package enum HalfPrecision {
    /// The value of a binary16. Exact.
    package static func float(binary16 bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let magnitude = UInt32(bits & 0x7FFF) << 13
        guard magnitude < 0x7C00 << 13 else {
            return Float(bitPattern: sign | 0x7F80_0000 | magnitude)
        }
        // The exponent's bias is 15 there and 127 here; the product also makes small numbers
        // normal.
        let value = Float(bitPattern: magnitude) * 0x1p112
        return Float(bitPattern: sign | value.bitPattern)
    }

    /// The binary16 nearest to `value`, ties to even; infinity from 65,520 on.
    package static func binary16(_ value: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
        let magnitude = value.bitPattern & 0x7FFF_FFFF
        if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
        if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
        if magnitude < 0x3880_0000 {
            // Added to a half, the last bit is worth 2^-24, as that of a small binary16 is.
            let sum = Float(bitPattern: magnitude) + 0.5
            return sign | UInt16(truncatingIfNeeded: sum.bitPattern &- 0x3F00_0000)
        }
        let rounded = magnitude &+ 0xFFF &+ (magnitude >> 13 & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded &- 0x3800_0000) >> 13)
    }

    /// The value of a bfloat16. Exact.
    package static func float(bfloat16 bits: UInt16) -> Float {
        Float(bitPattern: UInt32(bits) << 16)
    }

    /// The bfloat16 nearest to `value`, ties to even.
    package static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        // Rounding could turn a NaN into an infinity, so it becomes a quiet one instead.
        guard !value.isNaN else { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }
}
