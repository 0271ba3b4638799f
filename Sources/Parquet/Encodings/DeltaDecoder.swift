/// Decodes numbers that are packed as differences: the lengths of DELTA_LENGTH_BYTE_ARRAY and of
/// DELTA_BYTE_ARRAY.
///
/// In memory that does not depend on their number, of which a few bytes may state billions. Source:
/// Encodings.md of apache/parquet-format, "Delta Encoding".
struct DeltaDecoder {
    /// Numbers that the header states.
    private let count: Int

    private let end: Int
    private let miniblockCount: Int
    /// Numbers of a miniblock.
    private let miniblockSize: Int
    /// Numbers that were not given out yet.
    private var leftCount: Int
    private var value: Int64
    private var isFirst = true

    /// The place of what follows the present miniblock.
    private var offset: Int
    private var leastDifference: Int64 = 0
    /// The place of the widths of the present block, and the number of its miniblocks that were
    /// begun.
    private var widths = 0
    private var begunCount: Int
    /// The miniblock at hand: the place of its first byte, its width, and the number of its
    /// differences that were given out.
    private var start = 0
    private var width = 0
    private var givenCount: Int

    /// A decoder of the numbers at `range.lowerBound`, which end in `range` somewhere.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ParquetFault) {
        var offset = range.lowerBound
        let end = range.upperBound
        let blockSize = try varint(bytes, &offset, end)
        let miniblockCount = try varint(bytes, &offset, end)
        let count = try varint(bytes, &offset, end)
        let first = try varint(bytes, &offset, end)
        guard blockSize > 0, blockSize % 128 == 0, blockSize <= 1 << 31,
            miniblockCount > 0, blockSize % miniblockCount == 0,
            (blockSize / miniblockCount) % 32 == 0
        else {
            throw ParquetFault(
                "the page that begins here has blocks of \(blockSize) numbers in \(miniblockCount) "
                    + "parts")
        }
        guard count <= 1 << 31 else {
            throw ParquetFault("the page that begins here states \(count) numbers")
        }
        self.offset = offset
        self.end = end
        self.count = Int(count)
        self.miniblockCount = Int(miniblockCount)
        miniblockSize = Int(blockSize / miniblockCount)
        leftCount = Int(count)
        value = Int64(bitPattern: first >> 1) ^ -Int64(bitPattern: first & 1)
        begunCount = Int(miniblockCount)
        givenCount = miniblockSize
    }

    /// The next number.
    mutating func next(_ bytes: Span<UInt8>) throws(ParquetFault) -> Int64 {
        guard leftCount > 0 else {
            throw ParquetFault("the page that begins here has fewer lengths than values")
        }
        leftCount -= 1
        if isFirst {
            isFirst = false
            return value
        }
        if givenCount == miniblockSize { try beginMiniblock(bytes) }
        value = value &+ leastDifference &+ Int64(bitPattern: difference(bytes))
        givenCount += 1
        return value
    }

    /// The place behind the last number, from whose beginning on this was not called yet.
    /// O(miniblocks).
    func end(_ bytes: Span<UInt8>) throws(ParquetFault) -> Int {
        var walker = self
        var left = max(0, count - 1)
        while left > 0 {
            try walker.beginMiniblock(bytes)
            left -= miniblockSize
        }
        return walker.offset
    }

    private mutating func beginMiniblock(_ bytes: Span<UInt8>) throws(ParquetFault) {
        if begunCount == miniblockCount {
            let least = try varint(bytes, &offset, end)
            leastDifference = Int64(bitPattern: least >> 1) ^ -Int64(bitPattern: least & 1)
            guard miniblockCount <= end - offset else { throw RunDecoder.cut }
            widths = offset
            offset += miniblockCount
            begunCount = 0
        }
        width = Int(bytes[widths + begunCount])
        guard width <= 64 else {
            throw ParquetFault(
                "the page that begins here has numbers of \(width) bits, and 64 are the most")
        }
        begunCount += 1
        start = offset
        givenCount = 0
        let byteCount = miniblockSize / 8 * width
        guard byteCount <= end - offset else { throw RunDecoder.cut }
        offset += byteCount
    }

    /// The difference at hand, without the least one of its block.
    private func difference(_ bytes: Span<UInt8>) -> UInt64 {
        if width == 0 { return 0 }
        let bit = givenCount * width
        var place = start + bit >> 3
        let shift = bit & 7
        var found = UInt64(bytes[place]) >> shift
        var bitCount = 8 - shift
        while bitCount < width {
            place += 1
            found |= UInt64(bytes[place]) << bitCount
            bitCount += 8
        }
        return width == 64 ? found : found & (1 << width - 1)
    }
}
