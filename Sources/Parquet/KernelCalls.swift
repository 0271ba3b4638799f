import CKernels

/// Decodes a block of Snappy, which has to fill all of `output` in `range`. O(count).
func decodeSnappy(
    _ input: Span<UInt8>, into output: inout [UInt8], range: Range<Int>
) throws(ParquetFault) {
    precondition(range.upperBound <= output.count, "the range lies in the output")
    let outcome = unsafe input.withUnsafeBufferPointer { input in
        unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe qk_snappy_decode(
                input.baseAddress, UInt64(input.count),
                output.baseAddress.map { unsafe $0 + range.lowerBound }, UInt64(range.count))
        }
    }
    try check(outcome, .snappy)
}

/// Decodes a block of LZ4, which has to fill all of `output` in `range`. O(count).
func decodeLZ4(
    _ input: Span<UInt8>, into output: inout [UInt8], range: Range<Int>
) throws(ParquetFault) {
    precondition(range.upperBound <= output.count, "the range lies in the output")
    let outcome = unsafe input.withUnsafeBufferPointer { input in
        unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe qk_lz4_decode(
                input.baseAddress, UInt64(input.count),
                output.baseAddress.map { unsafe $0 + range.lowerBound }, UInt64(range.count))
        }
    }
    try check(outcome, .lz4)
}

private func check(_ outcome: qk_block_outcome, _ codec: PageCodec) throws(ParquetFault) {
    let reason: String
    switch outcome {
    case QK_BLOCK_WHOLE: return
    case QK_BLOCK_CUT: reason = "it ends too early"
    case QK_BLOCK_BAD_OFFSET: reason = "it copies from before its beginning"
    default: throw PageDecompressor.badSize
    }
    throw ParquetFault("the \(codec.name) data of the page that begins here is bad: \(reason)")
}
