import Bytes

/// A tensor as it is written into a GGUF file.
struct GGUFTensor {
    /// Its name, shape and rows: a matrix is (out, in).
    let stream: TensorStream
    /// Type of its numbers in the file.
    let type: GGUFNumberType

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

    /// Entry of the tensor in the file's head.
    var information: GGUFTensorInformation {
        GGUFTensorInformation(
            name: stream.name, shape: stream.shape, typeCode: type.code,
            byteCount: type.byteCount(of: stream.rowCount * stream.rowWidth))
    }
}
