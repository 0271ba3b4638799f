package import Bytes

/// The names of tokens, read straight into the bytes that they stand for.
extension JSONReader {
    /// Reads a string of byte characters and appends the bytes that they stand for to `bytes`.
    ///
    /// Returns false when some character stands for no byte; `bytes` is then as it was, and the
    /// string's UTF-8 in `other`. O(length).
    package mutating func readName(
        into bytes: inout ByteArena, other: inout [UInt8]
    ) throws(TokenizationError) -> Bool {
        try take(UInt8(ascii: "\""))
        if readNamePart(into: &bytes, until: UInt8(ascii: "\"")) { return true }
        position -= 1
        try readString(into: &other)
        return ByteCharacters.appendBytes(for: other, to: &bytes)
    }

    /// Reads a string of two names with a space between them, the form that merges had until 2024,
    /// and appends the bytes of both to `bytes`.
    ///
    /// Returns where the second begins; `nil` when the names are not two or some character stands for
    /// no byte; `bytes` is then as it was, and the string's UTF-8 in `other`. O(length).
    mutating func readNamePair(
        into bytes: inout ByteArena, other: inout [UInt8]
    ) throws(TokenizationError) -> Int? {
        try take(UInt8(ascii: "\""))
        let start = position
        let before = bytes.count
        if readNamePart(into: &bytes, until: UInt8(ascii: " ")) {
            let middle = bytes.count
            if readNamePart(into: &bytes, until: UInt8(ascii: "\"")) { return middle }
        }
        bytes.truncate(to: before)
        position = start - 1
        try readString(into: &other)
        let names = other.split(separator: 0x20, omittingEmptySubsequences: false)
        guard names.count == 2, ByteCharacters.appendBytes(for: Array(names[0]), to: &bytes) else {
            return nil
        }
        let middle = bytes.count
        guard ByteCharacters.appendBytes(for: Array(names[1]), to: &bytes) else {
            bytes.truncate(to: before)
            return nil
        }
        return middle
    }

    /// Reads byte characters up to `end` and takes it; returns false, with `bytes` and the place as
    /// they were, when something stands there that needs more care.
    @inline(__always)
    private mutating func readNamePart(into bytes: inout ByteArena, until end: UInt8) -> Bool {
        let start = position
        let before = bytes.count
        let table = ByteCharacters.decoding
        var index = start
        while index < text.count {
            let byte = text[index]
            if byte == end {
                position = index + 1
                return true
            }
            var codePoint = Int(byte)
            if byte >= 0x80 {
                // The byte characters that are not ASCII have two bytes: U+00A1 to U+0143.
                guard byte & 0xFC == 0xC0 || byte == 0xC4 || byte == 0xC5, index + 1 < text.count,
                    text[index + 1] & 0xC0 == 0x80
                else { break }
                codePoint = (codePoint & 0x1F) << 6 | Int(text[index + 1] & 0x3F)
                guard codePoint >= 0x80, codePoint < table.count else { break }
                index += 1
            } else if byte == UInt8(ascii: "\"") {
                break
            } else if byte == UInt8(ascii: "\\") {
                guard let escaped = escapedCharacter(at: index), escaped.codePoint < table.count
                else { break }
                codePoint = escaped.codePoint
                index += escaped.length - 1
            }
            let value = table[codePoint]
            guard value >= 0 else { break }
            bytes.append(UInt8(truncatingIfNeeded: value))
            index += 1
        }
        bytes.truncate(to: before)
        return false
    }

    /// The character of an escape sequence in a name, and the length of the sequence; `nil` for those
    /// that stand in no name.
    @inline(__always)
    private func escapedCharacter(at index: Int) -> (codePoint: Int, length: Int)? {
        guard index + 1 < text.count else { return nil }
        switch text[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return (Int(text[index + 1]), 2)
        case UInt8(ascii: "u"):
            guard index + 6 <= text.count else { return nil }
            var value = 0
            for place in index + 2..<index + 6 {
                let digit = text[place]
                switch digit {
                case 0x30...0x39: value = value << 4 | Int(digit - 0x30)
                case 0x41...0x46, 0x61...0x66: value = value << 4 | Int(digit & 0x0F) + 9
                default: return nil
                }
            }
            return (value, 6)
        default: return nil
        }
    }
}
