internal import CZstd

/// Makes zstd frames piece by piece.
///
/// The same bytes, level and version of libzstd give the same frame, however they are cut.
///
/// ```swift
/// var encoder = try ZstandardEncoder()
/// var compressed: [UInt8] = []
/// try encoder.append(text.span, to: &compressed)
/// try encoder.finish(into: &compressed)
/// ```
@safe public struct ZstandardEncoder: ~Copyable, StreamEncoder, @unchecked Sendable {
    // Unchecked, because the context has this one owner and only mutating methods touch it.
    private let context: OpaquePointer
    /// Buffer for libzstd's output, before it is appended.
    private var buffer: [UInt8]

    /// An encoder of compression `level`, which ends each frame with a checksum of its content
    /// unless `checksum` is false.
    public init(level: Int = 3, checksum: Bool = true) throws(CompressionError) {
        let lowest = Int(ZSTD_minCLevel())
        let highest = Int(ZSTD_maxCLevel())
        guard (lowest...highest).contains(level) else {
            throw CompressionError(
                .zstandard, .levelOutOfRange(level: level, lowest: lowest, highest: highest))
        }
        guard let context = unsafe ZSTD_createCCtx() else {
            throw CompressionError(.zstandard, .libraryFailure(reason: "out of memory"))
        }
        for (parameter, value) in [
            (ZSTD_c_compressionLevel, Int32(level)), (ZSTD_c_checksumFlag, checksum ? 1 : 0),
        ] {
            let code = unsafe ZSTD_CCtx_setParameter(context, parameter, value)
            precondition(ZSTD_isError(code) == 0, "a value within its bounds is accepted")
        }
        unsafe self.context = unsafe context
        buffer = Array(repeating: 0, count: ZSTD_CStreamOutSize())
    }

    deinit {
        unsafe ZSTD_freeCCtx(context)
    }

    /// Adds `input` to the frame and appends what of the frame is ready to `output`. O(count).
    public mutating func append(
        _ input: Span<UInt8>, to output: inout [UInt8]
    ) throws(CompressionError) {
        try compress(input, ZSTD_e_continue, to: &output)
    }

    /// Ends the frame, appending the rest of it to `output`. Another one may follow.
    ///
    /// Without any `append` the frame is whole and holds nothing.
    public mutating func finish(into output: inout [UInt8]) throws(CompressionError) {
        let nothing: [UInt8] = []
        try compress(nothing.span, ZSTD_e_end, to: &output)
    }

    /// Appends a frame of `content`, all of it, whose header states its size. O(count).
    ///
    /// No frame may be open: `finish` was called since the last `append`.
    public mutating func appendFrame(
        of content: Span<UInt8>, to output: inout [UInt8]
    ) throws(CompressionError) {
        let context = unsafe context
        let start = output.count
        let bound = ZSTD_compressBound(content.count)
        output.append(contentsOf: repeatElement(0, count: bound))
        var target = output.mutableSpan
        let code = unsafe content.withUnsafeBytes { source in
            unsafe target.withUnsafeMutableBytes { target in
                unsafe ZSTD_compress2(
                    context, target.baseAddress! + start, bound, source.baseAddress, source.count)
            }
        }
        let isError = ZSTD_isError(code) != 0
        output.removeLast(isError ? bound : bound - code)
        if isError {
            throw CompressionError(.zstandard, .libraryFailure(reason: libraryMessage(for: code)))
        }
    }

    private mutating func compress(
        _ input: Span<UInt8>, _ directive: ZSTD_EndDirective, to output: inout [UInt8]
    ) throws(CompressionError) {
        let context = unsafe context
        var position = 0
        while true {
            var target = buffer.mutableSpan
            let (code, produced) = unsafe input.withUnsafeBufferPointer { source in
                unsafe target.withUnsafeMutableBufferPointer { target in
                    var from = unsafe ZSTD_inBuffer(
                        src: source.baseAddress, size: source.count, pos: position)
                    var to = unsafe ZSTD_outBuffer(
                        dst: target.baseAddress, size: target.count, pos: 0)
                    let code = unsafe ZSTD_compressStream2(context, &to, &from, directive)
                    unsafe position = from.pos
                    return unsafe (code, to.pos)
                }
            }
            guard ZSTD_isError(code) == 0 else {
                throw CompressionError(
                    .zstandard, .libraryFailure(reason: libraryMessage(for: code)))
            }
            output += buffer[..<produced]
            // At the end of a frame the code counts the bytes that are still to come.
            let isDone = directive == ZSTD_e_end ? code == 0 : position == input.count
            if isDone { return }
        }
    }
}
