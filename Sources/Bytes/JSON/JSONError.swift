/// Fault for which a JSON text is refused, and its place.
@usableFromInline package struct JSONError: Error, Equatable {
    /// Fault of a text.
    @usableFromInline package enum Reason: Equatable, Sendable {
        case endsEarly
        case unexpectedByte(UInt8, expected: String)
        case trailingBytes
        case commaBeforeEnd
        case controlCharacter(UInt8)
        case badEscape
        case loneSurrogate
        case invalidUTF8
        case badNumber
        case notWholeNumber
        case numberTooLarge
        case tooDeep(limit: Int)
        case duplicateKey(String)
        /// The text is JSON, and not what its reader wants.
        case refused(String)
    }

    @usableFromInline package var reason: Reason
    /// Bytes before the place.
    @usableFromInline package var offset: Int

    @usableFromInline package init(reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONError.Reason: CustomStringConvertible {
    /// One clause for a person.
    @usableFromInline package var description: String {
        switch self {
        case .endsEarly: "the text ends inside a JSON value"
        case .unexpectedByte(let byte, let expected): "expected \(expected), found \(printed(byte))"
        case .trailingBytes: "something follows the JSON value"
        case .commaBeforeEnd: "nothing follows a comma"
        case .controlCharacter(let byte):
            "the control character \(printed(byte)) must be escaped in a JSON string"
        case .badEscape: "this escape does not exist in JSON"
        case .loneSurrogate: "this escape is one half of a surrogate pair without the other"
        case .invalidUTF8: "this is not valid UTF-8"
        case .badNumber: "this is not a JSON number"
        case .notWholeNumber: "expected a whole number"
        case .numberTooLarge: "the number is too large"
        case .tooDeep(let limit): "the nesting of arrays and objects is deeper than \(limit)"
        case .duplicateKey(let key): "the key \"\(key)\" appears twice"
        case .refused(let reason): reason
        }
    }

    private func printed(_ byte: UInt8) -> String {
        if (0x21...0x7E).contains(byte) { return "'\(Character(UnicodeScalar(byte)))'" }
        let digits = String(byte, radix: 16, uppercase: true)
        return "byte 0x" + (digits.count == 1 ? "0" : "") + digits
    }
}
