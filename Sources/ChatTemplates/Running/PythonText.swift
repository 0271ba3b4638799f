extension Interpreter {
    /// Text of a value, as Python's `str` has it. O(size).
    func text(of value: Value, at place: Int) throws(TemplateFault) -> TemplateText {
        switch value {
        case .text(let text): return text
        case .undefined: return TemplateText([])
        default:
            var text = TemplateText([])
            try describe(value, into: &text, at: place)
            return text
        }
    }

    /// Appends what Python's `repr` has for a value.
    private func describe(
        _ value: Value, into text: inout TemplateText, at place: Int
    ) throws(TemplateFault) {
        try spend(1, at: place)
        switch value {
        case .undefined: text.append("Undefined")
        case .none: text.append("None")
        case .bool(let flag): text.append(flag ? "True" : "False")
        case .integer(let number): text.append(String(number))
        case .real(let number): text.append(number.pythonText)
        case .text(let inner):
            try spend(inner.count, at: place)
            text.append(quoted: inner)
        case .list(let elements):
            try describe(elements, "[", "]", into: &text, at: place)
        case .tuple(let elements):
            try describe(elements, "(", elements.count == 1 ? ",)" : ")", into: &text, at: place)
        case .mapping(let mapping):
            text.append("{")
            for (index, entry) in mapping.entries.enumerated() {
                if index > 0 { text.append(", ") }
                try deeper(at: place) { () throws(TemplateFault) in
                    try describe(entry.key, into: &text, at: place)
                    text.append(": ")
                    try describe(entry.value, into: &text, at: place)
                }
            }
            text.append("}")
        case .space, .loop, .macro, .method, .function:
            throw TemplateFault(.unsupported, "the text of a \(value.kind)", at: place)
        }
    }

    private func describe(
        _ elements: [Value], _ open: String, _ close: String, into text: inout TemplateText,
        at place: Int
    ) throws(TemplateFault) {
        text.append(open)
        for (index, element) in elements.enumerated() {
            if index > 0 { text.append(", ") }
            try deeper(at: place) { () throws(TemplateFault) in
                try describe(element, into: &text, at: place)
            }
        }
        text.append(close)
    }

    /// How JSON is written, as Python's `json.dumps` takes it.
    struct JSONLayout {
        /// Spaces of a level; nil for one line.
        var indent: TemplateText?
        var separators = (item: TemplateText(", ", .other), key: TemplateText(": ", .other))
        var escapesAll = false
        var sortsKeys = false
    }

    /// Appends a value as JSON. What stands for no text of the value itself is of neither the
    /// template nor a message.
    func json(
        _ value: Value, _ layout: JSONLayout, level: Int = 0, into text: inout TemplateText,
        at place: Int
    ) throws(TemplateFault) {
        try spend(1, at: place)
        switch value {
        case .none: text.append("null", .other)
        case .bool(let flag): text.append(flag ? "true" : "false", .other)
        case .integer(let number): text.append(String(number), .other)
        case .real(let number):
            let word = number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
            text.append(number.isFinite ? number.pythonText : word, .other)
        case .text(let inner):
            try spend(inner.count, at: place)
            text.append(json: inner, escapesAll: layout.escapesAll)
        case .list(let elements), .tuple(let elements):
            try json(
                elements.map { (nil, $0) }, "[", "]", layout, level, into: &text, at: place)
        case .mapping(let mapping):
            var entries: [(TemplateText?, Value)] = []
            for (key, value) in mapping.entries {
                entries.append((try jsonKey(key, at: place), value))
            }
            if layout.sortsKeys {
                entries.sort { a, b in
                    (a.0 ?? TemplateText([])).precedes(b.0 ?? TemplateText([]))
                }
            }
            try json(entries, "{", "}", layout, level, into: &text, at: place)
        case .undefined, .space, .loop, .macro, .method, .function:
            throw TemplateFault(.failed, "\(value.kind) is nothing that JSON has", at: place)
        }
    }

    private func jsonKey(_ key: Value, at place: Int) throws(TemplateFault) -> TemplateText {
        switch key {
        case .text(let text): return text
        case .none: return TemplateText("null", .other)
        case .bool(let flag): return TemplateText(flag ? "true" : "false", .other)
        default: return try text(of: key, at: place)
        }
    }

    private func json(
        _ entries: [(key: TemplateText?, value: Value)], _ open: String, _ close: String,
        _ layout: JSONLayout, _ level: Int, into text: inout TemplateText, at place: Int
    ) throws(TemplateFault) {
        func newLine(_ level: Int) throws(TemplateFault) {
            guard let indent = layout.indent else { return }
            try spend(1 + indent.count * level, at: place)
            text.append("\n", .other)
            for _ in 0..<level { text.characters += indent.characters }
        }
        text.append(open, .other)
        guard !entries.isEmpty else { return text.append(close, .other) }
        for (index, entry) in entries.enumerated() {
            if index > 0 { text.characters += layout.separators.item.characters }
            try newLine(level + 1)
            if let key = entry.key {
                text.append(json: key, escapesAll: layout.escapesAll)
                text.characters += layout.separators.key.characters
            }
            try deeper(at: place) { () throws(TemplateFault) in
                try json(entry.value, layout, level: level + 1, into: &text, at: place)
            }
        }
        try newLine(level)
        text.append(close, .other)
    }
}

