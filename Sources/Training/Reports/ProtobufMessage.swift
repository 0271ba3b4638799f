/// A message of Protocol Buffers, field by field.
///
/// Source: <https://protobuf.dev/programming-guides/encoding/>.
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    /// Wire type: the way in which the bytes of a field are to be read.
    private enum WireType: UInt64 {
        case variable = 0
        case eightBytes = 1
        case counted = 2
        case fourBytes = 5
    }

    private mutating func begin(_ field: UInt64, _ type: WireType) {
        append(variable: field << 3 | type.rawValue)
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    private mutating func append(variable value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func append(_ field: UInt64, integer value: Int) {
        begin(field, .variable)
        append(variable: UInt64(bitPattern: Int64(value)))
    }

    mutating func append(_ field: UInt64, double value: Double) {
        begin(field, .eightBytes)
        bytes += littleEndianBytes(of: value.bitPattern)
    }

    mutating func append(_ field: UInt64, float value: Float) {
        begin(field, .fourBytes)
        bytes += littleEndianBytes(of: value.bitPattern)
    }

    mutating func append(_ field: UInt64, text: String) { append(field, counted: Array(text.utf8)) }

    mutating func append(_ field: UInt64, message: ProtobufMessage) {
        append(field, counted: message.bytes)
    }

    private mutating func append(_ field: UInt64, counted value: [UInt8]) {
        begin(field, .counted)
        append(variable: UInt64(value.count))
        bytes += value
    }
}

/// The bytes of an integer, the lowest first.
func littleEndianBytes<Value: FixedWidthInteger>(of value: Value) -> [UInt8] {
    (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
