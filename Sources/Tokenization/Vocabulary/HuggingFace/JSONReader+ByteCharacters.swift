public import Bytes

/// A reader of vocabularies in JSON.
package typealias JSONReader = JSONPullReader<TokenizationError>

extension TokenizationError: JSONFailure {
    @usableFromInline package init(_ error: JSONError, path: String) {
        self = .malformed(path: path, offset: error.offset, reason: "\(error.reason)")
    }
}

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
    /// Returns where the second begins; `nil` when the names are not two or some character stands
    /// for no byte; `bytes` is then as it was, and the string's UTF-8 in `other`. O(length).
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
                guard let escape = escape(at: index), escape.scalar.value < table.count else {
                    break
                }
                codePoint = Int(escape.scalar.value)
                index += escape.byteCount - 1
            }
            let value = table[codePoint]
            guard value >= 0 else { break }
            bytes.append(UInt8(truncatingIfNeeded: value))
            index += 1
        }
        bytes.truncate(to: before)
        return false
    }
}
