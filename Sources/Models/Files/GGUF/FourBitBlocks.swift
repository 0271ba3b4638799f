import Bytes

/// ggml's Q4_0: blocks of 32 numbers, each block a factor in half precision and 32 integers from -8
/// to 7, with 8 added, of which two share a byte: number i and number i + 16.
///
/// The number of a block that is the farthest from zero is -8 factors, whatever its sign. The bytes
/// are those of ggml's reference: `quantize_row_q4_0_ref` in `ggml-quants.c`.
enum FourBitBlocks {
    /// Numbers of a block.
    static let blockCount = 32
    /// Bytes of a block.
    static let blockByteCount = 2 + blockCount / 2

    /// Bits of the least magnitude whose factor would be infinite in half precision: 8 · 65,520.
    private static let overflow: UInt32 = 0x48FF_F000

    /// Throws if a factor would be infinite. O(count).
    static func checkRange(of floats: FloatSlice, name: String) throws(ModelError) {
        guard let value = floats.first(fromMagnitude: overflow) else { return }
        throw .outOfRange(name: name, value: value, type: "Q4_0")
    }

    /// The blocks of `floats`, whose count is a multiple of ``blockCount``. O(count).
    static func bytes(of floats: FloatSlice, name: String) throws(ModelError) -> [UInt8] {
        precondition(floats.count % blockCount == 0, "Q4_0 has whole blocks only")
        try checkRange(of: floats, name: name)
        let span = unsafe Span(_unsafeStart: floats.base, count: floats.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(span.count / blockCount * blockByteCount)
        for start in stride(from: 0, to: span.count, by: blockCount) {
            var farthest: Float = 0
            for index in start..<start + blockCount where abs(span[index]) > abs(farthest) {
                farthest = span[index]
            }
            let factor = farthest / -8
            let stored = HalfPrecision.binary16(factor)
            bytes.append(UInt8(truncatingIfNeeded: stored))
            bytes.append(UInt8(truncatingIfNeeded: stored >> 8))
            let inverse = factor != 0 ? 1 / factor : 0
            func integer(_ index: Int) -> UInt8 {
                let scaled = span[index] * inverse
                // The inverse of the smallest factors is infinite; they are stored as zero anyway.
                return scaled.isFinite ? UInt8(min(15, scaled + 8.5)) : 8
            }
            for index in start..<start + blockCount / 2 {
                bytes.append(integer(index) | integer(index + blockCount / 2) << 4)
            }
        }
        return bytes
    }
}
