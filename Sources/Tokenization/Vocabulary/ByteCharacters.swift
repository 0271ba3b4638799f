package import Bytes

/// The characters that stand for bytes in Hugging Face's files, so that every token is a string.
///
/// The 188 bytes that are printable in Latin-1 stand for themselves, the other 68 for U+0100 and
/// after, in order: a space is `Ġ`, a line feed `Ċ`. Source: `bytes_to_unicode` of GPT-2's
/// `encoder.py`.
package enum ByteCharacters {
    /// The code point of each byte's character.
    static let codePoints: [UInt32] = {
        var next: UInt32 = 0x100
        return (0..<256 as Range<UInt32>).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
            default:
                defer { next += 1 }
                return next
            }
        }
    }()

    /// The byte of each code point below U+0144, −1 where there is none.
    static var decoding: BufferView<Int16> { decodingBuffer.view }

    private static let decodingBuffer: OwnedBuffer<Int16> = {
        let buffer = OwnedBuffer<Int16>(repeating: -1, count: 0x144)
        for (byte, codePoint) in codePoints.enumerated() {
            buffer.view[Int(codePoint)] = Int16(byte)
        }
        return buffer
    }()

    /// The 256 bytes in the order of their characters: the order in which a vocabulary lists them.
    package static let bytesInOrder: [UInt8] = (0..<256).sorted { codePoints[$0] < codePoints[$1] }
        .map { UInt8($0) }

    /// The string that stands for `bytes`. O(count).
    package static func string(for bytes: some Sequence<UInt8>) -> String {
        var scalars = String.UnicodeScalarView()
        for byte in bytes {
            // Every code point of the table is a scalar below U+0144.
            scalars.append(Unicode.Scalar(codePoints[Int(byte)]) ?? "?")
        }
        return String(scalars)
    }

    /// Appends to `output` the bytes that well-formed UTF-8 stands for; returns false, leaving
    /// `output` as it was, if a character stands for no byte. O(count).
    package static func appendBytes(for text: [UInt8], to output: inout ByteArena) -> Bool {
        let before = output.count
        var index = 0
        while index < text.count {
            var codePoint = Int(text[index])
            if codePoint >= 0x80 {
                // Two bytes reach U+07FF; longer sequences stand for nothing here.
                guard codePoint < 0xE0, index + 1 < text.count else {
                    output.truncate(to: before)
                    return false
                }
                codePoint = (codePoint & 0x1F) << 6 | Int(text[index + 1] & 0x3F)
                index += 1
            }
            guard codePoint < decoding.count, decoding[codePoint] >= 0 else {
                output.truncate(to: before)
                return false
            }
            output.append(UInt8(decoding[codePoint]))
            index += 1
        }
        return true
    }

    /// The bytes that `text` stands for; `nil` if a character stands for no byte. O(count).
    package static func bytes(for text: String) -> [UInt8]? {
        var arena = ByteArena(capacity: text.utf8.count)
        guard appendBytes(for: Array(text.utf8), to: &arena) else { return nil }
        return arena.bytes.array(from: 0, to: arena.count)
    }
}
