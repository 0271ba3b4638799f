/// A strict reader of JSON (RFC 8259) that hands out what it meets, in order, and builds no tree.
///
/// Written by hand because a vocabulary is a few hundred thousand short strings: they are read into
/// one scratch array instead of a dictionary of strings.
struct JSONReader {
    let text: ByteView
    let path: String

    /// Where the next byte stands.
    var position = 0

    private var depth = 0

    /// Deeper nesting than this is refused, so that no input can exhaust the stack.
    private static let depthLimit = 64

    init(_ text: ByteView, path: String) {
        self.text = text
        self.path = path
    }

    /// The error `reason` at the current place.
    func failure(_ reason: String) -> TokenizationError {
        .malformed(path: path, offset: position, reason: reason)
    }

    /// The next byte that is not white space, without taking it; `nil` at the end.
    @inline(__always)
    mutating func peek() -> UInt8? {
        // Most files are indented: eight spaces a step.
        while position + 8 <= text.count, text.word(at: position) == 0x2020_2020_2020_2020 {
            position += 8
        }
        while position < text.count {
            switch text[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    /// Takes `byte`, or says what stands there instead.
    @inline(__always)
    mutating func take(_ byte: UInt8) throws(TokenizationError) {
        guard peek() == byte else { throw expected(byte) }
        position += 1
    }

    @inline(never)
    private mutating func expected(_ byte: UInt8) -> TokenizationError {
        failure("expected \(Self.name(of: byte)) but found \(Self.name(of: peek()))")
    }

    private static func name(of byte: UInt8?) -> String {
        guard let byte else { return "the end of the file" }
        guard byte > 0x20, byte < 0x7F else { return "byte \(byte)" }
        return "'\(Character(Unicode.Scalar(byte)))'"
    }

    /// Reads an object, calling `member` with each key; it must read the value.
    mutating func readObject(
        _ member: (inout JSONReader, String) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        var keys: Set<String> = []
        try open(UInt8(ascii: "{"))
        while try next(until: UInt8(ascii: "}"), isFirst: keys.isEmpty) {
            let name = try readString()
            guard keys.insert(name).inserted else { throw failure("the key \"\(name)\" appears twice") }
            try take(UInt8(ascii: ":"))
            try member(&self, name)
        }
    }

    /// Reads an array, calling `element` before each element; it must read it.
    mutating func readArray(
        _ element: (inout JSONReader) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        try open(UInt8(ascii: "["))
        var isFirst = true
        while try next(until: UInt8(ascii: "]"), isFirst: isFirst) {
            isFirst = false
            try element(&self)
        }
    }

    /// Takes the opening `bracket` of an object or array: ``next(until:isFirst:)`` follows.
    mutating func open(_ bracket: UInt8) throws(TokenizationError) {
        try take(bracket)
        depth += 1
        guard depth <= Self.depthLimit else { throw failure("the nesting is too deep") }
    }

    /// Whether another element follows, having taken the comma before it, or else the closing
    /// `bracket`.
    @inline(__always)
    mutating func next(until bracket: UInt8, isFirst: Bool) throws(TokenizationError) -> Bool {
        let next = peek()
        if next == bracket {
            position += 1
            depth -= 1
            return false
        }
        guard !isFirst else { return true }
        guard next == UInt8(ascii: ",") else {
            throw failure(
                "expected ',' or \(Self.name(of: bracket)) but found \(Self.name(of: next))")
        }
        position += 1
        guard peek() != bracket else {
            throw failure("nothing follows a comma")
        }
        return true
    }

    /// Reads a whole number from 0 to 2³² − 1.
    mutating func readID() throws(TokenizationError) -> UInt32 {
        guard let first = peek(), first >= 0x30, first <= 0x39 else {
            throw failure("expected a whole number but found \(Self.name(of: peek()))")
        }
        let start = position
        var value: UInt64 = 0
        while position < text.count, text[position] >= 0x30, text[position] <= 0x39 {
            value = value * 10 + UInt64(text[position] - 0x30)
            guard value <= UInt64(UInt32.max) else { throw failure("the number is too large") }
            position += 1
        }
        if first == 0x30, position > start + 1 { throw failure("a number starts with 0") }
        if position < text.count {
            switch text[position] {
            case 0x2E, 0x45, 0x65: throw failure("expected a whole number")
            default: break
            }
        }
        return UInt32(value)
    }

    /// Reads `null`, `true` or `false`.
    private mutating func readLiteral(_ word: String) throws(TokenizationError) {
        guard text.hasPrefix(Array(word.utf8), at: position) else {
            throw failure("expected a value but found \(Self.name(of: peek()))")
        }
        position += word.utf8.count
    }

    /// Reads any value as a tree. For the small parts of a file.
    mutating func readValue() throws(TokenizationError) -> JSONValue {
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [JSONValue.Member] = []
            try readObject { (reader, key) throws(TokenizationError) in
                members.append(JSONValue.Member(key: key, value: try reader.readValue()))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try readArray { (reader) throws(TokenizationError) in
                elements.append(try reader.readValue())
            }
            return .array(elements)
        case UInt8(ascii: "\""):
            return .string(try readString())
        case UInt8(ascii: "n"):
            try readLiteral("null")
            return .null
        case UInt8(ascii: "t"):
            try readLiteral("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try readLiteral("false")
            return .bool(false)
        default:
            return .number(try readNumber())
        }
    }

    /// Reads any value and forgets it. O(length).
    mutating func skipValue() throws(TokenizationError) {
        switch peek() {
        case UInt8(ascii: "{"):
            try readObject { (reader, _) throws(TokenizationError) in try reader.skipValue() }
        case UInt8(ascii: "["):
            try readArray { (reader) throws(TokenizationError) in try reader.skipValue() }
        default:
            _ = try readValue()
        }
    }

    /// Reads `true` or `false`.
    mutating func readBool() throws(TokenizationError) -> Bool {
        guard case .bool(let value) = try readValue() else {
            throw failure("expected true or false")
        }
        return value
    }

    private mutating func readNumber() throws(TokenizationError) -> String {
        _ = peek()
        let start = position
        func isDigit(_ index: Int) -> Bool {
            index < text.count && text[index] >= 0x30 && text[index] <= 0x39
        }
        var index = position
        if index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
        guard isDigit(index) else {
            throw failure("expected a value but found \(Self.name(of: peek()))")
        }
        if text[index] == 0x30 {
            index += 1
        } else {
            while isDigit(index) { index += 1 }
        }
        if index < text.count, text[index] == UInt8(ascii: ".") {
            guard isDigit(index + 1) else { throw failure("a number ends with its point") }
            index += 1
            while isDigit(index) { index += 1 }
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < text.count, text[index] == 0x2B || text[index] == 0x2D { index += 1 }
            guard isDigit(index) else { throw failure("a number ends before its exponent") }
            while isDigit(index) { index += 1 }
        }
        position = index
        return String(decoding: text.array(from: start, to: index), as: UTF8.self)
    }

    /// Throws unless nothing but white space is left.
    mutating func finish() throws(TokenizationError) {
        guard peek() == nil else { throw failure("something follows the end of the value") }
    }
}

extension JSONReader {
    /// Reads a string.
    mutating func readString() throws(TokenizationError) -> String {
        var bytes: [UInt8] = []
        try readString(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a string, leaving its UTF-8 in `bytes`. O(length).
    mutating func readString(into bytes: inout [UInt8]) throws(TokenizationError) {
        try take(UInt8(ascii: "\""))
        bytes.removeAll(keepingCapacity: true)
        while position < text.count {
            let byte = text[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                try readEscape(into: &bytes)
            case 0..<0x20:
                throw failure("a control character stands in a string")
            case 0..<0x80:
                bytes.append(byte)
                position += 1
            default:
                let (value, length) = decodeCodePoint(text, position)
                guard value != nil else { throw failure("a string is not UTF-8") }
                for offset in 0..<length { bytes.append(text[position + offset]) }
                position += length
            }
        }
        throw failure("a string has no end")
    }

    private mutating func readEscape(into bytes: inout [UInt8]) throws(TokenizationError) {
        guard position + 1 < text.count else { throw failure("a string has no end") }
        let letter = text[position + 1]
        position += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(letter)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            var value = try readHexadecimal()
            if value >= 0xD800, value < 0xDC00 {
                guard text.hasPrefix([0x5C, 0x75], at: position) else {
                    throw failure("half of a surrogate pair stands alone")
                }
                position += 2
                let low = try readHexadecimal()
                guard low >= 0xDC00, low < 0xE000 else {
                    throw failure("half of a surrogate pair stands alone")
                }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else {
                throw failure("half of a surrogate pair stands alone")
            }
            bytes.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrappedBytes)
        default:
            throw failure("an escape sequence is unknown")
        }
    }

    private mutating func readHexadecimal() throws(TokenizationError) -> UInt32 {
        guard position + 4 <= text.count else { throw failure("a string has no end") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(text[position])).hexDigitValue else {
                throw failure("\\u needs four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}

extension Optional where Wrapped == UTF8.EncodedScalar {
    /// The UTF-8 of a scalar, which always has one.
    fileprivate var unsafelyUnwrappedBytes: [UInt8] {
        guard let self else { preconditionFailure("a scalar without UTF-8") }
        return Array(self)
    }
}
