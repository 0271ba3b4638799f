/// Reads values of Thrift's compact protocol, in which Parquet's footer and page headers stand.
///
/// Memory is that of the bytes; whatever they are, no call reads behind their end, and nesting is
/// bounded. Source: doc/specs/thrift-compact-protocol.md of apache/thrift.
struct ThriftReader {
    /// Types of fields and of elements, by their numbers in the protocol.
    enum Kind: UInt8 {
        case isTrue = 1
        case isFalse = 2
        case byte = 3
        case int16 = 4
        case int32 = 5
        case int64 = 6
        case double = 7
        case binary = 8
        case list = 9
        case set = 10
        case map = 11
        case structure = 12
    }

    /// A field of a structure, which is at hand.
    struct Field {
        var id: Int
        var kind: Kind
    }

    /// The reason why there is no value.
    enum Fault: Error, Equatable {
        /// The bytes end before the value does; more of them may bring it.
        case endsEarly
        /// The byte at `offset` cannot stand there.
        case malformed(offset: Int, reason: String)
    }

    /// Structures, lists and maps within each other that are passed over at most.
    static let nestingLimit = 32

    private let bytes: [UInt8]
    /// The place of the next byte.
    private(set) var offset: Int
    private let end: Int

    /// A reader of the bytes in `range`.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        precondition(range.upperBound <= bytes.count, "the range lies in the bytes")
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    /// Reads the fields of a structure.
    ///
    /// - Parameter take: takes the value of a field, or returns false to have it passed over.
    mutating func structure(
        _ take: (inout ThriftReader, Field) throws(Fault) -> Bool
    ) throws(Fault) {
        var id = 0
        while let field = try nextField(after: &id) {
            if try !take(&self, field) { try skip(field.kind, depth: 1) }
        }
    }

    /// Reads a list.
    ///
    /// - Parameter take: takes an element; it is called with the number of all.
    mutating func list(
        of kind: Kind, in field: Field, _ take: (inout ThriftReader, Int) throws(Fault) -> Void
    ) throws(Fault) {
        guard field.kind == .list else { throw unexpected("a list", field) }
        let start = offset
        let (count, found) = try listHeader()
        guard count == 0 || found == kind else {
            throw .malformed(offset: start, reason: "the list has elements of another type")
        }
        for _ in 0..<count { try take(&self, count) }
    }

    /// Reads a whole number.
    mutating func integer(_ field: Field) throws(Fault) -> Int {
        switch field.kind {
        case .byte: Int(Int8(bitPattern: try byte()))
        case .int16, .int32, .int64: try zigzag()
        default: throw unexpected("a number", field)
        }
    }

    /// Reads a truth value, which stands in the type of its field.
    func boolean(_ field: Field) throws(Fault) -> Bool {
        switch field.kind {
        case .isTrue: true
        case .isFalse: false
        default: throw unexpected("true or false", field)
        }
    }

    /// Reads bytes.
    mutating func binary(_ field: Field) throws(Fault) -> [UInt8] {
        guard field.kind == .binary else { throw unexpected("bytes", field) }
        return Array(bytes[try binaryRange()])
    }

    /// Fails unless the field is a structure.
    func expectStructure(_ field: Field) throws(Fault) {
        guard field.kind == .structure else { throw unexpected("a structure", field) }
    }

    private func unexpected(_ wanted: String, _ field: Field) -> Fault {
        .malformed(offset: offset, reason: "field \(field.id) is not \(wanted)")
    }

    private mutating func byte() throws(Fault) -> UInt8 {
        guard offset < end else { throw .endsEarly }
        defer { offset += 1 }
        return bytes[offset]
    }

    private mutating func varint() throws(Fault) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .malformed(offset: start, reason: "the number has more than 64 bits")
    }

    private mutating func zigzag() throws(Fault) -> Int {
        let value = try varint()
        return Int(bitPattern: UInt(value >> 1)) ^ -Int(value & 1)
    }

    /// The next field; nil at the end of the structure.
    private mutating func nextField(after id: inout Int) throws(Fault) -> Field? {
        let start = offset
        let header = try byte()
        if header == 0 { return nil }
        guard let kind = Kind(rawValue: header & 0x0F) else {
            throw .malformed(offset: start, reason: "there is no type \(header & 0x0F)")
        }
        let distance = Int(header >> 4)
        let next = distance == 0 ? try zigzag() : id + distance
        guard (1...Int(Int16.max)).contains(next) else {
            throw .malformed(offset: start, reason: "there is no field of the number \(next)")
        }
        id = next
        return Field(id: next, kind: kind)
    }

    private mutating func binaryRange() throws(Fault) -> Range<Int> {
        let count = try varint()
        guard count <= UInt64(end - offset) else { throw .endsEarly }
        defer { offset += Int(count) }
        return offset..<offset + Int(count)
    }

    /// The number of a list's elements and their type. Each has at least one byte, so that their
    /// number is bounded by the bytes.
    private mutating func listHeader() throws(Fault) -> (count: Int, kind: Kind) {
        let start = offset
        let header = try byte()
        let count = header >> 4 == 15 ? try varint() : UInt64(header >> 4)
        guard let kind = Kind(rawValue: header & 0x0F) else {
            if count == 0 { return (0, .byte) }
            throw .malformed(offset: start, reason: "there is no type \(header & 0x0F)")
        }
        guard count <= UInt64(end - offset) else { throw .endsEarly }
        return (Int(count), kind)
    }

    /// Passes over a value. O(its bytes).
    private mutating func skip(
        _ kind: Kind, depth: Int, isElement: Bool = false
    ) throws(Fault) {
        guard depth <= Self.nestingLimit else {
            throw .malformed(
                offset: offset, reason: "values are nested deeper than \(Self.nestingLimit)")
        }
        switch kind {
        // In a list it is a byte; a field has it in its type.
        case .isTrue, .isFalse: if isElement { _ = try byte() }
        case .byte: _ = try byte()
        case .int16, .int32, .int64: _ = try varint()
        case .double:
            guard end - offset >= 8 else { throw .endsEarly }
            offset += 8
        case .binary: _ = try binaryRange()
        case .list, .set:
            let (count, kind) = try listHeader()
            for _ in 0..<count { try skip(kind, depth: depth + 1, isElement: true) }
        case .map: try skipMap(depth: depth)
        case .structure:
            var id = 0
            while let field = try nextField(after: &id) { try skip(field.kind, depth: depth + 1) }
        }
    }

    private mutating func skipMap(depth: Int) throws(Fault) {
        let start = offset
        let count = try varint()
        if count == 0 { return }
        guard count <= UInt64(end - offset) else { throw .endsEarly }
        let kinds = try byte()
        guard let key = Kind(rawValue: kinds >> 4), let value = Kind(rawValue: kinds & 0x0F) else {
            throw .malformed(offset: start, reason: "there is no type in \(kinds)")
        }
        for _ in 0..<count {
            try skip(key, depth: depth + 1, isElement: true)
            try skip(value, depth: depth + 1, isElement: true)
        }
    }
}
