import Bytes

/// Bytes as text, four characters for three bytes (RFC 4648, section 4).
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The value of each character, 255 where there is none.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    private static let padding = UInt8(ascii: "=")

    /// Appends the bytes that the text from `start` up to `end` stands for; returns false, with
    /// `bytes` as they were, unless it is spelled in the one way that is canonical. O(count).
    static func decode(
        _ text: ByteView, from start: Int, to end: Int, into bytes: inout ByteArena
    ) -> Bool {
        guard (end - start) % 4 == 0, end > start else { return false }
        let before = bytes.count
        var last = end
        while last > end - 2, text[last - 1] == padding { last -= 1 }
        var bits: UInt32 = 0
        var bitCount = 0
        for index in start..<last {
            let value = values[Int(text[index])]
            guard value < 64 else {
                bytes.truncate(to: before)
                return false
            }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        // Bits left over of the last character belong to no byte, and must be zero.
        guard bits & (1 << UInt32(bitCount) - 1) == 0 else {
            bytes.truncate(to: before)
            return false
        }
        return true
    }

    /// The text that stands for `bytes`. O(count).
    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let value = Int(bits >> UInt32(18 - 6 * place)) & 63
                text.append(place <= group.count ? alphabet[value] : padding)
            }
        }
        return text
    }
}
