/// Writes values of Thrift's compact protocol: what ``ThriftReader`` reads.
struct ThriftWriter {
    /// What was written.
    private(set) var bytes: [UInt8] = []
    /// The number of the last field of the structure at hand.
    private var lastID = 0

    /// Writes a structure by itself.
    static func structure(_ body: (inout ThriftWriter) -> Void) -> [UInt8] {
        var writer = ThriftWriter()
        writer.structure(body)
        return writer.bytes
    }

    /// Writes a number of 32 bits, which is any that is small enough.
    mutating func field(_ id: Int, int32 value: Int) {
        begin(id, .int32)
        zigzag(value)
    }

    /// Writes a number of 64 bits.
    mutating func field(_ id: Int, int64 value: Int) {
        begin(id, .int64)
        zigzag(value)
    }

    /// Writes true or false.
    mutating func field(_ id: Int, _ value: Bool) { begin(id, value ? .isTrue : .isFalse) }

    /// Writes bytes.
    mutating func field(_ id: Int, _ value: [UInt8]) {
        begin(id, .binary)
        binary(value)
    }

    /// Writes a structure.
    mutating func field(_ id: Int, structure body: (inout ThriftWriter) -> Void) {
        begin(id, .structure)
        structure(body)
    }

    /// Writes a list of numbers of 32 bits.
    mutating func field(_ id: Int, int32s values: [Int]) {
        begin(id, .list)
        listHeader(.int32, values.count)
        for value in values { zigzag(value) }
    }

    /// Writes a list of texts.
    mutating func field(_ id: Int, texts values: [String]) {
        begin(id, .list)
        listHeader(.binary, values.count)
        for value in values { binary(Array(value.utf8)) }
    }

    /// Writes a list of structures.
    mutating func field<Element>(
        _ id: Int, structures elements: [Element], _ body: (inout ThriftWriter, Element) -> Void
    ) {
        begin(id, .list)
        listHeader(.structure, elements.count)
        for element in elements { structure { body(&$0, element) } }
    }

    private mutating func structure(_ body: (inout ThriftWriter) -> Void) {
        let outer = lastID
        lastID = 0
        body(&self)
        bytes.append(0)
        lastID = outer
    }

    private mutating func begin(_ id: Int, _ kind: ThriftReader.Kind) {
        if (1...15).contains(id - lastID) {
            bytes.append(UInt8(id - lastID) << 4 | kind.rawValue)
        } else {
            bytes.append(kind.rawValue)
            zigzag(id)
        }
        lastID = id
    }

    private mutating func listHeader(_ kind: ThriftReader.Kind, _ count: Int) {
        bytes.append(UInt8(min(count, 15)) << 4 | kind.rawValue)
        if count >= 15 { varint(UInt64(count)) }
    }

    private mutating func binary(_ value: [UInt8]) {
        varint(UInt64(value.count))
        bytes += value
    }

    private mutating func zigzag(_ value: Int) {
        varint(UInt64(bitPattern: Int64(value << 1 ^ value >> 63)))
    }

    private mutating func varint(_ value: UInt64) { appendVarint(value, to: &bytes) }
}

/// Appends an unsigned number of seven bits a byte.
func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    bytes.append(UInt8(rest))
}
