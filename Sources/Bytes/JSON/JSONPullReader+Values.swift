extension JSONPullReader {
    /// Reads a string.
    @inlinable package mutating func readString() throws(Failure) -> String {
        var bytes: [UInt8] = []
        try readString(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a string, leaving its UTF-8 in `bytes`. O(length).
    @inlinable package mutating func readString(into bytes: inout [UInt8]) throws(Failure) {
        guard peek() == UInt8(ascii: "\"") else { return try take(UInt8(ascii: "\"")) }
        try scan { (scanner, text) throws(JSONError) in
            try scanner.scanString(text, into: &bytes)
        }
    }

    /// The character of an escape at `index`, and the length of the escape; `nil` if there is no
    /// good one. The place stays as it is.
    @inlinable package func escape(at index: Int) -> (scalar: Unicode.Scalar, byteCount: Int)? {
        var scanner = scanner
        scanner.offset = index
        return text.withSpan { bytes in try? scanner.decodeEscape(bytes) }
    }

    /// Reads a whole number from 0 to `limit`.
    @inlinable mutating func readWholeNumber(
        limit: Int = .max
    ) throws(Failure) -> Int {
        _ = peek()
        return try scan { (scanner, text) throws(JSONError) in
            try scanner.scanWholeNumber(text, limit: limit)
        }
    }

    /// Reads an array of whole numbers.
    @inlinable package mutating func readWholeNumbers() throws(Failure) -> [Int] {
        var numbers: [Int] = []
        try readArray { (reader) throws(Failure) in numbers.append(try reader.readWholeNumber()) }
        return numbers
    }

    /// Reads a whole number from 0 to 2³² − 1.
    @inlinable package mutating func readID() throws(Failure) -> UInt32 {
        UInt32(truncatingIfNeeded: try readWholeNumber(limit: Int(UInt32.max)))
    }

    /// Reads `true` or `false`.
    @inlinable package mutating func readBool() throws(Failure) -> Bool {
        guard case .bool(let value) = try readValue() else {
            throw failure("expected true or false")
        }
        return value
    }

    /// Reads any value as a tree. For the small parts of a file.
    @inlinable package mutating func readValue() throws(Failure) -> JSONValue {
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [JSONValue.Member] = []
            try readObject { (reader, key) throws(Failure) in
                members.append(JSONValue.Member(key: key, value: try reader.readValue()))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try readArray { (reader) throws(Failure) in elements.append(try reader.readValue()) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try readString())
        default:
            return try scan { (scanner, text) throws(JSONError) in try scanner.scanScalar(text) }
        }
    }

    /// Reads any value and forgets it. O(length).
    @inlinable package mutating func skipValue() throws(Failure) {
        switch peek() {
        case UInt8(ascii: "{"):
            try readObject { (reader, _) throws(Failure) in try reader.skipValue() }
        case UInt8(ascii: "["):
            try readArray { (reader) throws(Failure) in try reader.skipValue() }
        default:
            try scan { (scanner, text) throws(JSONError) in
                // A string, a number or a word: nothing is open in it.
                try scanner.skipValue(text, depth: 0, limit: 1)
            }
        }
    }
}
