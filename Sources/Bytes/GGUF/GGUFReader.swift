/// Fault of bytes that are no GGUF file that can be read, and its place.
package struct GGUFError: Error, Equatable {
    /// Fault of a file.
    package enum Reason: Equatable, Sendable {
        /// The file is of a version that is not known.
        case unsupportedVersion(UInt32)
        /// The file is damaged, or not what its reader wants.
        case malformed(String)
    }

    package let reason: Reason
    /// Bytes before the place.
    package let offset: Int

    package init(reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension GGUFError.Reason: CustomStringConvertible {
    /// One clause for a person.
    package var description: String {
        switch self {
        case .unsupportedVersion(let version):
            "it is GGUF of version \(version); only 2 and 3 are known"
        case .malformed(let reason): reason
        }
    }
}

/// An error that can say why and where a GGUF file was refused.
package protocol GGUFFailure: Error {
    /// The error of the file at `path`.
    init(_ error: GGUFError, path: String)
}

extension GGUFError: GGUFFailure {
    package init(_ error: GGUFError, path: String) { self = error }
}

/// A strict reader of the part of a GGUF file that describes its model: keys and their values.
///
/// Everything in the file is a claim until it is checked against the bytes that are there: no count
/// is believed before its elements could fit. Source: the GGUF specification, `docs/gguf.md` of
/// ggml, versions 2 and 3.
package struct GGUFReader<Failure: GGUFFailure> {
    private let text: ByteView
    private let path: String
    private var position = 0

    /// A reader of `text`, which errors call the file at `path`.
    package init(_ text: ByteView, path: String = "") {
        self.text = text
        self.path = path
    }

    /// The error `reason` at the current place.
    package func failure(_ reason: String) -> Failure { failure(.malformed(reason)) }

    private func failure(_ reason: GGUFError.Reason) -> Failure {
        Failure(GGUFError(reason: reason, offset: position), path: path)
    }

    /// Takes the next `count` bytes.
    private mutating func take(_ count: Int) throws(Failure) -> Range<Int> {
        guard count <= text.count - position else { throw failure("the file ends too early") }
        defer { position += count }
        return position..<position + count
    }

    private mutating func readInteger(bytes: Int) throws(Failure) -> UInt64 {
        var value: UInt64 = 0
        for index in try take(bytes).reversed() { value = value << 8 | UInt64(text[index]) }
        return value
    }

    /// Reads a number of four bytes.
    package mutating func readUInt32() throws(Failure) -> UInt32 {
        UInt32(truncatingIfNeeded: try readInteger(bytes: 4))
    }

    /// Reads a count of things that take at least `size` bytes each.
    private mutating func readCount(size: Int) throws(Failure) -> Int {
        let count = try readInteger(bytes: 8)
        guard count <= UInt64((text.count - position) / size) else {
            throw failure("the file is too short for \(count) values")
        }
        return Int(count)
    }

    /// The bytes of a string.
    package mutating func readString() throws(Failure) -> [UInt8] {
        let range = try take(try readCount(size: 1))
        return text.array(from: range.lowerBound, to: range.upperBound)
    }

    private mutating func readKind() throws(Failure) -> GGUFKind {
        guard let kind = GGUFKind(rawValue: try readUInt32()) else {
            throw failure("a value has an unknown type")
        }
        return kind
    }

    /// Reads the kind and the number of the elements of an array.
    package mutating func readArrayHead() throws(Failure) -> (kind: GGUFKind, count: Int) {
        let kind = try readKind()
        return (kind, try readCount(size: kind.minimumSize))
    }

    /// Reads the head of the file, calling `member` with each key and its value's kind, for it to
    /// read the value or leave it. O(size of the head).
    package mutating func readMembers(
        _ member: (inout GGUFReader, String, GGUFKind) throws(Failure) -> Void
    ) throws(Failure) {
        guard text.hasPrefix(GGUFKind.magic, at: 0) else { throw failure("it is no GGUF file") }
        position = GGUFKind.magic.count
        let version = try readUInt32()
        guard version == 2 || version == 3 else { throw failure(.unsupportedVersion(version)) }
        _ = try readInteger(bytes: 8)
        var keys: Set<ExactName> = []
        for _ in 0..<(try readCount(size: 13)) {
            guard let key = String(validating: try readString(), as: UTF8.self) else {
                throw failure("a key is not UTF-8")
            }
            guard keys.insert(ExactName(key)).inserted else {
                throw failure("the key \"\(key)\" appears twice")
            }
            let kind = try readKind()
            var reader = self
            try member(&reader, key, kind)
            try skip(kind, depth: 0)
        }
    }

    private mutating func skip(_ kind: GGUFKind, depth: Int) throws(Failure) {
        switch kind {
        case .string: _ = try take(try readCount(size: 1))
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
