import Bytes
import Tokenization

/// A strict reader of the part of a GGUF file that describes its model: keys and their values.
///
/// Everything in the file is a claim until it is checked against the bytes that are there: no count is
/// believed before its elements could fit. Source: the GGUF specification, `docs/gguf.md` of ggml,
/// versions 2 and 3.
struct GGUFReader {
    private let text: ByteView
    private let path: String
    private var position = 0

    init(_ text: ByteView, path: String) {
        self.text = text
        self.path = path
    }

    /// The kinds of values.
    enum Kind: UInt32 {
        case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64
        case float64

        /// The least bytes that a value takes.
        var minimumSize: Int {
            switch self {
            case .uint8, .int8, .bool: 1
            case .uint16, .int16: 2
            case .uint32, .int32, .float32: 4
            case .uint64, .int64, .float64, .string: 8
            case .array: 12
            }
        }
    }

    /// The error `reason` at the current place.
    func failure(_ reason: String) -> TokenizationError {
        .malformed(path: path, offset: position, reason: reason)
    }

    /// Takes the next `count` bytes.
    private mutating func take(_ count: Int) throws(TokenizationError) -> Range<Int> {
        guard count <= text.count - position else { throw failure("the file ends too early") }
        defer { position += count }
        return position..<position + count
    }

    private mutating func readInteger(bytes: Int) throws(TokenizationError) -> UInt64 {
        var value: UInt64 = 0
        for index in try take(bytes).reversed() { value = value << 8 | UInt64(text[index]) }
        return value
    }

    mutating func readUInt32() throws(TokenizationError) -> UInt32 {
        UInt32(truncatingIfNeeded: try readInteger(bytes: 4))
    }

    /// Reads a count of things that take at least `size` bytes each.
    private mutating func readCount(size: Int) throws(TokenizationError) -> Int {
        let count = try readInteger(bytes: 8)
        guard count <= UInt64((text.count - position) / size) else {
            throw failure("the file is too short for \(count) values")
        }
        return Int(count)
    }

    /// The bytes of a string.
    mutating func readString() throws(TokenizationError) -> ByteView {
        let range = try take(try readCount(size: 1))
        return text.slice(from: range.lowerBound, to: range.upperBound)
    }

    private mutating func readKind() throws(TokenizationError) -> Kind {
        guard let kind = Kind(rawValue: try readUInt32()) else {
            throw failure("a value has an unknown type")
        }
        return kind
    }

    /// Reads the kind and the number of the elements of an array.
    mutating func readArrayHead() throws(TokenizationError) -> (kind: Kind, count: Int) {
        let kind = try readKind()
        return (kind, try readCount(size: kind.minimumSize))
    }

    /// Reads the head of the file, calling `member` with each key and its value's kind, for it to read
    /// the value or leave it.
    mutating func readMembers(
        _ member: (inout GGUFReader, String, Kind) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        guard text.hasPrefix(Array("GGUF".utf8), at: 0) else { throw failure("it is no GGUF file") }
        position = 4
        let version = try readUInt32()
        guard version == 2 || version == 3 else {
            throw .unsupported(
                path: path, reason: "it is GGUF of version \(version); only 2 and 3 are known")
        }
        _ = try readInteger(bytes: 8)
        var keys: Set<String> = []
        for _ in 0..<(try readCount(size: 13)) {
            let bytes = try readString()
            guard
                let key = String(
                    validating: bytes.array(from: 0, to: bytes.count), as: UTF8.self)
            else { throw failure("a key is not UTF-8") }
            guard keys.insert(key).inserted else {
                throw failure("the key \"\(key)\" appears twice")
            }
            let kind = try readKind()
            var reader = self
            try member(&reader, key, kind)
            try skip(kind, depth: 0)
        }
    }

    private mutating func skip(_ kind: Kind, depth: Int) throws(TokenizationError) {
        switch kind {
        case .string: _ = try readString()
        case .array:
            guard depth < 4 else { throw failure("the nesting is too deep") }
            let (kind, count) = try readArrayHead()
            if kind == .string || kind == .array {
                for _ in 0..<count { try skip(kind, depth: depth + 1) }
            } else {
                _ = try take(count * kind.minimumSize)
            }
        default: _ = try take(kind.minimumSize)
        }
    }
}
