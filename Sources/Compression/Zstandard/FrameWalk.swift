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
