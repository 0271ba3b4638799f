import Bytes

/// A tensor as it is written into a GGUF file.
struct GGUFTensor {
    /// Its name, shape and rows: a matrix is (out, in).
    let stream: TensorStream
    /// How its numbers are stored.
    let type: GGUFNumberType

    /// Every tensor's data begins at a multiple of this.
    static let alignment = 32

    /// A tensor of at most two dimensions; what cannot be stored as `type` is stored as ggml's own
    /// converter does: vectors and learned positions as F32, rows without whole blocks as F16.
    init(_ stream: TensorStream, type: GGUFNumberType) {
        self.stream = stream
        if stream.shape.count < 2 || stream.name == GGUFTensorNames.positions {
            self.type = .float32
        } else if type == .blocks8, stream.rowWidth % BlockQuantization.blockCount != 0 {
            self.type = .float16
        } else {
            self.type = type
        }
    }

    /// Bytes of its data, without what fills it up to the next tensor.
    var byteCount: Int { type.byteCount(of: stream.rowCount * stream.rowWidth) }

    /// Appends the tensor's description; its data begins at `offset`.
    func appendInformation(offset: Int, to bytes: inout [UInt8]) {
        GGUFMembers.append(stream.name, to: &bytes)
        GGUFMembers.append(UInt32(stream.shape.count), to: &bytes)
        // ggml counts the dimensions from the one whose numbers are neighbours.
        for size in stream.shape.reversed() { GGUFMembers.append(UInt64(size), to: &bytes) }
        GGUFMembers.append(type.code, to: &bytes)
        GGUFMembers.append(UInt64(offset), to: &bytes)
    }

    /// `count` rounded up to where a tensor may begin.
    static func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}
