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

/// A value of a key in a GGUF file, but for lists.
package enum GGUFScalar: Equatable, Sendable {
    /// A whole number.
    case integer(Int)
    /// A number.
    case real(Double)
    /// A truth.
    case flag(Bool)
    /// The bytes of a text.
    case text([UInt8])
}

/// A tensor in a GGUF file, as the file describes it.
package struct GGUFTensorPlace: Equatable, Sendable {
    /// Its name.
    package let name: String
    /// The sizes of its dimensions, the outermost first, all above 0: a matrix is (out, in).
    package let shape: [Int]
    /// Count of its numbers.
    package let count: Int
    /// The number by which ggml names the type of its numbers.
    package let typeCode: UInt32
    /// Bytes from the first tensor's data to its own.
    package let offset: Int
}

/// A strict reader of the part of a GGUF file that describes its model: keys and their values, and
/// what tensors there are.
///
/// Everything in the file is a claim until it is checked against the bytes that are there: no count
/// is believed before its elements could fit. Source: the GGUF specification, `docs/gguf.md` of
/// ggml, versions 2 and 3.
package struct GGUFReader<Failure: GGUFFailure> {
    private let text: ByteView
    private let path: String
    private var position = 0
    /// Tensors that the file says it has.
    private var tensorCount = 0

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
        // An entry has a name, dimensions, a type and a place.
        tensorCount = try readCount(size: 24)
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

    /// Reads a value that is no list; nil for one, and for a whole number above `Int.max`.
    package mutating func readScalar(_ kind: GGUFKind) throws(Failure) -> GGUFScalar? {
        func signed(_ bits: UInt64, _ width: Int) -> Int {
            Int(truncatingIfNeeded: Int64(truncatingIfNeeded: bits << (64 - width)) >> (64 - width))
        }
        switch kind {
        case .uint8, .uint16, .uint32, .uint64:
            return Int(exactly: try readInteger(bytes: kind.minimumSize)).map { .integer($0) }
        case .int8, .int16, .int32, .int64:
            let bits = try readInteger(bytes: kind.minimumSize)
            return .integer(signed(bits, 8 * kind.minimumSize))
        case .float32:
            return .real(Double(Float(bitPattern: try readUInt32())))
        case .float64: return .real(Double(bitPattern: try readInteger(bytes: 8)))
        case .bool: return .flag(try readInteger(bytes: 1) != 0)
        case .string: return .text(try readString())
        case .array: return nil
        }
    }

    /// After ``readMembers(_:)``: the file's tensors, and how many bytes stand before their data,
    /// which begins at a multiple of `alignment`. O(tensors).
    ///
    /// Where the data ends depends on types, of which nothing is known here.
    package mutating func readTensors(
        alignment: Int
    ) throws(Failure) -> (tensors: [GGUFTensorPlace], dataStart: Int) {
        guard alignment > 0, alignment % 8 == 0, alignment <= 1 << 20 else {
            throw failure("data cannot be aligned to \(alignment) bytes")
        }
        var tensors: [GGUFTensorPlace] = []
        var names: Set<ExactName> = []
        for _ in 0..<tensorCount {
            guard let name = String(validating: try readString(), as: UTF8.self) else {
                throw failure("the name of a tensor is not UTF-8")
            }
            guard names.insert(ExactName(name)).inserted else {
                throw failure("the tensor \"\(name)\" appears twice")
            }
            let dimensionCount = try readUInt32()
            guard (1...4).contains(dimensionCount) else {
                throw failure("the tensor \"\(name)\" has \(dimensionCount) dimensions")
            }
            var (shape, count) = ([Int](), 1)
            for _ in 0..<dimensionCount {
                guard let size = Int(exactly: try readInteger(bytes: 8)), size > 0,
                    case let (product, overflows) = count.multipliedReportingOverflow(by: size),
                    !overflows
                else { throw failure("the tensor \"\(name)\" has an impossible size") }
                shape.insert(size, at: 0)
                count = product
            }
            let typeCode = try readUInt32()
            guard let offset = Int(exactly: try readInteger(bytes: 8)), offset % alignment == 0
            else { throw failure("the tensor \"\(name)\" lies in no possible place") }
            tensors.append(
                GGUFTensorPlace(
                    name: name, shape: shape, count: count, typeCode: typeCode, offset: offset))
        }
        let (end, overflows) = position.addingReportingOverflow(alignment - 1)
        guard !overflows else { throw failure("the file ends too early") }
        return (tensors, end / alignment * alignment)
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
