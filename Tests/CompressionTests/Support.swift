import Compression
import Work

/// Bytes that follow from a seed, so that a failure can be seen again.
struct Bytes {
    private var words: SplitMix64

    init(seed: UInt64) { words = SplitMix64(seed: seed) }

    mutating func next() -> UInt64 { words.next() }

    mutating func random(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// Words of a small vocabulary, as text has them.
    mutating func compressible(_ count: Int) -> [UInt8] {
        let words = ["the ", "quern ", "grinds ", "grain ", "slowly ", "and ", "well.\n"]
        var result: [UInt8] = []
        while result.count < count { result += words[Int(next() % 7)].utf8 }
        return Array(result[..<count])
    }
}

func compress(
    _ bytes: [UInt8], level: Int = 3, checksum: Bool = true, chunk: Int = .max
) throws -> [UInt8] {
    var encoder = try ZstandardEncoder(level: level, checksum: checksum)
    var result: [UInt8] = []
    var start = 0
    while start < bytes.count {
        let end = start + min(chunk, bytes.count - start)
        try encoder.append(bytes.span.extracting(start..<end), to: &result)
        start = end
    }
    try encoder.finish(into: &result)
    return result
}

/// Decodes with input in chunks and output in rooms of the sizes given.
func decompress(
    _ bytes: [UInt8], with decoder: consuming (any StreamDecoder & ~Copyable), chunk: Int = .max,
    room: Int = 4096
) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: room)
    var result: [UInt8] = []
    var used = 0
    while used < bytes.count || decoder.hasMoreOutput {
        let end = used + min(chunk, bytes.count - used)
        var target = buffer.mutableSpan
        let step = try decoder.decode(bytes.span.extracting(used..<end), into: &target, from: 0)
        used += step.consumedCount
        result += buffer[..<step.producedCount]
    }
    try decoder.finish()
    return result
}

func decompress(
    _ bytes: [UInt8], chunk: Int = .max, room: Int = 4096, maximumWindowLog: Int = 27
) throws -> [UInt8] {
    try decompress(
        bytes, with: try ZstandardDecoder(maximumWindowLog: maximumWindowLog), chunk: chunk,
        room: room)
}

func zstandard(_ fault: CompressionError.Fault) -> CompressionError {
    CompressionError(.zstandard, fault)
}

func gzip(_ fault: CompressionError.Fault) -> CompressionError { CompressionError(.gzip, fault) }

func skippableFrame(_ content: [UInt8], variant: UInt8 = 0) -> [UInt8] {
    let count = UInt32(content.count)
    return [0x50 + variant, 0x2A, 0x4D, 0x18]
        + (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + content
}
