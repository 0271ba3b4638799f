internal import CZlib

/// Decodes gzip data piece by piece, in the 32 KiB of memory that the format needs.
///
/// The data is any number of members one after another, as `cat` and `bgzip` make them. Checksums
/// and lengths are verified. The caller owns both buffers and thereby bounds each call. Source of
/// the format: RFC 1952.
@safe public struct GzipDecoder: ~Copyable, @unchecked Sendable {
    // Unchecked, because the stream has this one owner and only mutating methods touch it. It has
    // an address of its own, since zlib's state points back to it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// Bytes taken of the present member; none between members.
    private var memberByteCount = 0
    private var memberCount = 0
    private var memberOffset = 0
    private var consumedCount = 0
    private var failure: GzipError?

    private static let magic: InlineArray<2, UInt8> = [0x1F, 0x8B]

    /// Result of one call of ``decode(_:into:from:)``.
    public struct Step: Equatable, Sendable {
        /// Bytes of the input that were used.
        public var consumedCount: Int
        /// Bytes of the output that were written.
        public var producedCount: Int
    }

    /// The last call filled its output, so that more of it may be waiting inside the decoder.
    public private(set) var hasMoreOutput = false

    /// A decoder of data from its beginning.
    public init() throws(GzipError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 15 is the largest window of the format, and 16 more means gzip and nothing else.
        let code = unsafe inflateInit2_(
            stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            unsafe stream.deallocate()
            throw .libraryFailure(reason: code == Z_MEM_ERROR ? "out of memory" : "code \(code)")
        }
        unsafe self.stream = unsafe stream
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Decodes from the start of `input` until it is used up or `output` is full. O(count).
    ///
    /// Decoded bytes go to `output` from `start` on. After an error the decoder is spent.
    public mutating func decode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int = 0
    ) throws(GzipError) -> Step {
        precondition((0...output.count).contains(start), "output starts inside its span")
        if let failure { throw failure }
        var step = Step(consumedCount: 0, producedCount: 0)
        while start + step.producedCount < output.count,
            step.consumedCount < input.count || hasMoreOutput
        {
            try checkMagic(of: input.extracting(droppingFirst: step.consumedCount))
            try inflate(input, into: &output, from: start, &step)
        }
        return step
    }

    /// Checks that the data ended where a member does.
    public mutating func finish() throws(GzipError) {
        if let failure { throw failure }
        if memberByteCount > 0 { throw fail(.truncated(memberOffset: memberOffset)) }
        if memberCount == 0 { throw fail(.empty) }
    }

    /// Looks at the first bytes of a member before zlib takes them.
    private mutating func checkMagic(of bytes: Span<UInt8>) throws(GzipError) {
        for index in 0..<bytes.count {
            let place = memberByteCount + index
            guard place < 2 else { return }
            guard bytes[index] == Self.magic[place] else {
                throw fail(memberCount == 0 ? .notGzip : .trailingBytes(offset: memberOffset))
            }
        }
    }

    /// One call of zlib, which stops at the end of a member, of the input or of the room.
    private mutating func inflate(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int,
        _ step: inout Step
    ) throws(GzipError) {
        let stream = unsafe stream
        var code: Int32 = 0
        let (consumed, produced) = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                let offered = UInt32(clamping: source.count - step.consumedCount)
                let room = UInt32(clamping: target.count - start - step.producedCount)
                unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(
                    mutating: source.baseAddress.map { unsafe $0 + step.consumedCount })
                unsafe stream.pointee.avail_in = offered
                unsafe stream.pointee.next_out =
                    unsafe target.baseAddress! + start + step.producedCount
                unsafe stream.pointee.avail_out = room
                code = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                return unsafe (
                    Int(offered - stream.pointee.avail_in), Int(room - stream.pointee.avail_out)
                )
            }
        }
        step.consumedCount += consumed
        step.producedCount += produced
        consumedCount += consumed
        memberByteCount += consumed
        switch code {
        case Z_STREAM_END:
            memberCount += 1
            memberOffset = consumedCount
            memberByteCount = 0
            hasMoreOutput = false
            unsafe inflateReset(stream)
        case Z_OK, Z_BUF_ERROR:
            // A call that could do nothing, which is no error, had no output waiting.
            hasMoreOutput = produced > 0 && start + step.producedCount == output.count
        default:
            throw fail(error(for: code))
        }
    }

    private mutating func fail(_ error: GzipError) -> GzipError {
        failure = error
        return error
    }

    private func error(for code: Int32) -> GzipError {
        if code == Z_MEM_ERROR { return .libraryFailure(reason: "out of memory") }
        let reason = unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "code \(code)"
        // zlib has no codes for these.
        if reason == "incorrect data check" || reason == "incorrect length check" {
            return .checksumMismatch(memberOffset: memberOffset)
        }
        return .corrupt(memberOffset: memberOffset, reason: reason)
    }
}

/// Whether `bytes` begin as gzip data does: two bytes of magic, and the only method there is.
public func beginsGzipMember(_ bytes: Span<UInt8>) -> Bool {
    bytes.count >= 3 && bytes[0] == 0x1F && bytes[1] == 0x8B && bytes[2] == 8
}
