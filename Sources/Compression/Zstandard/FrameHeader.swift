/// Header of a frame, before its data. Source: RFC 8878, sections 3.1.1.1 and 3.1.2.
struct FrameHeader: Equatable {
    /// The length of the header.
    var byteCount: Int
    /// For a frame that decoders pass over: the bytes that follow the header; else nil.
    var skippedByteCount: Int?
    /// Window: how far back the data may refer, which is what a decoder has to keep.
    var windowByteCount = 0
    /// The length of the decoded data, if the header states it.
    var contentByteCount: Int?
    /// The dictionary that is needed; 0 for none.
    var dictionaryID = 0
    /// The frame ends with four bytes of the content's XXH64.
    var hasChecksum = false
    /// The header uses a bit that the format keeps for later.
    var usesReservedBit = false

    /// The longest header.
    static let maximumByteCount = 18

    private static let frameMagic: InlineArray<4, UInt8> = [0x28, 0xB5, 0x2F, 0xFD]
    private static let skippableMagic: InlineArray<4, UInt8> = [0x50, 0x2A, 0x4D, 0x18]

    /// Whether bytes that begin like these, at most the first four, may begin a frame.
    ///
    /// libzstd would also take the formats before version 0.8, and reads five bytes before it
    /// objects; looking first refuses both, with the place.
    static func mayBegin(with bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 0 else { return true }
        let isSkippable = bytes[0] & 0xF0 == skippableMagic[0]
        guard isSkippable || bytes[0] == frameMagic[0] else { return false }
        for index in 1..<max(1, min(4, bytes.count)) {
            guard bytes[index] == (isSkippable ? skippableMagic[index] : frameMagic[index]) else {
                return false
            }
        }
        return true
    }

    /// Reads the header that `bytes` begin with; nil when more bytes are needed.
    ///
    /// The bytes may begin a frame: ``mayBegin(with:)`` said so.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= 5 else { return nil }
        func number(at place: Int, byteCount: Int) -> Int {
            var value: UInt64 = 0
            for index in 0..<byteCount {
                value |= UInt64(bytes[place + index]) << UInt64(8 * index)
            }
            return Int(clamping: value)
        }
        if bytes[0] != Self.frameMagic[0] {
            guard bytes.count >= 8 else { return nil }
            byteCount = 8
            skippedByteCount = number(at: 4, byteCount: 4)
            return
        }
        let descriptor = bytes[4]
        let isSingleSegment = descriptor & 0x20 != 0
        let dictionaryByteCount = [0, 1, 2, 4][Int(descriptor & 3)]
        let contentByteCountLength = [isSingleSegment ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
        let windowPlace = 5
        let dictionaryPlace = windowPlace + (isSingleSegment ? 0 : 1)
        let contentPlace = dictionaryPlace + dictionaryByteCount
        byteCount = contentPlace + contentByteCountLength
        guard bytes.count >= byteCount else { return nil }
        hasChecksum = descriptor & 4 != 0
        usesReservedBit = descriptor & 8 != 0
        dictionaryID = number(at: dictionaryPlace, byteCount: dictionaryByteCount)
        if contentByteCountLength > 0 {
            let stated = number(at: contentPlace, byteCount: contentByteCountLength)
            contentByteCount = contentByteCountLength == 2 ? stated + 256 : stated
        }
        if isSingleSegment {
            windowByteCount = contentByteCount ?? 0
        } else {
            let base = 1 << (10 + Int(bytes[windowPlace] >> 3))
            windowByteCount = base + base / 8 * Int(bytes[windowPlace] & 7)
        }
    }

    /// A header for the same data that states no size, with a window as small as the data allows.
    ///
    /// libzstd would tell a wrong size from damage by nothing; so the decoder here counts by
    /// itself.
    var withoutContentSize: [UInt8] {
        let needed = min(windowByteCount, contentByteCount ?? .max)
        var descriptor: UInt8 = 0
        while Self.windowByteCount(of: descriptor) < needed { descriptor += 1 }
        return [
            Self.frameMagic[0], Self.frameMagic[1], Self.frameMagic[2], Self.frameMagic[3],
            hasChecksum ? 4 : 0, descriptor,
        ]
    }

    private static func windowByteCount(of descriptor: UInt8) -> Int {
        let base = 1 << (10 + Int(descriptor >> 3))
        return base + base / 8 * Int(descriptor & 7)
    }
}

/// Whether `bytes` begin with a zstd frame or with a skippable one, as the files of `pzstd` do.
///
/// Four bytes are enough to tell; fewer are never taken for zstd data.
public func beginsZstandardFrame(_ bytes: Span<UInt8>) -> Bool {
    bytes.count >= 4 && FrameHeader.mayBegin(with: bytes.extracting(first: 4))
}

/// Finds where frames end, without decoding them.
public enum FrameWalk {
    /// The length of the frame that begins at `offset`: a few bytes are read of each of its blocks.
    /// O(blocks), a block being up to 128 KiB of content.
    ///
    /// - Parameters:
    ///   - offset: the place of its first byte.
    ///   - limit: a frame that is longer is not walked to its end.
    ///   - read: gives the bytes at a place, as many as there are up to a count.
    /// - Returns: nil for what is no whole frame, or a longer one.
    public static func byteCount(
        ofFrameAt offset: Int, limit: Int, read: (_ place: Int, _ count: Int) throws -> [UInt8]
    ) rethrows -> Int? {
        let front = try read(offset, FrameHeader.maximumByteCount)
        guard beginsZstandardFrame(front.span), let header = FrameHeader(front.span) else {
            return nil
        }
        if let skippedByteCount = header.skippedByteCount {
            return header.byteCount + skippedByteCount
        }
        var place = offset + header.byteCount
        while place - offset <= limit {
            let bytes = try read(place, 3)
            guard bytes.count == 3 else { return nil }
            let block = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
            let isLast = block & 1 == 1
            switch block >> 1 & 3 {
            case 1: place += 3 + 1  // One byte, which is repeated.
            case 3: return nil
            default: place += 3 + block >> 3
            }
            if isLast { return place - offset + (header.hasChecksum ? 4 : 0) }
        }
        return nil
    }
}
