/// Fault of a JSON text that a person has written: where, what, and what to do about it.
package struct WrittenJSONError: Error, Equatable, Sendable, CustomStringConvertible {
    package let place: TextPlace
    /// Clauses for a person, without the place.
    package let reason: String
    /// Whether the text is one line, of which only the column is said.
    private let isOneLine: Bool

    /// The fault `error` of `text`.
    package init(_ error: JSONError, in text: [UInt8]) {
        place = TextPlace(offset: error.offset, in: text)
        reason = Self.reason(error, text)
        isOneLine = !text.contains(UInt8(ascii: "\n"))
    }

    /// "line 3, column 14: …", or "column 14: …" of a text that is one line.
    package var description: String {
        "\(isOneLine ? "column \(place.column)" : place.description): \(reason)"
    }

    private static func reason(_ error: JSONError, _ text: [UInt8]) -> String {
        switch error.reason {
        case .unexpectedByte(let byte, let expected):
            advice(byte, expected, text, error.offset) ?? error.reason.description
        case .badNumber:
            "\(error.reason); write digits, as in 10, -0.5 or 3e-4, without zeros in front"
        case .commaBeforeEnd: "nothing follows this comma; remove it"
        case .duplicateKey: "\(error.reason); keep one of the two"
        case .trailingBytes: trailing(text, error.offset) ?? error.reason.description
        case .endsEarly: "the text ends inside a JSON value; close every quote, ] and }"
        case .controlCharacter(UInt8(ascii: "\n")), .controlCharacter(UInt8(ascii: "\r")):
            "the line ends inside a string; close its quotes, or write \\n for a line break"
        case .badEscape: "\(error.reason); write \\\\ for a backslash"
        default: error.reason.description
        }
    }

    /// Advice for what people write that JSON does not know; nil for anything else.
    private static func advice(
        _ byte: UInt8, _ expected: String, _ text: [UInt8], _ offset: Int
    ) -> String? {
        let word = self.word(in: text, offset)
        let wantsComma = expected.hasPrefix("','")
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: "#"):
            return "JSON has no comments; remove this one"
        case UInt8(ascii: "'"), UInt8(ascii: "`"):
            return "JSON has double quotes only; write \" in place of \(character(byte))"
        case 0xFE where offset == 0, 0xFF where offset == 0:
            return "the file is UTF-16; save it as UTF-8"
        case 0xE2:
            guard let quote = roundQuote(in: text, offset) else { return nil }
            return "JSON has straight double quotes only; write \" in place of \(quote)"
        case UInt8(ascii: ",") where !wantsComma:
            let missing = expected == "'\"'" ? "a key" : expected
            return "expected \(missing) before this comma; remove it, or add what is missing"
        case UInt8(ascii: "=") where expected == "':'":
            return "a colon stands between a key and its value; write : in place of ="
        case UInt8(ascii: "+"), UInt8(ascii: "."):
            guard !wantsComma else { return nil }
            return "a JSON number begins with a digit or a minus; write 0.5, not .5 or +0.5"
        default: break
        }
        if wantsComma {
            // Digits run into letters in 0x10 and 10k.
            if offset > 0, isWordByte(text[offset - 1]), !word.isEmpty {
                return "this is not a JSON number; write its digits alone"
            }
            let begins = [UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "[")]
            return word.isEmpty && !begins.contains(byte)
                ? nil : "expected \(expected), found \(character(byte)); is a comma missing before?"
        }
        guard !word.isEmpty else { return nil }
        switch (expected, word.lowercased()) {
        case ("a JSON value", "nan"), ("a JSON value", "infinity"), ("a JSON value", "inf"):
            return "JSON has no \(word); give a number"
        case ("a JSON value", "true"), ("a JSON value", "false"), ("a JSON value", "null"):
            return "write \(word.lowercased()) in small letters"
        case ("a JSON value", "none"), ("a JSON value", "nil"):
            return "JSON has no \(word); write null"
        case ("a JSON value", _): return "a text stands in double quotes; write \"\(word)\""
        case ("'\"'", _): return "a key stands in double quotes; write \"\(word)\""
        default: return nil
        }
    }

    /// The quotation mark of a word processor at `offset`; nil for another character.
    private static func roundQuote(in text: [UInt8], _ offset: Int) -> Character? {
        let character = String(decoding: text[offset...].prefix(3), as: UTF8.self)
        return character.first.flatMap {
            "\u{2018}\u{2019}\u{201C}\u{201D}".contains($0) ? $0 : nil
        }
    }

    private static func trailing(_ text: [UInt8], _ offset: Int) -> String? {
        switch text[offset] {
        case UInt8(ascii: "/"), UInt8(ascii: "#"): "JSON has no comments; remove this one"
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            "this \(character(text[offset])) closes nothing; remove it"
        default: nil
        }
    }

    private static func character(_ byte: UInt8) -> Character { Character(Unicode.Scalar(byte)) }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
            || byte == UInt8(ascii: "_")
    }

    /// The letters, digits and underscores from `offset` on.
    private static func word(in text: [UInt8], _ offset: Int) -> String {
        String(decoding: text[offset...].prefix(while: isWordByte), as: UTF8.self)
    }
}
