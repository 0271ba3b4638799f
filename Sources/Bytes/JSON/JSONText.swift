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
