/// A gzip file (RFC 1952) of bytes that are stored as they are.
///
/// Tables of documents are a thousandth of the ids that they stand beside, so that a compressor
/// would save nothing worth having.
struct GzipFile: ~Copyable {
    private static let blockByteCount = 0xFFFF

    private var file: BinaryFile
    private var block: [UInt8] = []
    private var checksum = ~0 as UInt32
    private var byteCount = 0

    init(path: String) throws {
        var file = try BinaryFile(path: path)
        // Deflate, no flags, no time, so that the same table has the same bytes; unknown system.
        try file.append([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF])
        self.file = file
    }

    /// Appends the UTF-8 of `text`.
    mutating func append(_ text: String) throws {
        for byte in text.utf8 {
            block.append(byte)
            checksum = Self.table[Int((checksum ^ UInt32(byte)) & 0xFF)] ^ checksum >> 8
            if block.count == Self.blockByteCount { try flush(isLast: false) }
        }
        byteCount += text.utf8.count
    }

    /// A stored block: whether it is the last, its length twice, and its bytes.
    private mutating func flush(isLast: Bool) throws {
        try file.append([isLast ? 1 : 0])
        try file.append(UInt16(block.count))
        try file.append(~UInt16(block.count))
        try file.append(block)
        block.removeAll(keepingCapacity: true)
    }

    consuming func commit() throws {
        try flush(isLast: true)
        try file.append(~checksum)
        try file.append(UInt32(truncatingIfNeeded: byteCount))
        try file.commit()
    }

    /// CRC-32 of each byte.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in
            value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
        }
    }
}
