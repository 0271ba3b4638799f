/// Goes over the bytes of one JSON text and objects to the first that breaks the grammar.
///
/// The one lexer of the package. Every method is given the same bytes, so that a caller may hold
/// them in any way. No tree is made and, but for decoded strings, no memory is taken. A caller with
/// a structure to read uses ``JSONPullReader``. Source of the grammar: RFC 8259, without leniency.
@usableFromInline package struct JSONScanner {
    /// A string that was found good: its bytes between the quotes.
    package struct StringToken {
        package var range: Range<Int>
        /// The count of its bytes once escapes are decoded.
        var decodedCount: Int
    }

    /// Bytes that were passed.
    @usableFromInline package var offset = 0

    /// U+FFFD stands for one half of a surrogate pair without the other, which else is a fault.
    @usableFromInline let replacesLoneSurrogates: Bool

    @inlinable package init(replacesLoneSurrogates: Bool = false) {
        self.replacesLoneSurrogates = replacesLoneSurrogates
    }

    /// The byte at the offset.
    @inline(__always) @inlinable package func next(_ bytes: Span<UInt8>) -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    /// The fault of `reason` here, or that the text ends here.
    package func fault(_ reason: JSONError.Reason, _ bytes: Span<UInt8>) -> JSONError {
        JSONError(reason: offset < bytes.count ? reason : .endsEarly, offset: offset)
    }

    /// The fault that what is `expected` does not stand here.
    @usableFromInline func fault(expected: String, _ bytes: Span<UInt8>) -> JSONError {
        fault(.unexpectedByte(next(bytes) ?? 0, expected: expected), bytes)
    }

    /// The fault that something other than `byte` stands here.
    @usableFromInline package func fault(wanting byte: UInt8, _ bytes: Span<UInt8>) -> JSONError {
        fault(expected: "'\(Character(Unicode.Scalar(byte)))'", bytes)
    }

    /// The fault that neither a comma nor the closing `bracket` stands here.
    @usableFromInline package func fault(
        wantingCommaOr bracket: UInt8, _ bytes: Span<UInt8>
    ) -> JSONError {
        fault(expected: bracket == UInt8(ascii: "}") ? "',' or '}'" : "',' or ']'", bytes)
    }

    /// Passes white space. O(its bytes), and behind the end of a line eight spaces a step, which is
    /// how most files are indented.
    @inline(__always) @inlinable package mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0D: offset &+= 1
            case 0x0A:
                offset &+= 1
                skipIndentation(bytes)
            default: return
            }
        }
    }

    /// Passes spaces as long as there are eight.
    @inline(__always) @inlinable mutating func skipIndentation(_ bytes: Span<UInt8>) {
        let raw = unsafe bytes.bytes
        // The condition of the loop is the bounds check.
        while offset &+ 8 <= bytes.count,
            unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
                == 0x2020_2020_2020_2020
        {
            offset &+= 8
        }
    }

    /// Passes `byte`, or says that it was `expected`.
    @inline(__always) @inlinable package mutating func expect(
        _ byte: UInt8, _ expected: String, _ bytes: Span<UInt8>
    ) throws(JSONError) {
        guard next(bytes) == byte else { throw fault(expected: expected, bytes) }
        offset += 1
    }

    /// Passes a key, its colon, and the white space around them.
    package mutating func scanKey(_ bytes: Span<UInt8>) throws(JSONError) -> StringToken {
        guard next(bytes) == UInt8(ascii: "\"") else {
            throw fault(expected: "a key in quotes", bytes)
        }
        let key = try scanString(bytes)
        skipWhitespace(bytes)
        try expect(UInt8(ascii: ":"), "':'", bytes)
        skipWhitespace(bytes)
        return key
    }

    /// Passes a value of any kind, at `depth` arrays and objects already open. O(its bytes).
    @usableFromInline package mutating func skipValue(
        _ bytes: Span<UInt8>, depth outerDepth: Int, limit: Int
    ) throws(JSONError) {
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
                    guard next(bytes) == UInt8(ascii: ",") else {
                        throw fault(wantingCommaOr: UInt8(ascii: isInObject ? "}" : "]"), bytes)
                    }
                    offset += 1
                    skipWhitespace(bytes)
                }
                if isInObject { _ = try scanKey(bytes) }
                break
            }
        }
    }

    private mutating func skipLiteral(
        _ word: StaticString, _ bytes: Span<UInt8>
    ) throws(JSONError) {
        let start = offset
        for index in 0..<word.utf8CodeUnitCount {
            guard let byte = next(bytes) else { throw fault(.endsEarly, bytes) }
            guard unsafe byte == word.utf8Start[index] else {
                throw JSONError(
                    reason: .unexpectedByte(bytes[start], expected: "a JSON value"), offset: start)
            }
            offset += 1
        }
    }

    private mutating func skipNumber(_ bytes: Span<UInt8>) throws(JSONError) {
        let start = offset
        func isDigit(_ byte: UInt8?) -> Bool {
            byte.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? false
        }
        if next(bytes) == UInt8(ascii: "-") {
            offset += 1
        } else if !isDigit(next(bytes)) {
            throw fault(expected: "a JSON value", bytes)
        }
        func skipDigits(_ scanner: inout JSONScanner) throws(JSONError) {
            guard scanner.next(bytes) != nil else { throw scanner.fault(.endsEarly, bytes) }
            guard isDigit(scanner.next(bytes)) else {
                throw JSONError(reason: .badNumber, offset: start)
            }
            while isDigit(scanner.next(bytes)) { scanner.offset += 1 }
        }
        if next(bytes) == UInt8(ascii: "0") {
            offset += 1
            if isDigit(next(bytes)) { throw JSONError(reason: .badNumber, offset: start) }
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

    /// Passes `null`, `true`, `false` or a number, and gives it. O(its bytes).
    @usableFromInline mutating func scanScalar(
        _ bytes: Span<UInt8>
    ) throws(JSONError) -> JSONValue {
        let start = offset
        try skipValue(bytes, depth: 0, limit: 0)
        switch bytes[start] {
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "t"): return .bool(true)
        case UInt8(ascii: "f"): return .bool(false)
        default:
            let digits = Array(copying: bytes.extracting(start..<offset))
            return .number(String(decoding: digits, as: UTF8.self))
        }
    }

    /// Passes a number without sign, fraction or exponent, which is at most `limit`. O(its digits).
    @usableFromInline mutating func scanWholeNumber(
        _ bytes: Span<UInt8>, limit: Int
    ) throws(JSONError) -> Int {
        let start = offset
        var value = 0
        while let byte = next(bytes), byte &- UInt8(ascii: "0") < 10 {
            let (product, isOver) = value.multipliedReportingOverflow(by: 10)
            let (sum, isOverToo) = product.addingReportingOverflow(Int(byte &- UInt8(ascii: "0")))
            guard !isOver, !isOverToo, sum <= limit else { throw fault(.numberTooLarge, bytes) }
            value = sum
            offset &+= 1
        }
        guard offset > start, offset == start + 1 || bytes[start] != UInt8(ascii: "0") else {
            throw fault(.notWholeNumber, bytes)
        }
        switch next(bytes) {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            throw fault(.notWholeNumber, bytes)
        default: return value
        }
    }
}
