import Bytes
import Compression

/// Decompresses pages one after another.
struct PageDecompressor: ~Copyable, Sendable {
    private var zstandard: ZstandardBlockDecoder?
    /// Nil also behind data on which it failed.
    private var gzip: GzipDecoder?

    /// Decodes `input` over the bytes of `output` in `range`, all of which it has to fill. Bytes
    /// behind them may be lost. O(count).
    mutating func decode(
        _ input: Span<UInt8>, _ codec: PageCodec, into output: inout [UInt8], range: Range<Int>
    ) throws(ParquetFault) {
        let count: Int
        switch codec {
        case .none:
            count = input.count
            if count == range.count { copyBytes(input, to: &output, at: range.lowerBound) }
        case .snappy:
            return try decodeSnappy(input, into: &output, range: range)
        case .lz4:
            return try decodeLZ4(input, into: &output, range: range)
        case .zstandard, .gzip:
            do throws(CompressionError) {
                count =
                    codec == .gzip
                    ? try inflate(input, into: &output, range: range)
                    : try decodeZstandard(input, into: &output, range: range)
            } catch {
                throw ParquetFault(Self.text(of: error, codec))
            }
        }
        guard count == range.count else { throw Self.badSize }
    }

    static let badSize = ParquetFault(
        "the page that begins here has another size than its header states")

    private static func text(of error: CompressionError, _ codec: PageCodec) -> String {
        let data = "the \(codec.name) data of the page that begins here"
        return switch error.fault {
        case .corrupt(_, let reason): "\(data) is corrupt (\(reason))"
        case .checksumMismatch: "\(data) does not match its own checksum"
        case .libraryFailure: "\(error)"
        default: "\(data) is corrupt or cut short"
        }
    }

    private mutating func decodeZstandard(
        _ input: Span<UInt8>, into output: inout [UInt8], range: Range<Int>
    ) throws(CompressionError) -> Int {
        if zstandard == nil { zstandard = try ZstandardBlockDecoder() }
        var room = output.mutableSpan
        return try zstandard!.decode(input, into: &room, range: range)
    }

    /// Decodes all members of `input`; stops early where they hold more than there is room for.
    private mutating func inflate(
        _ input: Span<UInt8>, into output: inout [UInt8], range: Range<Int>
    ) throws(CompressionError) -> Int {
        var decoder: GzipDecoder
        if let used = gzip.take() { decoder = used } else { decoder = try GzipDecoder() }
        var (used, end) = (0, range.lowerBound)
        while used < input.count || decoder.hasMoreOutput {
            let rest = input.extracting(droppingFirst: used)
            let step: DecodingStep
            if end < output.count {
                var room = output.mutableSpan
                step = try decoder.decode(rest, into: &room, from: end)
            } else {
                // Behind the last byte there may still be the end of the last member.
                var spare: [UInt8] = [0]
                var room = spare.mutableSpan
                step = try decoder.decode(rest, into: &room)
            }
            used += step.consumedCount
            end += step.producedCount
            guard end <= range.upperBound else { return end - range.lowerBound }
        }
        try decoder.finish()
        gzip = consume decoder
        return end - range.lowerBound
    }
}
