/// The kinds of values in a GGUF file, with the numbers by which it names them.
package enum GGUFKind: UInt32 {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64
    case float64

    /// The bytes with which every file begins.
    static let magic = Array("GGUF".utf8)

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

/// Entry of a tensor in a GGUF file's head.
package struct GGUFTensorInformation {
    private let name: String
    /// The sizes of its dimensions, the outermost first: a matrix is (out, in).
    private let shape: [Int]
    /// The number by which ggml names the type of its numbers.
    private let typeCode: UInt32
    /// Bytes of its data, without what fills it up to the next tensor.
    package let byteCount: Int

    package init(name: String, shape: [Int], typeCode: UInt32, byteCount: Int) {
        self.name = name
        self.shape = shape
        self.typeCode = typeCode
        self.byteCount = byteCount
    }

    /// Bytes between the end of its data and the next tensor's.
    package var paddingByteCount: Int { GGUFHead.padding(after: byteCount) }

    /// Appends the description; the tensor's data begins at `offset`.
    fileprivate func append(offset: Int, to bytes: inout [UInt8]) {
        GGUFMembers.append(name, to: &bytes)
        GGUFMembers.append(UInt32(shape.count), to: &bytes)
        // ggml counts the dimensions from the one whose numbers are neighbours.
        for size in shape.reversed() { GGUFMembers.append(UInt64(size), to: &bytes) }
        GGUFMembers.append(typeCode, to: &bytes)
        GGUFMembers.append(UInt64(offset), to: &bytes)
    }
}

/// The head of a GGUF file of version 3: everything before the numbers of its tensors.
package enum GGUFHead {
    /// Every tensor's data begins at a multiple of this.
    package static let alignment = 32

    /// The bytes of the head, up to where the first tensor's data begins. O(size).
    package static func bytes(
        _ members: GGUFMembers, tensors: [GGUFTensorInformation]
    ) -> [UInt8] {
        var bytes = GGUFKind.magic
        GGUFMembers.append(3 as UInt32, to: &bytes)
        GGUFMembers.append(UInt64(tensors.count), to: &bytes)
        GGUFMembers.append(UInt64(members.count), to: &bytes)
        bytes += members.bytes
        var offset = 0
        for tensor in tensors {
            tensor.append(offset: offset, to: &bytes)
            offset += tensor.byteCount + tensor.paddingByteCount
        }
        return bytes + [UInt8](repeating: 0, count: padding(after: bytes.count))
    }

    /// Bytes from `count` to where a tensor may begin.
    static func padding(after count: Int) -> Int { (alignment - count % alignment) % alignment }
}
