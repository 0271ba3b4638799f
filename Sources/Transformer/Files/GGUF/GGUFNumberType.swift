/// Number type of the matrices of a GGUF file. Norms, biases and learned positions are always F32,
/// as llama.cpp wants them.
public enum GGUFNumberType: String, Sendable, CaseIterable {
    /// Single precision.
    case float32 = "f32"
    /// Half precision.
    case float16 = "f16"
    /// The upper half of single precision.
    case bfloat16 = "bf16"
    /// Blocks of 32 numbers of 8 bits with a common factor in half precision: 8.5 bits a number.
    case blocks8 = "q8_0"

    /// The number of the type in ggml.
    var code: UInt32 {
        switch self {
        case .float32: 0
        case .float16: 1
        case .blocks8: 8
        case .bfloat16: 30
        }
    }

    /// The number by which `general.file_type` says what most of a file's matrices are.
    var fileCode: UInt32 {
        switch self {
        case .float32: 0
        case .float16: 1
        case .blocks8: 7
        case .bfloat16: 32
        }
    }

    /// Bytes of `count` numbers, whole blocks of them.
    func byteCount(of count: Int) -> Int {
        switch self {
        case .float32: count * 4
        case .float16, .bfloat16: count * 2
        case .blocks8: count / BlockQuantization.blockCount * BlockQuantization.blockByteCount
        }
    }

    /// Hands the bytes of `floats`, whole blocks of them, to `body`. O(count).
    ///
    /// - Parameter name: what an error calls the tensor.
    func encode(
        _ floats: FloatSlice, name: String, _ body: (RawSpan) throws(TransformerError) -> Void
    ) throws(TransformerError) {
        let plain: NumberType
        switch self {
        case .float32: plain = .float32
        case .float16: plain = .float16
        case .bfloat16: plain = .bfloat16
        case .blocks8:
            let bytes = try BlockQuantization.bytes(of: floats, name: name)
            return try body(unsafe bytes.span.bytes)
        }
        try plain.checkRange(of: floats, name: name)
        try plain.encode(floats, body)
    }
}
