/// Why a line was refused, and where.
struct JSONLineFault: Error, Equatable {
    /// What is wrong with a line.
    enum Reason: Equatable {
        case endsEarly
        case notAnObject
        case notAnObjectOrString
        case unexpectedByte(UInt8, expected: String)
        case trailingBytes
        case controlCharacter(UInt8)
        case badEscape
        case loneSurrogate
        case invalidUTF8
        case badNumber
        case tooDeep(limit: Int)
        case missingField(String)
        case fieldIsNotText(String)
    }

    var reason: Reason
    /// Bytes before the place.
    var offset: Int
}

extension JSONLineFault.Reason: CustomStringConvertible {
    /// One clause for a person.
    var description: String {
        switch self {
        case .endsEarly:
            "the line ends inside its JSON value"
        case .notAnObjectOrString:
            "this is neither a JSON object nor a string"
        case .notAnObject:
            "the line is not a JSON object"
        case .unexpectedByte(let byte, let expected):
            "expected \(expected), found \(printed(byte))"
        case .trailingBytes:
            "something follows the JSON object"
        case .controlCharacter(let byte):
            "the control character \(printed(byte)) must be escaped in a JSON string"
        case .badEscape:
            "this escape does not exist in JSON"
        case .loneSurrogate:
            "this escape is one half of a surrogate pair without the other; "
                + "corpus.invalid_utf8 = replace puts U+FFFD for it"
        case .invalidUTF8:
            "this is not valid UTF-8; "
                + "corpus.invalid_utf8 = replace puts U+FFFD for it"
        case .badNumber:
            "this is not a JSON number"
        case .tooDeep(let limit):
            "arrays and objects are nested deeper than \(limit)"
        case .missingField(let name):
            "the object has no field \"\(name)\"; corpus.text_field names another"
        case .fieldIsNotText(let name):
            "the field \"\(name)\" is not a string"
        }
    }

    private func printed(_ byte: UInt8) -> String {
        if (0x21...0x7E).contains(byte) { return "'\(Character(UnicodeScalar(byte)))'" }
        let digits = String(byte, radix: 16, uppercase: true)
        return "byte 0x" + (digits.count == 1 ? "0" : "") + digits
    }
}
