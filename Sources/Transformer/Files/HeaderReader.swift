import Bytes

/// A reader of the JSON that describes a model's files: the header of a safetensors file, an index,
/// a configuration.
typealias HeaderReader = JSONPullReader<JSONError>

extension HeaderReader {
    /// Calls `body` with a reader of `bytes`.
    static func with<Result>(
        _ bytes: [UInt8], _ body: (inout HeaderReader) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        try ByteView.with(bytes.span) { text throws(JSONError) in
            var reader = HeaderReader(text)
            return try body(&reader)
        }
    }

    /// An array of numbers without sign, fraction or exponent.
    mutating func readNumbers() throws(JSONError) -> [Int] {
        var numbers: [Int] = []
        try readArray { (reader) throws(JSONError) in numbers.append(try reader.readWholeNumber()) }
        return numbers
    }
}

extension JSONError {
    /// Fault of a header, in words.
    var headerReason: String {
        switch reason {
        case .endsEarly: "the header ends too early: a value in it does not end"
        case .unexpectedByte(_, let expected): "\(expected) is missing"
        case .badEscape: "an unknown escape"
        case .notWholeNumber: "a number is not a plain count"
        case .tooDeep: "the nesting is too deep"
        case .duplicateKey(let key): "the key \"\(key)\" is there twice"
        default: "\(reason)"
        }
    }
}
