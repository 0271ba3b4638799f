/// Decodes numbers of a fixed width from runs of equal ones and groups of packed ones: definition
/// levels and the indices of a dictionary.
///
/// The bytes are given with every call, so that nothing is copied. Source: Encodings.md of
/// apache/parquet-format, "Run Length Encoding / Bit-Packing Hybrid".
struct RunDecoder {
    private let width: Int
    private var offset: Int
    private let end: Int
    /// Numbers that are left of the run at hand.
    private var leftCount = 0
    private var isPacked = false
    /// The number that the run repeats.
    private var value: UInt32 = 0
    /// The place of the next packed number, in bits from `offset` on.
    private var bit = 0
    private var packedEnd = 0

    /// A decoder of the bytes in `range`, whose numbers have `width` bits, at most 32.
    init(_ range: Range<Int>, width: Int) {
        self.width = width
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The next number.
    mutating func next(_ bytes: Span<UInt8>) throws(ParquetFault) -> UInt32 {
        while leftCount == 0 { try beginRun(bytes) }
        leftCount -= 1
        guard isPacked else { return value }
        let place = offset + bit >> 3
        guard bit + width <= 8 * (packedEnd - offset) else { throw Self.cut }
        let number = bits(bytes, from: place, shift: bit & 7)
        bit += width
        if leftCount == 0 { offset = packedEnd }
        return number
    }

    static let cut = ParquetFault("the page that begins here ends inside a run of numbers")

    private mutating func beginRun(_ bytes: Span<UInt8>) throws(ParquetFault) {
        let header = try varint(bytes, &offset, end)
        isPacked = header & 1 == 1
        if isPacked {
            // A group is 8 numbers, and so has as many bytes as a number has bits. Of the last one
            // some writers leave out what counts no more.
            let groupCount = header >> 1
            guard groupCount <= UInt64(Int32.max) else { throw Self.cut }
            leftCount = Int(groupCount) * 8
            bit = 0
            packedEnd = offset + min(Int(groupCount) * width, end - offset)
            return
        }
        guard header >> 1 <= UInt64(Int32.max) else { throw Self.cut }
        leftCount = Int(header >> 1)
        value = 0
        let byteCount = (width + 7) / 8
        guard end - offset >= byteCount else { throw Self.cut }
        for index in 0..<byteCount { value |= UInt32(bytes[offset + index]) << (8 * index) }
        offset += byteCount
    }

    /// `width` bits from the bit `shift` of the byte at `place` on, which are there.
    private func bits(_ bytes: Span<UInt8>, from place: Int, shift: Int) -> UInt32 {
        var word: UInt64 = 0
        let byteCount = (shift + width + 7) / 8
        for index in 0..<byteCount { word |= UInt64(bytes[place + index]) << (8 * index) }
        return UInt32(truncatingIfNeeded: word >> shift) & Self.mask(width)
    }

    private static func mask(_ width: Int) -> UInt32 {
        width == 32 ? .max : 1 << width - 1
    }
}

/// An unsigned number of seven bits a byte at `offset`, which moves behind it.
func varint(
    _ bytes: Span<UInt8>, _ offset: inout Int, _ end: Int
) throws(ParquetFault) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard offset < end else { throw RunDecoder.cut }
        let byte = bytes[offset]
        offset += 1
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
    }
    throw ParquetFault("the page that begins here has a number of more than 64 bits")
}
