@testable import Bytes

/// A reader of JSON by recursive descent over characters, straight from the grammar of RFC 8259:
/// slow, without limits, and what the lexer is compared to.
struct PlainJSON {
    private var rest: Substring.UnicodeScalarView

    /// The value that `bytes` write; nil where they are no JSON. Keys may appear twice.
    static func value(of bytes: [UInt8]) -> JSONValue? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var reader = PlainJSON(rest: text[...].unicodeScalars)
        guard let value = reader.paddedValue(), reader.rest.isEmpty else { return nil }
        return value
    }

    private mutating func skipSpace() {
        rest = rest.drop { " \t\n\r".unicodeScalars.contains($0) }
    }

    /// Takes `scalar` if it is next.
    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func take(word: String) -> Bool {
        guard rest.starts(with: word.unicodeScalars) else { return false }
        rest.removeFirst(word.unicodeScalars.count)
        return true
    }

    private mutating func paddedValue() -> JSONValue? {
        skipSpace()
        defer { skipSpace() }
        if take("{") { return members().map { .object($0) } }
        if take("[") { return list(until: "]") { $0.paddedValue() }.map { .array($0) } }
        if take("\"") { return string().map { .string($0) } }
        if take(word: "null") { return .null }
        if take(word: "true") { return .bool(true) }
        if take(word: "false") { return .bool(false) }
        return number().map { .number($0) }
    }

    private mutating func members() -> [JSONValue.Member]? {
        list(until: "}") { reader in
            reader.skipSpace()
            guard reader.take("\""), let key = reader.string() else { return nil }
            reader.skipSpace()
            guard reader.take(":"), let value = reader.paddedValue() else { return nil }
            return JSONValue.Member(key: key, value: value)
        }
    }

    private mutating func list<Element>(
        until end: Unicode.Scalar, _ element: (inout PlainJSON) -> Element?
    ) -> [Element]? {
        skipSpace()
        if take(end) { return [] }
        var elements: [Element] = []
        repeat {
            guard let next = element(&self) else { return nil }
            elements.append(next)
        } while take(",")
        return take(end) ? elements : nil
    }

    private mutating func string() -> String? {
        var units: [UInt16] = []
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"":
                // Only an escape can write a half of a pair: all other units are of characters.
                var text = ""
                return transcode(
                    units.makeIterator(), from: UTF16.self, to: UTF32.self, stoppingOnError: true,
                    into: { text.unicodeScalars.append(Unicode.Scalar($0)!) }) ? nil : text
            case "\\":
                guard let unit = escape() else { return nil }
                units.append(unit)
            case "\u{0}"..."\u{1F}": return nil
            default: units.append(contentsOf: UTF16.encode(scalar)!)
            }
        }
        return nil
    }

    private mutating func escape() -> UInt16? {
        let short: [Unicode.Scalar: UInt16] = [
            "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9,
        ]
        guard let scalar = rest.popFirst() else { return nil }
        guard scalar == "u" else { return short[scalar] }
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        guard digits.count == 4, digits.allSatisfy(\.properties.isASCIIHexDigit) else { return nil }
        return UInt16(String(digits), radix: 16)
    }

    private mutating func number() -> String? {
        var text = String.UnicodeScalarView()
        func digits(_ reader: inout PlainJSON) -> Bool {
            let run = reader.rest.prefix { ("0"..."9").contains($0) }
            reader.rest = reader.rest.dropFirst(run.count)
            text.append(contentsOf: run)
            return !run.isEmpty
        }
        if take("-") { text.append("-") }
        if take("0") { text.append("0") } else if !digits(&self) { return nil }
        if take(".") {
            text.append(".")
            guard digits(&self) else { return nil }
        }
        if let mark = rest.first, mark == "e" || mark == "E" {
            text.append(rest.removeFirst())
            if take("+") { text.append("+") } else if take("-") { text.append("-") }
            guard digits(&self) else { return nil }
        }
        return String(text)
    }
}
