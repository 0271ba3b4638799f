/// The four bytes that begin every frame, as they come in.
///
/// libzstd would also take the formats before version 0.8, and reads five bytes before it objects;
/// looking first refuses both, with the place. Source: RFC 8878, sections 3.1.1 and 3.1.2.
struct FrameMagic {
    /// How many of the four were accepted.
    private(set) var seenCount = 0
    /// The first byte is 0x28 for a frame and 0x50...0x5F for one that is skipped.
    private var isSkippable = false

    private static let frame: InlineArray<4, UInt8> = [0x28, 0xB5, 0x2F, 0xFD]
    private static let skippable: InlineArray<4, UInt8> = [0x50, 0x2A, 0x4D, 0x18]

    /// Takes the next byte; false if no frame begins like this.
    mutating func accept(_ byte: UInt8) -> Bool {
        if seenCount == 0 {
            isSkippable = byte & 0xF0 == Self.skippable[0]
            seenCount = 1
            return isSkippable || byte == Self.frame[0]
        }
        let expected = isSkippable ? Self.skippable[seenCount] : Self.frame[seenCount]
        seenCount += 1
        return byte == expected
    }

    /// All four bytes were accepted.
    var isComplete: Bool { seenCount == 4 }
}

/// Whether `bytes` begin with a zstd frame or with a skippable one, as the files of `pzstd` do.
///
/// Four bytes are enough to tell; fewer are never taken for zstd data.
public func beginsZstandardFrame(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count >= 4 else { return false }
    var magic = FrameMagic()
    for index in 0..<4 where !magic.accept(bytes[index]) { return false }
    return true
}
