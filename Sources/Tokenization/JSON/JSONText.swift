/// A JSON text that grows line by line, in the layout that `tokenizers` saves: two spaces a level,
/// one member a line, no line break at the end.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private var depth = 0
    private var needsComma = false

    /// Appends an object as an element or, with `key`, as a member.
    mutating func object(_ key: String? = nil, _ body: (inout JSONText) -> Void) {
        group(key, open: "{", close: "}", body)
    }

    /// Appends an array as an element or, with `key`, as a member.
    mutating func array(_ key: String? = nil, _ body: (inout JSONText) -> Void) {
        group(key, open: "[", close: "]", body)
    }

    /// Appends `value`, which must be JSON already, as an element or, with `key`, as a member.
    mutating func value(_ key: String? = nil, _ value: String) {
        startLine(key)
        bytes.append(contentsOf: value.utf8)
        needsComma = true
    }

    /// Appends a string as an element or, with `key`, as a member.
    mutating func string(_ key: String? = nil, _ text: String) {
        startLine(key)
        quote(text)
        needsComma = true
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
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        if depth > 0 { newLine() }
        if let key {
            quote(key)
            bytes.append(contentsOf: ": ".utf8)
        }
    }

    private mutating func newLine() {
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
            case 0x08: bytes.append(contentsOf: #"\b"#.utf8)
            case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
            case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
            case 0x0C: bytes.append(contentsOf: #"\f"#.utf8)
            case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
            case 0..<0x20:
                bytes.append(contentsOf: (byte < 0x10 ? #"\u000"# : #"\u00"#).utf8)
                bytes.append(contentsOf: String(byte, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
