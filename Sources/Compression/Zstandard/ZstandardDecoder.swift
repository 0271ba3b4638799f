internal import CZstd

/// Decodes zstd data piece by piece, in memory set by the window limit.
///
/// The data is any number of frames one after another, of which the skippable ones are passed over;
/// so what `cat`, `pzstd` or the seekable format put together is read like one file. Content
/// checksums are verified.
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
@safe public struct ZstandardDecoder: ~Copyable, StreamDecoder, @unchecked Sendable {
    // Unchecked, because the context has this one owner and only mutating methods touch it: it may
    // move to another thread, and two threads never have it at once.
    private let context: OpaquePointer
    private let maximumWindowLog: Int

    /// The bytes of a header that was not seen whole yet.
    private var headerBytes: [UInt8] = []
    /// The header of the frame that is being decoded; nil between frames.
    private var header: FrameHeader?
    /// Bytes of a skippable frame that are still to be passed over.
    private var skippedByteCount = 0
    /// Bytes that were decoded of the present frame.
    private var contentByteCount = 0
    private var frameCount = 0
    /// Offset in the data of the present frame.
    private var frameOffset: Int
    private var consumedCount: Int
    /// Whether there is data before what this decoder sees.
    private let isContinuing: Bool
    private let isExact: Bool
    /// Bytes up to the end of a block or header, as libzstd wants them; counted with the next
    /// block's header, if one follows.
    private var wantedByteCount = 0
    private var failure: CompressionError?

    /// The last call filled its output, so that more of it may be waiting inside the decoder.
    public private(set) var hasMoreOutput = false

