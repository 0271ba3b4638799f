import Bytes

/// Reader of a message in the binary form of Protocol Buffers, field by field.
///
/// It keeps nothing and looks at every byte once; what is nested is a reader of its own. Source:
/// the page "Encoding" of protobuf.dev.
struct ProtobufReader {
    /// Why bytes are no message, and where.
    struct Failure: Error, Equatable {
        let offset: Int
        let reason: String
    }

    /// A field's value.
    enum Value {
        /// A whole number or a truth.
        case varint(UInt64)
        /// Eight bytes.
        case fixed64(UInt64)
        /// A text, bytes or a message: where it is.
        case bytes(Range<Int>)
        /// Four bytes.
        case fixed32(UInt32)
    }

    private let text: ByteView
    private let end: Int

    /// Offset of the next field.
    private(set) var position: Int

    /// A reader of the message in `range` of `text`.
    init(_ text: ByteView, in range: Range<Int>) {
        self.text = text
        position = range.lowerBound
        end = range.upperBound
    }

    /// The number and the value of the next field; nil at the end. O(1).
    mutating func next() throws(Failure) -> (field: Int, value: Value)? {
        guard position < end else { return nil }
        let start = position
        let key = try readVarint()
        guard key >> 3 > 0, key >> 3 < 1 << 29 else {
            throw Failure(offset: start, reason: "a field has the number \(key >> 3)")
        }
        let field = Int(key >> 3)
        switch key & 7 {
        case 0: return (field, .varint(try readVarint()))
        case 1: return (field, .fixed64(try readFixed(8)))
        case 2:
            let length = try readVarint()
            guard length <= UInt64(end - position) else {
                throw Failure(offset: start, reason: "field \(field) is longer than its message")
            }
            let range = position..<position + Int(length)
            position = range.upperBound
            return (field, .bytes(range))
        case 5: return (field, .fixed32(UInt32(truncatingIfNeeded: try readFixed(4))))
        case let kind:
            throw Failure(offset: start, reason: "field \(field) is of the kind \(kind)")
        }
    }

    private mutating func readVarint() throws(Failure) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { break }
            let byte = text[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw Failure(offset: start, reason: "a number does not end")
    }

    private mutating func readFixed(_ count: Int) throws(Failure) -> UInt64 {
        guard end - position >= count else {
            throw Failure(offset: position, reason: "the message ends in a number")
        }
        defer { position += count }
        return text.word(at: position, count: count)
    }
}
