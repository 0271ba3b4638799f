import Bytes
import Testing

@Suite struct BFloat16Tests {
    /// The nearest float whose lower half is zero, and of two the one whose last bit is: by
    /// comparing distances.
    private static func nearest(to float: Float) -> Float {
        guard float.isFinite else { return float }
        let below = Float(bitPattern: float.bitPattern & 0xFFFF_0000)
        let above = Float(bitPattern: (float.bitPattern & 0xFFFF_0000) &+ 0x1_0000)
        // Behind the largest number stands the next power of two, which is infinite as a float.
        let end = above.isFinite ? Double(above) : float.sign == .minus ? -0x1p128 : 0x1p128
        let (down, up) = (abs(Double(float) - Double(below)), abs(end - Double(float)))
        if down != up { return down < up ? below : above }
        return below.bitPattern >> 16 & 1 == 0 ? below : above
    }

    @Test func `every upper half, with lower halves around the middle, is rounded to the nearest`()
    {
        var faults: [UInt32] = []
        for upper in 0...UInt32(UInt16.max) {
            for lower: UInt32 in [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF] {
                let float = Float(bitPattern: upper << 16 | lower)
                let rounded = HalfPrecision.float(bfloat16: HalfPrecision.bfloat16(float))
                let isRight =
                    float.isNaN
                    ? rounded.isNaN && rounded.sign == float.sign
                    : rounded.bitPattern == Self.nearest(to: float).bitPattern
                if !isRight { faults.append(float.bitPattern) }
            }
        }
        #expect(faults.isEmpty)
    }
}
