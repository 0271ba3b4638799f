/// Fields of a message of Protocol Buffers, one after the other.
///
/// Total: whatever the bytes are, it comes to an end, and says whether all of them were fields.
/// Source: <https://protobuf.dev/programming-guides/encoding/>.
struct ProtobufFields: Sequence, IteratorProtocol {
    /// Value of a field, as it is stored.
    enum Value {
        /// An integer of any length.
        case variable(UInt64)
        /// Eight bytes.
        case eight(UInt64)
        /// Four bytes.
        case four(UInt32)
        /// Bytes with their number before them: a text, a message, or numbers side by side.
        case counted(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>
    /// Whether bytes were met that are no field; nothing follows them.
    private(set) var isDamaged = false

    /// The fields in `bytes`.
    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field, and its number; nil at the end, and where the bytes are damaged.
    mutating func next() -> (field: UInt64, value: Value)? {
        guard !rest.isEmpty, !isDamaged else { return nil }
        guard let key = variable(), let value = value(ofType: key & 7) else {
            isDamaged = true
            return nil
        }
        return (key >> 3, value)
    }

    private mutating func value(ofType type: UInt64) -> Value? {
        switch type {
        case 0: variable().map { .variable($0) }
        case 1: fixed(8).map { .eight($0) }
        case 2:
            variable().flatMap { Int(exactly: $0) }.flatMap { take($0) }.map { .counted($0) }
        case 5: fixed(4).map { .four(UInt32(truncatingIfNeeded: $0)) }
        // Groups are of the past.
        default: nil
        }
    }

    /// Seven bits a byte, the lowest first, of at most ten bytes.
    private mutating func variable() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    private mutating func fixed(_ count: Int) -> UInt64? {
        take(count)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
