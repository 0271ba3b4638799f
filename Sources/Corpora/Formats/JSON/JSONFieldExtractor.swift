import Bytes

/// Takes one string out of a JSON object, and checks that all of the object is JSON.
///
/// The grammar is that of RFC 8259, without leniency, and no tree is made: values that are not
/// wanted are only looked over. Of a key that occurs twice the last value counts, as in Python's
/// `json` and most other readers. Nesting is limited, since the data must not choose the depth of a
/// stack.
struct JSONFieldExtractor {
    /// The deepest nesting of arrays and objects that is accepted.
    static let nestingLimit = 512

    private let field: FieldPath
    /// Whether a value may be the text itself, as in an array of strings.
    private let acceptsStrings: Bool

    /// Takes the value at `field`.
    init(field: FieldPath, acceptsStrings: Bool = false) {
        self.field = field
        self.acceptsStrings = acceptsStrings
    }

    /// The text in `line`, decoded to UTF-8. O(count).
    ///
    /// - Parameter replacesLoneSurrogates: U+FFFD stands for a lone half of a surrogate pair, which
    ///   else is refused.
    func text(
        in line: Span<UInt8>, replacesLoneSurrogates: Bool = false
    ) throws(JSONError) -> [UInt8] {
        var scanner = JSONScanner(replacesLoneSurrogates: replacesLoneSurrogates)
        scanner.skipWhitespace(line)
        let start = scanner.offset
        let value: Value
        switch scanner.next(line) {
        case UInt8(ascii: "{"):
            value = try scanObject(line, &scanner, level: 0)
        case UInt8(ascii: "\"") where acceptsStrings:
            value = .text(try scanner.decodeString(line))
        default:
            throw scanner.fault(acceptsStrings ? .notAnObjectOrString : .notAnObject, line)
        }
        scanner.skipWhitespace(line)
        guard scanner.next(line) == nil else { throw scanner.fault(.trailingBytes, line) }
        switch value {
        case .text(let text): return text
        case .absent: throw JSONError(reason: .missingField(field.text), offset: start)
        case .other(let offset):
            throw JSONError(reason: .fieldIsNotText(field.text), offset: offset)
        }
    }

    /// The members of the object in `line` with these names, in the order of the names, as they
    /// stand there but without line ends. O(count).
    ///
    /// None of an object that cannot be read to its end, which is one of those whose text was
    /// repaired. Of a key that occurs twice the last value counts.
    func fields(_ names: [[UInt8]], in line: Span<UInt8>) -> [UInt8] {
        var scanner = JSONScanner()
        var values = [Range<Int>?](repeating: nil, count: names.count)
        do throws(JSONError) {
            scanner.skipWhitespace(line)
            guard scanner.next(line) == UInt8(ascii: "{") else { return [] }
            scanner.offset += 1
            scanner.skipWhitespace(line)
            while scanner.next(line) != UInt8(ascii: "}") {
                let key = try scanner.scanKey(line)
                let start = scanner.offset
                try scanner.skipValue(line, depth: 1, limit: Self.nestingLimit)
                for place in names.indices where scanner.says(names[place], key, line) {
                    values[place] = start..<scanner.offset
                }
                scanner.skipWhitespace(line)
                guard scanner.next(line) != UInt8(ascii: "}") else { break }
                try scanner.expect(UInt8(ascii: ","), "',' or '}'", line)
                scanner.skipWhitespace(line)
            }
        } catch {
            return []
        }
        var fields: [UInt8] = []
        for (name, range) in zip(names, values) {
            guard let range else { continue }
            if !fields.isEmpty { fields.append(UInt8(ascii: ",")) }
            JSONString.append(name.span, to: &fields)
            fields.append(UInt8(ascii: ":"))
            for index in range {
                let byte = line[index]
                // Only between values: inside a string no line can end.
                fields.append(byte == 0x0A || byte == 0x0D ? 0x20 : byte)
            }
        }
        return fields
    }

    private enum Value {
        case absent
        case text([UInt8])
        case other(offset: Int)
    }

    /// Passes an object, in which the name at `level` of the path is looked for.
    private func scanObject(
        _ line: Span<UInt8>, _ scanner: inout JSONScanner, level: Int
    ) throws(JSONError) -> Value {
        scanner.offset += 1
        scanner.skipWhitespace(line)
        var value = Value.absent
        if scanner.next(line) == UInt8(ascii: "}") {
            scanner.offset += 1
            return value
        }
        let name = field.names[level]
        while true {
            let key = try scanner.scanKey(line)
            let isWanted = scanner.says(name, key, line)
            if isWanted {
                value = try scanValue(line, &scanner, level: level)
            } else if scanner.next(line) == UInt8(ascii: "\"") {
                _ = try scanner.scanString(line)
            } else {
                try scanner.skipValue(line, depth: level + 1, limit: Self.nestingLimit)
            }
            scanner.skipWhitespace(line)
            if scanner.next(line) == UInt8(ascii: "}") {
                scanner.offset += 1
                return value
            }
            try scanner.expect(UInt8(ascii: ","), "',' or '}'", line)
            scanner.skipWhitespace(line)
        }
    }

    /// Passes a value on the path.
    private func scanValue(
        _ line: Span<UInt8>, _ scanner: inout JSONScanner, level: Int
    ) throws(JSONError) -> Value {
        let isLast = level == field.names.count - 1
        let start = scanner.offset
        switch scanner.next(line) {
        case UInt8(ascii: "\"") where isLast:
            return .text(try scanner.decodeString(line))
        case UInt8(ascii: "{") where !isLast && level + 1 < Self.nestingLimit:
            return try scanObject(line, &scanner, level: level + 1)
        default:
            try scanner.skipValue(line, depth: level + 1, limit: Self.nestingLimit)
            return isLast ? .other(offset: start) : .absent
        }
    }
}

extension JSONError.Reason {
    static let notAnObject = Self.refused("the line is not a JSON object")
    static let notAnObjectOrString = Self.refused("this is neither a JSON object nor a string")

    static func missingField(_ name: String) -> Self {
        .refused("the object has no field \"\(name)\"; corpus.text_field names another")
    }

    static func fieldIsNotText(_ name: String) -> Self {
        .refused("the field \"\(name)\" is not a string")
    }
}
