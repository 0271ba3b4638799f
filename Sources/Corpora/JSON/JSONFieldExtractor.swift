/// Takes one string out of a JSON object, and checks that all of the object is JSON.
///
/// The grammar is that of RFC 8259, without leniency, and no tree is made: values that are not wanted
/// are only looked over. Of a key that occurs twice the last value counts, as in Python's `json`
/// and most other readers. Nesting is limited, since the data must not choose the depth of a stack.
struct JSONFieldExtractor {
    /// The deepest nesting of arrays and objects that is accepted.
    static let nestingLimit = 512

    private let field: String
    private let fieldBytes: [UInt8]

    /// Takes the value of the top-level key `field`.
    init(field: String) {
        self.field = field
        fieldBytes = Array(field.utf8)
    }

    /// The text in `line`, decoded to UTF-8. O(count).
    func text(in line: Span<UInt8>) throws(JSONLineFault) -> [UInt8] {
        var scanner = JSONScanner()
        scanner.skipWhitespace(line)
        guard scanner.next(line) == UInt8(ascii: "{") else {
            throw scanner.fault(.notAnObject, line)
        }
        let start = scanner.offset
        scanner.offset += 1
        scanner.skipWhitespace(line)
        var value = Value.absent
        if scanner.next(line) == UInt8(ascii: "}") {
            scanner.offset += 1
        } else {
            value = try scanMembers(line, &scanner)
        }
        scanner.skipWhitespace(line)
        guard scanner.next(line) == nil else { throw scanner.fault(.trailingBytes, line) }
        switch value {
        case .text(let string): return scanner.decoded(string, line)
        case .absent: throw JSONLineFault(reason: .missingField(field), offset: start)
        case .other(let offset): throw JSONLineFault(reason: .fieldIsNotText(field), offset: offset)
        }
    }

    private enum Value {
        case absent
        case text(JSONScanner.StringToken)
        case other(offset: Int)
    }

    /// Passes the members of an object that is not empty, and its end.
    private func scanMembers(
        _ line: Span<UInt8>, _ scanner: inout JSONScanner
    ) throws(JSONLineFault) -> Value {
        var value = Value.absent
        while true {
            let key = try scanner.scanKey(line)
            // Keys of another length need not be decoded to be told apart.
            let isWanted =
                key.decodedCount == fieldBytes.count && scanner.decoded(key, line) == fieldBytes
            if scanner.next(line) == UInt8(ascii: "\"") {
                let string = try scanner.scanString(line)
                if isWanted { value = .text(string) }
            } else {
                if isWanted { value = .other(offset: scanner.offset) }
                try scanner.skipValue(line, depth: 1, limit: Self.nestingLimit)
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
}
