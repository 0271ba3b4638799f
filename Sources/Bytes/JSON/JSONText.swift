/// A JSON text that grows line by line, in the layout that `tokenizers` saves: two spaces a level,
/// one member a line, no line break at the end.
package struct JSONText {
    package private(set) var bytes: [UInt8] = []
    private var depth = 0
    private var needsComma = false

    /// Whether everything stands on one line.
    private let isCompact: Bool

    package init(isCompact: Bool = false) {
        self.isCompact = isCompact
    }

    /// Appends an object as an element or, with `key`, as a member.
    package mutating func object(_ key: String? = nil, _ body: (inout JSONText) -> Void) {
        group(key, open: "{", close: "}", body)
    }

    /// Appends an array as an element or, with `key`, as a member.
    package mutating func array(_ key: String? = nil, _ body: (inout JSONText) -> Void) {
        group(key, open: "[", close: "]", body)
    }

    /// Appends `value`, which must be JSON already, as an element or, with `key`, as a member.
    package mutating func value(_ key: String? = nil, _ value: String) {
        startLine(key)
        bytes.append(contentsOf: value.utf8)
        needsComma = true
    }

    /// Appends a string as an element or, with `key`, as a member.
    package mutating func string(_ key: String? = nil, _ text: String) {
        startLine(key)
        quote(text)
        needsComma = true
    }

    /// Appends any value as an element or, with `key`, as a member.
    package mutating func value(_ key: String? = nil, _ value: JSONValue) {
        switch value {
        case .null: self.value(key, "null")
        case .bool(let flag): self.value(key, flag ? "true" : "false")
        case .number(let spelling): self.value(key, spelling)
        case .string(let text): string(key, text)
        case .array(let elements):
            array(key) { json in
                for element in elements { json.value(nil, element) }
            }
        case .object(let members):
            object(key) { json in
                for member in members { json.value(member.key, member.value) }
            }
        }
    }

    private mutating func group(
        _ key: String?, open: String, close: String, _ body: (inout JSONText) -> Void
    ) {
        startLine(key)
        bytes.append(contentsOf: open.utf8)
        depth += 1
        needsComma = false
        let empty = bytes.count
        body(&self)
        depth -= 1
        if bytes.count > empty { newLine() }
        bytes.append(contentsOf: close.utf8)
        needsComma = true
    }

    private mutating func startLine(_ key: String?) {
        if needsComma { bytes.append(contentsOf: (isCompact ? ", " : ",").utf8) }
        if depth > 0 { newLine() }
        if let key {
            quote(key)
            bytes.append(contentsOf: ": ".utf8)
        }
    }

    private mutating func newLine() {
        guard !isCompact else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }

    private mutating func quote(_ text: String) {
        JSONString.append(text.utf8Span.span, to: &bytes, usesShortEscapes: true)
    }
}

/// Writes text as a JSON string.
public enum JSONString {
    /// Appends `text`, which is valid UTF-8, with quotes around it and the escapes that RFC 8259
    /// demands and no others. O(count).
    public static func append(_ text: Span<UInt8>, to output: inout [UInt8]) {
        append(text, to: &output, usesShortEscapes: false)
    }

    /// - Parameter usesShortEscapes: backspace and form feed are `\b` and `\f`, as Rust's writers
    ///   have them, and else `\u0008` and `\u000c`.
    package static func append(
        _ text: Span<UInt8>, to output: inout [UInt8], usesShortEscapes: Bool
    ) {
        output.append(UInt8(ascii: "\""))
        var start = 0
        for index in text.indices {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
                continue
            }
            output.append(copying: text.extracting(start..<index))
            start = index + 1
            output.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\n"): output.append(UInt8(ascii: "n"))
            case UInt8(ascii: "\t"): output.append(UInt8(ascii: "t"))
            case UInt8(ascii: "\r"): output.append(UInt8(ascii: "r"))
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
            case 0x08 where usesShortEscapes: output.append(UInt8(ascii: "b"))
            case 0x0C where usesShortEscapes: output.append(UInt8(ascii: "f"))
            default:
                let digits = Array("0123456789abcdef".utf8)
                output += [
                    UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"),
                    digits[Int(byte >> 4)], digits[Int(byte & 15)],
                ]
            }
        }
        output.append(copying: text.extracting(droppingFirst: start))
        output.append(UInt8(ascii: "\""))
    }
}
