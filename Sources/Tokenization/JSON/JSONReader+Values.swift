import Bytes

extension JSONReader {
    /// Reads a whole number from 0 to 2³² − 1.
    package mutating func readID() throws(TokenizationError) -> UInt32 {
        guard let first = peek(), first >= 0x30, first <= 0x39 else {
            throw failure("expected a whole number but found \(Self.name(of: peek()))")
        }
        let start = position
        var value: UInt64 = 0
        while position < text.count, text[position] >= 0x30, text[position] <= 0x39 {
            value = value * 10 + UInt64(text[position] - 0x30)
            guard value <= UInt64(UInt32.max) else { throw failure("the number is too large") }
            position += 1
        }
        if first == 0x30, position > start + 1 { throw failure("a number starts with 0") }
        if position < text.count {
            switch text[position] {
            case 0x2E, 0x45, 0x65: throw failure("expected a whole number")
            default: break
            }
        }
        return UInt32(value)
    }

    /// Reads `null`, `true` or `false`.
    private mutating func readLiteral(_ word: String) throws(TokenizationError) {
        guard text.hasPrefix(Array(word.utf8), at: position) else {
            throw failure("expected a value but found \(Self.name(of: peek()))")
        }
        position += word.utf8.count
    }

    /// Reads any value as a tree. For the small parts of a file.
    package mutating func readValue() throws(TokenizationError) -> JSONValue {
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [JSONValue.Member] = []
            try readObject { (reader, key) throws(TokenizationError) in
                members.append(JSONValue.Member(key: key, value: try reader.readValue()))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try readArray { (reader) throws(TokenizationError) in
                elements.append(try reader.readValue())
            }
            return .array(elements)
        case UInt8(ascii: "\""):
            return .string(try readString())
        case UInt8(ascii: "n"):
            try readLiteral("null")
            return .null
        case UInt8(ascii: "t"):
            try readLiteral("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try readLiteral("false")
            return .bool(false)
        default:
            return .number(try readNumber())
        }
    }

    /// Reads any value and forgets it. O(length).
    package mutating func skipValue() throws(TokenizationError) {
        switch peek() {
        case UInt8(ascii: "{"):
            try readObject { (reader, _) throws(TokenizationError) in try reader.skipValue() }
        case UInt8(ascii: "["):
            try readArray { (reader) throws(TokenizationError) in try reader.skipValue() }
        default:
            _ = try readValue()
        }
    }

    /// Reads `true` or `false`.
    mutating func readBool() throws(TokenizationError) -> Bool {
        guard case .bool(let value) = try readValue() else {
            throw failure("expected true or false")
        }
        return value
    }

    private mutating func readNumber() throws(TokenizationError) -> String {
        _ = peek()
        let start = position
        func isDigit(_ index: Int) -> Bool {
            index < text.count && text[index] >= 0x30 && text[index] <= 0x39
        }
        var index = position
        if index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
        guard isDigit(index) else {
            throw failure("expected a value but found \(Self.name(of: peek()))")
        }
        if text[index] == 0x30 {
            index += 1
        } else {
            while isDigit(index) { index += 1 }
        }
        if index < text.count, text[index] == UInt8(ascii: ".") {
            guard isDigit(index + 1) else { throw failure("a number ends with its point") }
            index += 1
            while isDigit(index) { index += 1 }
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < text.count, text[index] == 0x2B || text[index] == 0x2D { index += 1 }
            guard isDigit(index) else { throw failure("a number ends before its exponent") }
            while isDigit(index) { index += 1 }
        }
        position = index
        return String(decoding: text.array(from: start, to: index), as: UTF8.self)
    }
}
