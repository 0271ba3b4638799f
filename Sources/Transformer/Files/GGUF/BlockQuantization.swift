import Bytes

/// ggml's Q8_0: blocks of 32 numbers, each block a factor in half precision and 32 signed bytes.
///
/// The bytes are those of ggml's reference: `quantize_row_q8_0_ref` in `ggml-quants.c`.
enum BlockQuantization {
    /// Numbers of a block.
    static let blockCount = 32
    /// Bytes of a block.
    static let blockByteCount = 2 + blockCount

    /// The blocks of `floats`, whose count is a multiple of ``blockCount``. O(count).
    static func bytes(of floats: FloatSlice, name: String) throws(TransformerError) -> [UInt8] {
        precondition(floats.count % blockCount == 0, "Q8_0 has whole blocks only")
        let span = unsafe Span(_unsafeStart: floats.base, count: floats.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(span.count / blockCount * blockByteCount)
        for start in stride(from: 0, to: span.count, by: blockCount) {
            let block = start..<start + blockCount
            var largest: Float = 0
            for index in block {
                // Not `max`, which may pass over a NaN.
                guard span[index].isFinite else {
                    throw .outOfRange(name: name, value: span[index], type: "Q8_0")
                }
                largest = max(largest, abs(span[index]))
            }
            let factor = largest / 127
            let stored = HalfPrecision.binary16(factor)
            guard stored < 0x7C00 else {
                throw .outOfRange(name: name, value: largest, type: "Q8_0")
            }
            bytes.append(UInt8(truncatingIfNeeded: stored))
            bytes.append(UInt8(truncatingIfNeeded: stored >> 8))
            let inverse = factor > 0 ? 1 / factor : 0
            for index in block {
                let scaled = (span[index] * inverse).rounded(.toNearestOrAwayFromZero)
                // The inverse of the smallest factors is infinite; they are stored as zero anyway.
                let value = scaled.isFinite ? Int8(scaled) : 0
                bytes.append(UInt8(bitPattern: value))
            }
        }
        return bytes
    }
}
