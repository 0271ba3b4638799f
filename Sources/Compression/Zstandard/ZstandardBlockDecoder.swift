internal import CZstd

/// Decodes zstd data that lies in memory whole and whose decoded size is known, as that of a page
/// of a column file.
///
/// Faster than ``ZstandardDecoder``, and without a window of its own: what was decoded is where the
/// next bytes are copied from.
@safe package struct ZstandardBlockDecoder: ~Copyable, @unchecked Sendable {
    // Unchecked, because the context has this one owner and only mutating methods touch it.
    private let context: OpaquePointer

    /// A decoder, which may be used again and again.
    package init() throws(CompressionError) {
        guard let context = unsafe ZSTD_createDCtx() else {
            throw CompressionError(.zstandard, .libraryFailure(reason: "out of memory"))
        }
        unsafe self.context = unsafe context
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
    }

    /// Decodes all frames of `input` over the bytes of `output` in `range`, which have room for
    /// them, and returns the number of bytes. O(count).
    package mutating func decode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, range: Range<Int>
    ) throws(CompressionError) -> Int {
        precondition(range.upperBound <= output.count, "the range lies in the output")
        let context = unsafe context
        let code = unsafe input.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                unsafe ZSTD_decompressDCtx(
                    context, target.baseAddress.map { unsafe $0 + range.lowerBound },
                    range.count, source.baseAddress, source.count)
            }
        }
        guard ZSTD_isError(code) == 0 else {
            throw CompressionError(
                .zstandard, .corrupt(offset: 0, reason: libraryMessage(for: code)))
        }
        return code
    }
}
