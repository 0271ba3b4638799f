internal import CZstd

/// Decodes zstd data piece by piece, in memory set by the window limit.
///
/// The data is any number of frames one after another, of which the skippable ones are passed over;
/// so what `cat`, `pzstd` or the seekable format put together is read like one file. Content
/// checksums are verified. The caller owns both buffers and thereby bounds each call: however much
/// a frame expands, ``decode(_:into:)`` fills the output it was given and returns.
///
/// ```swift
/// var decoder = try ZstandardDecoder()
/// var used = 0
/// while used < compressed.count || decoder.hasMoreOutput {
///     var room = buffer.mutableSpan
///     let step = try decoder.decode(compressed.span.extracting(used...), into: &room)
///     used += step.consumedCount
///     text += buffer[..<step.producedCount]
/// }
/// try decoder.finish()
/// ```
@safe public struct ZstandardDecoder: ~Copyable, @unchecked Sendable {
    // Unchecked, because the context has this one owner and only mutating methods touch it: it may
    // move to another thread, and two threads never have it at once.
    private let context: OpaquePointer
    private let maximumWindowLog: Int

    private var magic = FrameMagic()
    /// At least one byte of a frame was taken, and its end was not reached.
    private var isInsideFrame = false
    private var frameCount = 0
    /// Where in the data the present frame begins.
    private var frameOffset = 0
    private var consumedCount = 0
    private var failure: ZstandardError?

    /// What one call of ``decode(_:into:)`` did.
    public struct Step: Equatable, Sendable {
        /// Bytes of the input that were used.
        public var consumedCount: Int
        /// Bytes of the output that were written.
        public var producedCount: Int

        /// A step of these counts.
        public init(consumedCount: Int, producedCount: Int) {
            self.consumedCount = consumedCount
            self.producedCount = producedCount
        }
    }

    /// The last call filled its output, so that more of it may be waiting inside the decoder.
    public private(set) var hasMoreOutput = false

    /// A decoder that refuses frames with a window above 2^`maximumWindowLog` bytes.
    ///
    /// 27 (128 MiB) is what the `zstd` tool allows unasked. The decoder allocates the window of
    /// each frame and some 256 KiB, never more.
    public init(maximumWindowLog: Int = 27) throws(ZstandardError) {
        let bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax)
        let lowest = Int(bounds.lowerBound)
        let highest = Int(bounds.upperBound)
        guard (lowest...highest).contains(maximumWindowLog) else {
            throw .windowLogOutOfRange(
                windowLog: maximumWindowLog, lowest: lowest, highest: highest)
        }
        guard let context = unsafe ZSTD_createDCtx() else {
            throw .libraryFailure(reason: "out of memory")
        }
        let code = unsafe ZSTD_DCtx_setParameter(
            context, ZSTD_d_windowLogMax, Int32(maximumWindowLog))
        precondition(ZSTD_isError(code) == 0, "a window within its bounds is accepted")
        unsafe self.context = unsafe context
        self.maximumWindowLog = maximumWindowLog
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
    }

    /// Decodes from the start of `input` until it is used up or `output` is full. O(count).
    ///
    /// What is decoded goes to `output` from `start` on.
    ///
    /// Give what was not consumed again, with more behind it. After an error the decoder is spent:
    /// every further call throws the same.
    public mutating func decode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int = 0
    ) throws(ZstandardError) -> Step {
        precondition((0...output.count).contains(start), "output starts inside its span")
        if let failure { throw failure }
        var step = Step(consumedCount: 0, producedCount: 0)
        // libzstd takes repeated calls that give it nothing to do for an error.
        while start + step.producedCount < output.count,
            step.consumedCount < input.count || hasMoreOutput
        {
            try checkMagic(of: input.extracting(droppingFirst: step.consumedCount))
            try decodeWithinFrame(input, into: &output, from: start, &step)
        }
        return step
    }

    /// Checks that the data ended where a frame does.
    public mutating func finish() throws(ZstandardError) {
        if let failure { throw failure }
        if isInsideFrame { throw fail(.truncated) }
        if frameCount == 0 { throw fail(.empty) }
    }

    /// Looks at the first bytes of a frame before libzstd takes them.
    private mutating func checkMagic(of bytes: Span<UInt8>) throws(ZstandardError) {
        var ahead = magic
        var index = 0
        while !ahead.isComplete, index < bytes.count {
            guard ahead.accept(bytes[index]) else {
                throw fail(frameCount == 0 ? .notZstandard : .trailingBytes(offset: frameOffset))
            }
            index += 1
        }
    }

    /// One call of libzstd, which stops at the end of a frame, of the input or of the room.
    private mutating func decodeWithinFrame(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int,
        _ step: inout Step
    ) throws(ZstandardError) {
        var code = 0
        let (consumed, produced) = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                var from = unsafe ZSTD_inBuffer(
                    src: source.baseAddress, size: source.count, pos: step.consumedCount)
                var to = unsafe ZSTD_outBuffer(
                    dst: target.baseAddress, size: target.count, pos: start + step.producedCount)
                code = unsafe ZSTD_decompressStream(context, &to, &from)
                return unsafe (from.pos - step.consumedCount, to.pos - start - step.producedCount)
            }
        }
        for index in 0..<min(consumed, 4) where !magic.isComplete {
            _ = magic.accept(input[step.consumedCount + index])
        }
        step.consumedCount += consumed
        step.producedCount += produced
        consumedCount += consumed
        guard ZSTD_isError(code) == 0 else { throw fail(error(for: code)) }
        if code == 0 {
            frameCount += 1
            frameOffset = consumedCount
            magic = FrameMagic()
        }
        isInsideFrame = code != 0 && (isInsideFrame || consumed > 0)
        hasMoreOutput = code != 0 && start + step.producedCount == output.count
    }

    private mutating func fail(_ error: ZstandardError) -> ZstandardError {
        failure = error
        return error
    }

    private func error(for code: Int) -> ZstandardError {
        switch ZSTD_getErrorCode(code) {
        case ZSTD_error_checksum_wrong:
            .checksumMismatch(frameOffset: frameOffset)
        case ZSTD_error_dictionary_wrong, ZSTD_error_dictionary_corrupted:
            .dictionaryNeeded(frameOffset: frameOffset)
        case ZSTD_error_frameParameter_windowTooLarge:
            .windowTooLarge(maximumWindowLog: maximumWindowLog)
        case ZSTD_error_memory_allocation:
            .libraryFailure(reason: "out of memory")
        default:
            .corrupt(frameOffset: frameOffset, reason: libraryMessage(for: code))
        }
    }
}

/// libzstd's own words for a return code.
func libraryMessage(for code: Int) -> String {
    unsafe String(cString: ZSTD_getErrorName(code))
}
