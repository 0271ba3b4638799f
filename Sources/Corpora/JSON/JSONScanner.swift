/// Goes over the bytes of one JSON text and objects to the first that breaks the grammar.
///
/// Every method is given the same bytes. Source of the grammar: RFC 8259.
struct JSONScanner {
    /// A string that was found good: its bytes between the quotes.
    struct StringToken {
        var range: Range<Int>
        /// The count of its bytes once escapes are decoded.
        var decodedCount: Int
    }

    /// Bytes that were passed.
    var offset = 0

    /// U+FFFD stands for one half of a surrogate pair without the other, which else is a fault.
    var replacesLoneSurrogates = false

    /// The byte at the offset.
    func next(_ bytes: Span<UInt8>) -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    /// The fault of `reason` here, or that the line ends here.
    func fault(_ reason: JSONLineFault.Reason, _ bytes: Span<UInt8>) -> JSONLineFault {
        JSONLineFault(reason: offset < bytes.count ? reason : .endsEarly, offset: offset)
    }

    mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                offset += 1
            default: return
            }
        }
    }

    /// Passes `byte`, or says that it was `expected`.
    mutating func expect(
        _ byte: UInt8, _ expected: String, _ bytes: Span<UInt8>
    ) throws(JSONLineFault) {
        let found = next(bytes)
        guard found == byte else {
            throw fault(.unexpectedByte(found ?? 0, expected: expected), bytes)
        }
        offset += 1
    }

    /// Passes a key, its colon, and the white space around them.
    mutating func scanKey(_ bytes: Span<UInt8>) throws(JSONLineFault) -> StringToken {
        guard next(bytes) == UInt8(ascii: "\"") else {
            throw fault(.unexpectedByte(next(bytes) ?? 0, expected: "a key in quotes"), bytes)
        }
        let key = try scanString(bytes)
        skipWhitespace(bytes)
        try expect(UInt8(ascii: ":"), "':'", bytes)
        skipWhitespace(bytes)
        return key
    }

    /// Passes a value of any kind, at `depth` arrays and objects already open. O(its bytes).
    mutating func skipValue(
        _ bytes: Span<UInt8>, depth outerDepth: Int, limit: Int
    ) throws(JSONLineFault) {
        /// Whether each of the open arrays and objects is an object, the innermost last.
        var isObject: [Bool] = []
        while true {
            let first = next(bytes)
            var isOpened = false
            switch first {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard outerDepth + isObject.count < limit else {
                    throw fault(.tooDeep(limit: limit), bytes)
                }
                isObject.append(first == UInt8(ascii: "{"))
                isOpened = true
                offset += 1
            case UInt8(ascii: "\""): _ = try scanString(bytes)
            case UInt8(ascii: "t"): try skipLiteral("true", bytes)
            case UInt8(ascii: "f"): try skipLiteral("false", bytes)
            case UInt8(ascii: "n"): try skipLiteral("null", bytes)
            default: try skipNumber(bytes)
            }
            // To the next value, closing what ends before it.
            while true {
                guard let isInObject = isObject.last else { return }
                skipWhitespace(bytes)
                if next(bytes) == UInt8(ascii: isInObject ? "}" : "]") {
                    offset += 1
                    isObject.removeLast()
                    isOpened = false
                    continue
                }
                if !isOpened {
                    try expect(UInt8(ascii: ","), isInObject ? "',' or '}'" : "',' or ']'", bytes)
                    skipWhitespace(bytes)
                }
                if isInObject { _ = try scanKey(bytes) }
                break
            }
        }
    }

    private mutating func skipLiteral(
        _ word: StaticString, _ bytes: Span<UInt8>
    ) throws(JSONLineFault) {
        let start = offset
        for index in 0..<word.utf8CodeUnitCount {
            guard let byte = next(bytes) else { throw fault(.endsEarly, bytes) }
            guard unsafe byte == word.utf8Start[index] else {
                throw JSONLineFault(
                    reason: .unexpectedByte(bytes[start], expected: "a JSON value"), offset: start)
            }
            offset += 1
        }
    }

    private mutating func skipNumber(_ bytes: Span<UInt8>) throws(JSONLineFault) {
        let start = offset
        func isDigit(_ byte: UInt8?) -> Bool {
            byte.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? false
        }
        if next(bytes) == UInt8(ascii: "-") {
            offset += 1
        } else if !isDigit(next(bytes)) {
            throw fault(.unexpectedByte(next(bytes) ?? 0, expected: "a JSON value"), bytes)
        }
        func skipDigits(_ scanner: inout JSONScanner) throws(JSONLineFault) {
            guard scanner.next(bytes) != nil else { throw scanner.fault(.endsEarly, bytes) }
            guard isDigit(scanner.next(bytes)) else {
                throw JSONLineFault(reason: .badNumber, offset: start)
            }
            while isDigit(scanner.next(bytes)) { scanner.offset += 1 }
        }
        if next(bytes) == UInt8(ascii: "0") {
            offset += 1
            if isDigit(next(bytes)) { throw JSONLineFault(reason: .badNumber, offset: start) }
        } else {
            try skipDigits(&self)
        }
        if next(bytes) == UInt8(ascii: ".") {
            offset += 1
            try skipDigits(&self)
        }
        if next(bytes) == UInt8(ascii: "e") || next(bytes) == UInt8(ascii: "E") {
            offset += 1
            if next(bytes) == UInt8(ascii: "+") || next(bytes) == UInt8(ascii: "-") { offset += 1 }
            try skipDigits(&self)
        }
    }
}