extension TemplateText {
    mutating func append(_ text: String, _ origin: Origin = .template) {
        characters += text.unicodeScalars.lazy.map { Character($0.value, origin) }
    }

    /// Appends a text as Python writes it, in single quotes unless it has such and no double ones.
    fileprivate mutating func append(quoted text: TemplateText) {
        let hasSingle = text.characters.contains { $0.scalar == 0x27 }
        let hasDouble = text.characters.contains { $0.scalar == 0x22 }
        let quote: UInt32 = hasSingle && !hasDouble ? 0x22 : 0x27
        characters.append(Character(quote, .other))
        for character in text.characters {
            switch character.scalar {
            case quote, 0x5C: append("\\", .other)
            case 0x0A, 0x0D, 0x09:
                let letter = ["\n": "\\n", "\r": "\\r", "\t": "\\t"] as [Unicode.Scalar: String]
                append(Unicode.Scalar(character.scalar).flatMap { letter[$0] } ?? "", .other)
                continue
            case 0..<0x20, 0x7F..<0xA0, 0xAD:
                append("\\x" + Self.hex(character.scalar, 2), .other)
                continue
            default: break
            }
            characters.append(character)
        }
        characters.append(Character(quote, .other))
    }

    /// Appends a text as a string of JSON.
    fileprivate mutating func append(json text: TemplateText, escapesAll: Bool) {
        append("\"", .other)
        for character in text.characters {
            switch character.scalar {
            case 0x22, 0x5C:
                append("\\", .other)
                characters.append(character)
            case 0x0A: append("\\n", .other)
            case 0x0D: append("\\r", .other)
            case 0x09: append("\\t", .other)
            case 0x08: append("\\b", .other)
            case 0x0C: append("\\f", .other)
            case 0..<0x20: append("\\u" + Self.hex(character.scalar, 4), .other)
            case 0x7F... where escapesAll && character.scalar > 0x7E:
                if character.scalar == 0x7F {
                    characters.append(character)
                } else {
                    for unit in String(
                        String.UnicodeScalarView([Unicode.Scalar(character.scalar) ?? "?"])
                    ).utf16 { append("\\u" + Self.hex(UInt32(unit), 4), .other) }
                }
            default: characters.append(character)
            }
        }
        append("\"", .other)
    }

    private static func hex(_ number: UInt32, _ digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}

extension Double {
    /// The number as Python writes it.
    var pythonText: String {
        if isNaN { return "nan" }
        if isInfinite { return self < 0 ? "-inf" : "inf" }
        return description
    }
}
