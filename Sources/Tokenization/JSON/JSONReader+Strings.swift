import Bytes

extension JSONReader {
    /// Reads a string.
    package mutating func readString() throws(TokenizationError) -> String {
        var bytes: [UInt8] = []
        try readString(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a string, leaving its UTF-8 in `bytes`. O(length).
    package mutating func readString(into bytes: inout [UInt8]) throws(TokenizationError) {
        try take(UInt8(ascii: "\""))
        bytes.removeAll(keepingCapacity: true)
        while position < text.count {
            let byte = text[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                try readEscape(into: &bytes)
            case 0..<0x20:
                throw failure("a control character stands in a string")
            case 0..<0x80:
                bytes.append(byte)
                position += 1
            default:
                let (value, length) = decodeCodePoint(text, position)
                guard value != nil else { throw failure("a string is not UTF-8") }
                for offset in 0..<length { bytes.append(text[position + offset]) }
                position += length
            }
        }
        throw failure("a string has no end")
    }

    private mutating func readEscape(into bytes: inout [UInt8]) throws(TokenizationError) {
        guard position + 1 < text.count else { throw failure("a string has no end") }
        let letter = text[position + 1]
        position += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(letter)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            var value = try readHexadecimal()
            if value >= 0xD800, value < 0xDC00 {
                guard text.hasPrefix([0x5C, 0x75], at: position) else {
                    throw failure("half of a surrogate pair stands alone")
                }
                position += 2
                let low = try readHexadecimal()
                guard low >= 0xDC00, low < 0xE000 else {
                    throw failure("half of a surrogate pair stands alone")
                }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else {
                throw failure("half of a surrogate pair stands alone")
            }
            bytes.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrappedBytes)
        default:
            throw failure("an escape sequence is unknown")
        }
    }

    private mutating func readHexadecimal() throws(TokenizationError) -> UInt32 {
        guard position + 4 <= text.count else { throw failure("a string has no end") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(text[position])).hexDigitValue else {
                throw failure("\\u needs four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}

extension Optional where Wrapped == UTF8.EncodedScalar {
    /// The UTF-8 of a scalar, which always has one.
    fileprivate var unsafelyUnwrappedBytes: [UInt8] {
        guard let self else { preconditionFailure("a scalar without UTF-8") }
        return Array(self)
    }
}