    /// A decoder that refuses frames with a window above 2^`maximumWindowLog` bytes.
    ///
    /// 27 (128 MiB) is what the `zstd` tool allows unasked. The decoder allocates the window of
    /// each frame and some 256 KiB, never more.
    ///
    /// - Parameters:
    ///   - maximumWindowLog: the binary logarithm of the largest window.
    ///   - startOffset: where in a file the data begins, for the places in errors; before it stand
    ///     whole frames.
    ///   - isExact: whether all blocks before damage are given out, however the data is cut into
    ///     calls; otherwise fewer may be. It costs a few calls more.
    public init(
        maximumWindowLog: Int = 27, startOffset: Int = 0, isExact: Bool = false
    ) throws(CompressionError) {
        let bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax)
        let lowest = Int(bounds.lowerBound)
        let highest = Int(bounds.upperBound)
        guard (lowest...highest).contains(maximumWindowLog) else {
            throw CompressionError(
                .zstandard,
                .windowLogOutOfRange(
                    windowLog: maximumWindowLog, lowest: lowest, highest: highest))
        }
        guard let context = unsafe ZSTD_createDCtx() else {
            throw CompressionError(.zstandard, .libraryFailure(reason: "out of memory"))
        }
        let code = unsafe ZSTD_DCtx_setParameter(
            context, ZSTD_d_windowLogMax, Int32(maximumWindowLog))
        precondition(ZSTD_isError(code) == 0, "a window within its bounds is accepted")
        unsafe self.context = unsafe context
        self.maximumWindowLog = maximumWindowLog
        frameOffset = startOffset
        consumedCount = startOffset
        isContinuing = startOffset > 0
        self.isExact = isExact
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
    }

    /// Decodes from the start of `input` until it is used up or `output` is full. O(count).
    ///
    /// Decoded bytes go to `output` from `start` on.
    ///
    /// Give what was not consumed again, with more behind it. After an error the decoder is spent:
    /// every further call throws the same.
    public mutating func decode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int
    ) throws(CompressionError) -> DecodingStep {
        precondition((0...output.count).contains(start), "output starts inside its span")
        if let failure { throw failure }
        var step = DecodingStep(consumedCount: 0, producedCount: 0)
        do throws(CompressionError) {
            try decode(input, into: &output, from: start, &step)
        } catch {
            // What stands before it first.
            guard isExact, step.producedCount > 0 else { throw error }
        }
        return step
    }

    private mutating func decode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int,
        _ step: inout DecodingStep
    ) throws(CompressionError) {
        // libzstd takes repeated calls that give it nothing to do for an error.
        while start + step.producedCount < output.count,
            step.consumedCount < input.count || hasMoreOutput
        {
            if let header {
                try decodeWithinFrame(header, input, into: &output, from: start, &step)
            } else if skippedByteCount > 0 {
                let count = min(skippedByteCount, input.count - step.consumedCount)
                skippedByteCount -= count
                step.consumedCount += count
                consumedCount += count
                if skippedByteCount == 0 { endFrame() }
            } else {
                try takeHeaderByte(input[step.consumedCount])
                step.consumedCount += 1
            }
        }
    }

    /// Checks that the data ended where a frame does.
    public mutating func finish() throws(CompressionError) {
        if let failure { throw failure }
        if header != nil || skippedByteCount > 0 || !headerBytes.isEmpty {
            throw fail(.truncated(offset: frameOffset))
        }
        if frameCount == 0, !isContinuing { throw fail(.empty) }
    }

    /// Takes one more byte of a header, and begins the frame when it is whole.
    private mutating func takeHeaderByte(_ byte: UInt8) throws(CompressionError) {
        headerBytes.append(byte)
        guard FrameHeader.mayBegin(with: headerBytes.span) else {
            let isFirst = frameCount == 0 && !isContinuing
            throw fail(isFirst ? .foreign : .trailingBytes(offset: frameOffset))
        }
        consumedCount += 1
        guard let header = FrameHeader(headerBytes.span) else { return }
        headerBytes.removeAll(keepingCapacity: true)
        if let count = header.skippedByteCount {
            skippedByteCount = count
            if count == 0 { endFrame() }
            return
        }
        guard !header.usesReservedBit else {
            throw fail(
                .corrupt(offset: frameOffset, reason: "its header has a reserved bit set"))
        }
        guard header.dictionaryID == 0 else {
            throw fail(
                .dictionaryNeeded(offset: frameOffset, dictionaryID: header.dictionaryID))
        }
        guard header.windowByteCount <= 1 << maximumWindowLog else {
            throw fail(
                .windowTooLarge(
                    offset: frameOffset, windowByteCount: header.windowByteCount,
                    maximumWindowLog: maximumWindowLog))
        }
        self.header = header
        contentByteCount = 0
        try feed(header.withoutContentSize)
    }

    /// Gives libzstd the header of a frame.
    private mutating func feed(_ bytes: [UInt8]) throws(CompressionError) {
        let code = unsafe bytes.withUnsafeBufferPointer { source in
            var from = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
            var to = unsafe ZSTD_outBuffer(dst: nil, size: 0, pos: 0)
            return unsafe ZSTD_decompressStream(context, &to, &from)
        }
        guard ZSTD_isError(code) == 0 else { throw fail(fault(for: code)) }
        wantedByteCount = code
    }

    private mutating func endFrame() {
        header = nil
        frameCount += 1
        frameOffset = consumedCount
    }

    /// One call of libzstd, which stops at the end of a frame, of the input or of the room.
    private mutating func decodeWithinFrame(
        _ header: FrameHeader, _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>,
        from start: Int, _ step: inout DecodingStep
    ) throws(CompressionError) {
        var code = 0
        let end = exactEnd(from: step.consumedCount, input.count)
        let (consumed, produced) = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                var from = unsafe ZSTD_inBuffer(
                    src: source.baseAddress, size: end, pos: step.consumedCount)
                var to = unsafe ZSTD_outBuffer(
                    dst: target.baseAddress, size: target.count, pos: start + step.producedCount)
                code = unsafe ZSTD_decompressStream(context, &to, &from)
                return unsafe (from.pos - step.consumedCount, to.pos - start - step.producedCount)
            }
        }
        step.consumedCount += consumed
        step.producedCount += produced
        consumedCount += consumed
        contentByteCount += produced
        guard ZSTD_isError(code) == 0 else { throw fail(fault(for: code)) }
        wantedByteCount = code
        // Also the data that libzstd decoded and has not handed out yet will be counted, at the
        // latest with the last of it.
        if let stated = header.contentByteCount,
            contentByteCount > stated || code == 0 && contentByteCount < stated
        {
            throw fail(
                .contentSizeMismatch(
                    offset: frameOffset, statedByteCount: stated,
                    isLonger: contentByteCount > stated))
        }
        hasMoreOutput = code != 0 && start + step.producedCount == output.count
        if code == 0 { endFrame() }
    }

    /// The end of the bytes to give libzstd, from `start` on: a call that meets damage loses the
    /// block that it decoded before, so that each has a block, or a header, of its own.
    private func exactEnd(from start: Int, _ end: Int) -> Int {
        guard isExact else { return end }
        if hasMoreOutput { return start }
        let headerByteCount = 3
        let count =
            wantedByteCount > headerByteCount
            ? wantedByteCount - headerByteCount : max(wantedByteCount, 1)
        return min(end, start + count)
    }

    private mutating func fail(_ fault: CompressionError.Fault) -> CompressionError {
        let error = CompressionError(.zstandard, fault)
        failure = error
        return error
    }

    private func fault(for code: Int) -> CompressionError.Fault {
        switch ZSTD_getErrorCode(code) {
        case ZSTD_error_checksum_wrong:
            .checksumMismatch(offset: frameOffset)
        case ZSTD_error_memory_allocation:
            .libraryFailure(reason: "out of memory")
        default:
            .corrupt(offset: frameOffset, reason: libraryMessage(for: code))
        }
    }
}

/// libzstd's own words for a return code.
func libraryMessage(for code: Int) -> String {
    unsafe String(cString: ZSTD_getErrorName(code))
}
