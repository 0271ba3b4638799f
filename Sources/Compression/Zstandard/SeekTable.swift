/// The frames of a seekable file: how large each is, compressed and decoded.
///
/// A file that ends with this table is an ordinary zstd file to every decoder, since the table is a
/// skippable frame; who knows the table decodes any part alone, and several at once. Source of the
/// layout: `contrib/seekable_format/zstd_seekable_compression_format.md` of the zstd project,
/// version 0.1.0.
///
///     u32 0x184D2A5E | u32 byte count of what follows
///     for each frame: u32 compressed size, u32 decoded size, u32 checksum (if the descriptor says
///     so) u32 frame count | u8 descriptor: bit 7 = checksums, bits 2–6 = 0 | u32 0x8F92EAB1
public struct SeekTable: Sendable, Equatable {
    /// One frame.
    public struct Frame: Sendable, Equatable {
        /// Its length in the file.
        public var compressedByteCount: Int
        /// The length of what it decodes to.
        public var contentByteCount: Int
        /// The low 32 bits of the content's XXH64, which are also the frame's own checksum.
        public var checksum: UInt32?

        /// A frame of these sizes.
        public init(compressedByteCount: Int, contentByteCount: Int, checksum: UInt32? = nil) {
            self.compressedByteCount = compressedByteCount
            self.contentByteCount = contentByteCount
            self.checksum = checksum
        }
    }

    /// The frames in the order in which they stand.
    public private(set) var frames: [Frame] = []

    /// The last bytes of a file, which tell whether and where it has a table.
    public static let footerByteCount = 9

    /// The most frames that a table may have.
    static let maximumFrameCount = 0x800_0000

    private static let skippableMagic: UInt32 = 0x184D_2A5E
    private static let seekableMagic: UInt32 = 0x8F92_EAB1
    private static let headerByteCount = 8

    /// A table without frames.
    public init() {}

    /// Adds a frame as ``ZstandardEncoder`` makes it with a checksum.
    ///
    /// - Parameters:
    ///   - frame: its bytes, the checksum at their end.
    ///   - contentByteCount: the count of the bytes that were encoded.
    public mutating func append(frame: Span<UInt8>, contentByteCount: Int) {
        precondition(frame.count >= 4, "a frame ends with its checksum")
        precondition(frames.count < Self.maximumFrameCount, "a table has a last frame")
        let checksum = word(frame, at: frame.count - 4)
        frames.append(
            Frame(
                compressedByteCount: frame.count, contentByteCount: contentByteCount,
                checksum: checksum))
    }

    /// The bytes that end the file: the table as a skippable frame. O(frames).
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        func append(_ word: Int) {
            for shift in stride(from: 0, to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        let hasChecksums = !frames.isEmpty && frames.allSatisfy { $0.checksum != nil }
        append(Int(Self.skippableMagic))
        append(frames.count * (hasChecksums ? 12 : 8) + Self.footerByteCount)
        for frame in frames {
            append(frame.compressedByteCount)
            append(frame.contentByteCount)
            if hasChecksums, let checksum = frame.checksum { append(Int(checksum)) }
        }
        append(frames.count)
        bytes.append(hasChecksums ? 0x80 : 0)
        append(Int(Self.seekableMagic))
        return bytes
    }

    /// Length of the table at the end of a file, if the file ends with `footer`; nil when it has
    /// none.
    public static func byteCount(footer: Span<UInt8>) -> Int? {
        guard footer.count == footerByteCount, word(footer, at: 5) == seekableMagic,
            footer[4] & 0x7C == 0
        else { return nil }
        let frameCount = Int(word(footer, at: 0))
        guard frameCount <= maximumFrameCount else { return nil }
        return headerByteCount + frameCount * entryByteCount(footer[4]) + footerByteCount
    }

    /// Whether a file whose last bytes are `end` ends with a table.
    public static func endsFile(_ end: ArraySlice<UInt8>) -> Bool {
        byteCount(footer: Array(end.suffix(footerByteCount)).span) != nil
    }

    /// Reads the table that `bytes` are, all of them; nil when they are none, or when its frames
    /// are not what stands before it. O(frames).
    ///
    /// - Parameters:
    ///   - bytes: the end of a file, from the table on.
    ///   - precedingByteCount: the bytes of the file before the table.
    public init?(_ bytes: Span<UInt8>, precedingByteCount: Int) {
        guard bytes.count >= Self.headerByteCount + Self.footerByteCount else { return nil }
        let footer = bytes.extracting(droppingFirst: bytes.count - Self.footerByteCount)
        guard Self.byteCount(footer: footer) == bytes.count,
            word(bytes, at: 0) == Self.skippableMagic,
            Int(word(bytes, at: 4)) == bytes.count - Self.headerByteCount
        else { return nil }
        let entryByteCount = Self.entryByteCount(footer[4])
        var total = 0
        for number in 0..<Int(word(footer, at: 0)) {
            let place = Self.headerByteCount + number * entryByteCount
            let frame = Frame(
                compressedByteCount: Int(word(bytes, at: place)),
                contentByteCount: Int(word(bytes, at: place + 4)),
                checksum: entryByteCount == 12 ? word(bytes, at: place + 8) : nil)
            total += frame.compressedByteCount
            frames.append(frame)
        }
        guard total == precedingByteCount else { return nil }
    }

    private static func entryByteCount(_ descriptor: UInt8) -> Int {
        descriptor & 0x80 == 0 ? 8 : 12
    }
}

/// Four little-endian bytes.
private func word(_ bytes: Span<UInt8>, at place: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
}
