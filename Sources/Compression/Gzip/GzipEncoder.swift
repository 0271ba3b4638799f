/// Makes gzip members piece by piece, of bytes that are stored as they are.
///
/// For data beside which much larger data stands, so that a compressor would save nothing worth
/// having, in files whose readers ask for gzip. The same bytes give the same member, however they
/// are cut. Source of the format: RFC 1952, and RFC 1951, section 3.2.4.
public struct GzipEncoder: ~Copyable, StreamEncoder, Sendable {
    /// The most that a stored block holds.
    private static let blockByteCount = 0xFFFF
    /// The magic, deflate, no flags, no time, so that the same data has the same bytes; unknown
    /// system.
    private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]

    private var block: [UInt8] = []
    private var hasBegun = false
    private var checksum: UInt32 = 0
    private var byteCount = 0

    /// An encoder of a first member.
    public init() {}

    /// Adds `input` to the member and appends to `output` the part of it that is ready. O(count).
    public mutating func append(_ input: Span<UInt8>, to output: inout [UInt8]) {
        begin(&output)
        checksum = crc32(checksum, input)
        byteCount += input.count
        var start = 0
        while start < input.count {
            let count = min(Self.blockByteCount - block.count, input.count - start)
            let part = input.extracting(start..<start + count)
            unsafe part.withUnsafeBufferPointer { unsafe block.append(contentsOf: $0) }
            start += count
            if block.count == Self.blockByteCount { endBlock(isLast: false, to: &output) }
        }
    }

    /// Ends the member, appending the rest of it to `output`. Another one may follow.
    public mutating func finish(into output: inout [UInt8]) {
        begin(&output)
        endBlock(isLast: true, to: &output)
        for number in [checksum, UInt32(truncatingIfNeeded: byteCount)] {
            for shift in [0, 8, 16, 24] { output.append(UInt8(number >> shift & 0xFF)) }
        }
        (hasBegun, checksum, byteCount) = (false, 0, 0)
    }

    private mutating func begin(_ output: inout [UInt8]) {
        if !hasBegun { output += Self.header }
        hasBegun = true
    }

    /// Appends a block: whether it is the last, its length twice, and its bytes.
    private mutating func endBlock(isLast: Bool, to output: inout [UInt8]) {
        output.append(isLast ? 1 : 0)
        for number in [block.count, ~block.count] {
            for shift in [0, 8] { output.append(UInt8(number >> shift & 0xFF)) }
        }
        output += block
        block.removeAll(keepingCapacity: true)
    }
}
