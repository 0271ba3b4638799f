internal import CKernels

/// Decodes gzip data piece by piece, in less than 128 KiB of memory.
///
/// The data is any number of members one after another, as `cat` and `bgzip` make them. Checksums
/// and lengths are verified. The caller owns both buffers and thereby bounds each call. ISA-L
/// inflates where it is installed, and zlib elsewhere. Source of the format: RFC 1952. Zeros behind
/// the last member are left out, as `gzip` does: tapes and block devices fill up with them.
public struct GzipDecoder: ~Copyable, StreamDecoder, @unchecked Sendable {
    // Unchecked, because the inflater has this one owner and only mutating methods touch it.
    private let inflater: any Inflater
    private let isExact: Bool

    /// The part of the member that the next byte belongs to.
    private enum Part {
        case header(GzipHeader)
        case data
        /// Checksum and length, of which `count` bytes were taken, the last of them highest.
        case trailer(number: UInt32, count: Int)
        /// Zeros behind the last member.
        case filling
    }

    private var part = Part.header(GzipHeader())
    /// The CRC-32 and the length of what was decoded of the present member.
    private var checksum: UInt32 = 0
    private var contentByteCount = 0
    private var memberCount = 0
    private var memberOffset = 0
    private var consumedCount = 0
    private var failure: CompressionError?

    /// The last call filled its output, so that more of it may be waiting inside the decoder.
    public private(set) var hasMoreOutput = false

    /// The library that inflates: ISA-L, if this was built beside its header, it is installed, and
    /// `QUERN_INFLATE` in the environment is not `zlib`; else zlib.
    package static var libraryName: String { qk_inflater_is_available() != 0 ? "ISA-L" : "zlib" }

    /// A decoder of data from its beginning.
    ///
    /// - Parameter isExact: whether all bytes before damage are given out, however the data is cut
    ///   into calls, which zlib knows how to do; otherwise fewer may be.
    public init(isExact: Bool = false) throws(CompressionError) {
        if !isExact, let inflater = ISALInflater() {
            self.init(inflater: inflater)
        } else {
            self.init(inflater: try ZlibInflater(), isExact: isExact)
        }
    }

    /// A decoder that uses one library.
    init(inflater: any Inflater, isExact: Bool = false) {
        self.inflater = inflater
        self.isExact = isExact
    }

    /// Decodes from the start of `input` until it is used up or `output` is full. O(count).
    ///
    /// Decoded bytes go to `output` from `start` on. After an error the decoder is spent.
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
        while start + step.producedCount < output.count,
            step.consumedCount < input.count || hasMoreOutput
        {
            switch part {
            case .header(let header):
                try takeHeaderByte(input[step.consumedCount], of: header)
                step.consumedCount += 1
            case .data:
                try inflate(input, into: &output, from: start, &step)
            case .trailer(let number, let count):
                consumedCount += 1
                try takeTrailerByte(input[step.consumedCount], number, count)
                step.consumedCount += 1
            case .filling:
                guard input[step.consumedCount] == 0 else {
                    throw fail(.trailingBytes(offset: memberOffset))
                }
                step.consumedCount += 1
            }
        }
    }

    /// Checks that the data ended where a member does.
    public mutating func finish() throws(CompressionError) {
        if let failure { throw failure }
        switch part {
        case .header(let header) where header.byteCount == 0: break
        case .filling: break
        default: throw fail(.truncated(offset: memberOffset))
        }
        if memberCount == 0 { throw fail(.empty) }
    }

    private mutating func takeHeaderByte(
        _ byte: UInt8, of header: GzipHeader
    ) throws(CompressionError) {
        if byte == 0, header.byteCount == 0, memberCount > 0 {
            part = .filling
            return
        }
        var header = header
        if header.byteCount < 2, byte != GzipHeader.magic[header.byteCount] {
            throw fail(memberCount == 0 ? .foreign : .trailingBytes(offset: memberOffset))
        }
        do throws(GzipHeader.Refusal) {
            try header.take(byte)
        } catch {
            throw fail(.corrupt(offset: memberOffset, reason: error.reason))
        }
        consumedCount += 1
        part = header.isWhole ? .data : .header(header)
    }

    /// One call of the library, which stops at the end of the data, of the input or of the room.
    private mutating func inflate(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int,
        _ step: inout DecodingStep
    ) throws(CompressionError) {
        let place = start + step.producedCount
        let found: InflateStep
        do throws(InflateFailure) {
            found = try inflater.inflate(
                input.extracting(droppingFirst: step.consumedCount), into: &output, from: place)
        } catch {
            switch error {
            case .corrupt(let reason, let producedCount):
                step.producedCount += producedCount
                throw fail(.corrupt(offset: memberOffset, reason: reason))
            case .outOfMemory: throw fail(.libraryFailure(reason: "out of memory"))
            }
        }
        let end = place + found.producedCount
        checksum = inflater.checksum(checksum, output.span.extracting(place..<end))
        contentByteCount += found.producedCount
        consumedCount += found.consumedCount
        step.consumedCount += found.consumedCount
        step.producedCount += found.producedCount
        // A call that wrote nothing had no output waiting.
        hasMoreOutput = !found.isAtEnd && found.producedCount > 0 && end == output.count
        guard found.isAtEnd else { return }
        inflater.reset()
        part = .trailer(number: 0, count: 0)
        for index in 0..<found.unusedCount {
            guard case .trailer(let number, let count) = part else { break }
            let byte = UInt8(truncatingIfNeeded: found.unused >> UInt64(8 * index))
            try takeTrailerByte(byte, number, count)
        }
    }

    /// Takes a byte of the checksum, or of the length modulo 2^32.
    private mutating func takeTrailerByte(
        _ byte: UInt8, _ number: UInt32, _ count: Int
    ) throws(CompressionError) {
        let number = number >> 8 | UInt32(byte) << 24
        let count = count + 1
        part = .trailer(number: number, count: count)
        if count == 4, number != checksum { throw fail(.checksumMismatch(offset: memberOffset)) }
        guard count == 8 else { return }
        guard number == UInt32(truncatingIfNeeded: contentByteCount) else {
            throw fail(.checksumMismatch(offset: memberOffset))
        }
        memberCount += 1
        memberOffset = consumedCount
        (checksum, contentByteCount) = (0, 0)
        part = .header(GzipHeader())
    }

    private mutating func fail(_ fault: CompressionError.Fault) -> CompressionError {
        let error = CompressionError(.gzip, fault)
        failure = error
        return error
    }
}
