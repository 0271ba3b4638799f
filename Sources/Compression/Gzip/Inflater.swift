internal import CKernels
internal import CZlib

/// A library that inflates raw deflate data (RFC 1951), which gzip wraps.
///
/// A class, because the library's state has one owner and an address of its own.
protocol Inflater: AnyObject {
    /// Inflates from the start of `input` to `output` from `start` on, until the input is used up,
    /// the output is full or the data ends. O(count).
    func inflate(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int
    ) throws(InflateFailure) -> InflateStep

    /// Begins new data.
    func reset()

    /// The CRC-32 over the bytes that `value` covers and `bytes` behind it. O(count).
    func checksum(_ value: UInt32, _ bytes: Span<UInt8>) -> UInt32
}

/// Result of one call of ``Inflater/inflate(_:into:from:)``.
struct InflateStep {
    var consumedCount: Int
    var producedCount: Int
    /// The data ended, and was written whole.
    var isAtEnd: Bool
    /// At the end: bytes that were consumed and follow the data, at most 7, the first lowest.
    var unused: UInt64 = 0
    var unusedCount = 0
}

/// Reason for which a library could not go on.
enum InflateFailure: Error {
    /// The data is damaged; `producedCount` bytes before the place were written.
    case corrupt(reason: String, producedCount: Int = 0)
    case outOfMemory
}

/// zlib, which is always there.
@safe final class ZlibInflater: Inflater {
    private let stream: UnsafeMutablePointer<z_stream>

    init() throws(CompressionError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 15 is the largest window of the format, and less than nothing means no wrapper.
        let code = unsafe inflateInit2_(
            stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            unsafe stream.deallocate()
            let reason = code == Z_MEM_ERROR ? "out of memory" : "code \(code)"
            throw CompressionError(.gzip, .libraryFailure(reason: reason))
        }
        unsafe self.stream = unsafe stream
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    func reset() { unsafe inflateReset(stream) }

    func checksum(_ value: UInt32, _ bytes: Span<UInt8>) -> UInt32 { crc32(value, bytes) }

    func inflate(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int
    ) throws(InflateFailure) -> InflateStep {
        let stream = unsafe stream
        let offered = UInt32(clamping: input.count)
        let room = UInt32(clamping: output.count - start)
        let code = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(
                    mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = offered
                unsafe stream.pointee.next_out = unsafe target.baseAddress! + start
                unsafe stream.pointee.avail_out = room
                return unsafe CZlib.inflate(stream, Z_NO_FLUSH)
            }
        }
        switch code {
        // A call that could do nothing is no error.
        case Z_OK, Z_BUF_ERROR, Z_STREAM_END:
            return unsafe InflateStep(
                consumedCount: Int(offered - stream.pointee.avail_in),
                producedCount: Int(room - stream.pointee.avail_out),
                isAtEnd: code == Z_STREAM_END)
        case Z_MEM_ERROR:
            throw .outOfMemory
        default:
            let reason = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
            throw .corrupt(
                reason: reason ?? "code \(code)",
                producedCount: unsafe Int(room - stream.pointee.avail_out))
        }
    }
}

/// ISA-L, which inflates two to three times as fast.
///
/// It takes sets of codes that leave some bits without a meaning, which zlib refuses; the checksum
/// tells whether that was damage.
@safe final class ISALInflater: Inflater {
    private let state: OpaquePointer

    /// nil where the library is missing.
    init?() {
        guard let state = unsafe qk_inflater_make() else { return nil }
        unsafe self.state = unsafe state
    }

    deinit { unsafe qk_inflater_free(state) }

    func reset() { unsafe qk_inflater_reset(state) }

    func checksum(_ value: UInt32, _ bytes: Span<UInt8>) -> UInt32 {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe qk_inflater_checksum(value, bytes.baseAddress, UInt64(bytes.count))
        }
    }

    func inflate(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int
    ) throws(InflateFailure) -> InflateStep {
        let state = unsafe state
        let step = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe qk_inflate(
                    state, source.baseAddress, UInt32(clamping: source.count),
                    target.baseAddress! + start, UInt32(clamping: target.count - start))
            }
        }
        switch step.outcome {
        case QK_INFLATE_MORE, QK_INFLATE_END:
            return InflateStep(
                consumedCount: Int(step.consumed), producedCount: Int(step.produced),
                isAtEnd: step.outcome == QK_INFLATE_END, unused: step.unused,
                unusedCount: Int(step.unused_count))
        case QK_INFLATE_BAD_DISTANCE:
            throw .corrupt(reason: "invalid distance too far back")
        case QK_INFLATE_BAD_CODE:
            throw .corrupt(reason: "invalid code")
        default:
            throw .corrupt(reason: "invalid block")
        }
    }
}

/// The CRC-32 of RFC 1952 over the bytes that `value` covers and `bytes` behind it. O(count).
func crc32(_ value: UInt32, _ bytes: Span<UInt8>) -> UInt32 {
    var value = UInt(value)
    var start = 0
    while start < bytes.count {
        let part = bytes.extracting(start..<min(bytes.count, start + 1 << 30))
        value = unsafe part.withUnsafeBufferPointer { part in
            unsafe CZlib.crc32(value, part.baseAddress, UInt32(part.count))
        }
        start += part.count
    }
    return UInt32(value)
}
