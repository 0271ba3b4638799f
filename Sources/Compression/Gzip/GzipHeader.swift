/// The bytes of a gzip member before its data, taken one by one. Source: RFC 1952, section 2.3.
struct GzipHeader {
    /// The part of the header that the next byte belongs to.
    private enum Part {
        case fixed, extraByteCount, extra, name, comment, checksum, data
    }

    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let checksum = Flags(rawValue: 2)
        static let extra = Flags(rawValue: 4)
        static let name = Flags(rawValue: 8)
        static let comment = Flags(rawValue: 16)
        static let reserved = Flags(rawValue: 0xE0)
    }

    static let magic: InlineArray<2, UInt8> = [0x1F, 0x8B]
    private static let fixedByteCount = 10

    /// Bytes that were taken.
    private(set) var byteCount = 0
    private var part = Part.fixed
    private var method: UInt8 = 0
    private var flags = Flags()
    /// Bytes of the present part that were taken, and a number made of the last two.
    private var (count, number) = (0, 0)
    private var extraByteCount = 0
    private var checksum: UInt32 = 0

    /// The member's data follows.
    var isWhole: Bool { part == .data }

    /// Takes the next byte.
    ///
    /// - Throws: the reason why this is no header. The magic bytes are the caller's to compare, who
    ///   knows whether there is a member before them.
    mutating func take(_ byte: UInt8) throws(Refusal) {
        byteCount += 1
        count += 1
        number = number >> 8 | Int(byte) << 8
        if part != .checksum {
            let bytes: InlineArray<1, UInt8> = [byte]
            checksum = crc32(checksum, bytes.span)
        }
        switch part {
        case .fixed:
            if count == 3 { method = byte }
            if count == 4 { try setFlags(byte) }
            if count == Self.fixedByteCount { begin(.extraByteCount) }
        case .extraByteCount:
            guard count == 2 else { return }
            extraByteCount = number
            begin(.extra)
        case .extra:
            if count == extraByteCount { begin(.name) }
        case .name:
            if byte == 0 { begin(.comment) }
        case .comment:
            if byte == 0 { begin(.checksum) }
        case .checksum:
            guard count == 2 else { return }
            guard number == checksum & 0xFFFF else { throw Refusal(reason: "header crc mismatch") }
            begin(.data)
        case .data:
            preconditionFailure("the header is whole")
        }
    }

    /// Fault of bytes that are no header.
    struct Refusal: Error {
        var reason: String
    }

    private mutating func setFlags(_ byte: UInt8) throws(Refusal) {
        guard method == 8 else { throw Refusal(reason: "unknown compression method") }
        flags = Flags(rawValue: byte)
        guard flags.isDisjoint(with: .reserved) else {
            throw Refusal(reason: "unknown header flags set")
        }
    }

    /// Goes to `next`, or to the first part behind it that this header has.
    private mutating func begin(_ next: Part) {
        (count, number) = (0, 0)
        part = next
        switch next {
        case .extraByteCount where !flags.contains(.extra): begin(.name)
        case .extra where extraByteCount == 0: begin(.name)
        case .name where !flags.contains(.name): begin(.comment)
        case .comment where !flags.contains(.comment): begin(.checksum)
        case .checksum where !flags.contains(.checksum): begin(.data)
        default: break
        }
    }
}

/// Whether `bytes` begin as gzip data does: two bytes of magic, and the only method there is.
public func beginsGzipMember(_ bytes: Span<UInt8>) -> Bool {
    bytes.count >= 3 && bytes[0] == GzipHeader.magic[0] && bytes[1] == GzipHeader.magic[1]
        && bytes[2] == 8
}
