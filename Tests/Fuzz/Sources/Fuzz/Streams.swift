import Compression

extension Reader {
    /// Readers of compressed bytes.
    static let streams: [Reader] = [
        .bytes("gzip", "gzip") { try decode($0, GzipDecoder()) },
        .bytes("zstd", "zstd") { try decode($0, ZstandardDecoder(maximumWindowLog: 20)) },
        .bytes("frames", "zstd") { bytes in
            _ = CompressionFormat(firstBytes: bytes.span)
            _ = SeekTable.byteCount(footer: bytes.span)
            for preceding in [0, bytes.count, 1 << 20, Int.max] {
                guard let table = SeekTable(bytes.span, precedingByteCount: preceding) else {
                    continue
                }
                precondition(!table.encoded.isEmpty)
            }
        },
    ]

    /// Decodes all of `bytes`, in pieces of 100 bytes into a small buffer. A bomb ends at 4 MB.
    private static func decode<Decoder: StreamDecoder & ~Copyable>(
        _ bytes: [UInt8], _ decoder: consuming Decoder
    ) throws {
        var output = [UInt8](repeating: 0, count: 777)
        var (start, end, produced) = (0, 0, 0)
        repeat {
            end = min(end + 100, bytes.count)
            var isWaiting = false
            repeat {
                var span = output.mutableSpan
                let step = try decoder.decode(
                    bytes.span.extracting(start..<end), into: &span)
                precondition(step.consumedCount <= end - start)
                start += step.consumedCount
                produced += step.producedCount
                isWaiting = decoder.hasMoreOutput || step.producedCount > 0
            } while isWaiting && produced < 4 << 20
        } while end < bytes.count && produced < 4 << 20
        if produced < 4 << 20 { try decoder.finish() }
    }
}
