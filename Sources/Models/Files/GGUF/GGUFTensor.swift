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
        } else if type.isInBlocks, stream.rowWidth % BlockQuantization.blockCount != 0 {
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
    /// Blocks of 32 numbers of 4 bits with a common factor in half precision: 4.5 bits a number.
    case blocks4 = "q4_0"

    /// Whether rows are cut into blocks of numbers with a common factor.
    var isInBlocks: Bool { self == .blocks8 || self == .blocks4 }

    /// The number of the type in ggml.
    var code: UInt32 {
        switch self {
        case .float32: 0
        case .float16: 1
        case .blocks4: 2
        case .blocks8: 8
        case .bfloat16: 30
        }
    }

    /// The number by which `general.file_type` says what most of a file's matrices are.
    var fileCode: UInt32 {
        switch self {
        case .float32: 0
        case .float16: 1
        case .blocks4: 2
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
        case .blocks4: count / FourBitBlocks.blockCount * FourBitBlocks.blockByteCount
        }
    }

    /// Hands the bytes of `floats`, whole blocks of them, to `body`. O(count).
    ///
    /// - Parameter name: what an error calls the tensor.
    func encode(
        _ floats: FloatSlice, name: String, _ body: (RawSpan) throws(ModelError) -> Void
    ) throws(ModelError) {
        let plain: NumberType
        switch self {
        case .float32: plain = .float32
        case .float16: plain = .float16
        case .bfloat16: plain = .bfloat16
        case .blocks8:
            let bytes = try BlockQuantization.bytes(of: floats, name: name)
            return try body(unsafe bytes.span.bytes)
        case .blocks4:
            let bytes = try FourBitBlocks.bytes(of: floats, name: name)
            return try body(unsafe bytes.span.bytes)
        }
        try plain.checkRange(of: floats, name: name)
        try plain.encode(floats, body)
    }
}

/// ggml's Q8_0: blocks of 32 numbers, each block a factor in half precision and 32 signed bytes.
///
/// The bytes are those of ggml's reference: `quantize_row_q8_0_ref` in `ggml-quants.c`.
enum BlockQuantization {
    /// Numbers of a block.
    static let blockCount = 32
    /// Bytes of a block.
    static let blockByteCount = 2 + blockCount

    /// The blocks of `floats`, whose count is a multiple of ``blockCount``. O(count).
    static func bytes(of floats: FloatSlice, name: String) throws(ModelError) -> [UInt8] {
        precondition(floats.count % blockCount == 0, "Q8_0 has whole blocks only")
        let span = unsafe Span(_unsafeStart: floats.base, count: floats.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(span.count / blockCount * blockByteCount)
        for start in stride(from: 0, to: span.count, by: blockCount) {
            let block = start..<start + blockCount
            var largest: Float = 0
            for index in block {
                // Not `max`, which may pass over a NaN.
                guard span[index].isFinite else {
                    throw .outOfRange(name: name, value: span[index], type: "Q8_0")
                }
                largest = max(largest, abs(span[index]))
            }
            let factor = largest / 127
            let stored = HalfPrecision.binary16(factor)
            guard stored < 0x7C00 else {
                throw .outOfRange(name: name, value: largest, type: "Q8_0")
            }
            bytes.append(UInt8(truncatingIfNeeded: stored))
            bytes.append(UInt8(truncatingIfNeeded: stored >> 8))
            let inverse = factor > 0 ? 1 / factor : 0
            for index in block {
                let scaled = (span[index] * inverse).rounded(.toNearestOrAwayFromZero)
                // The inverse of the smallest factors is infinite; they are stored as zero anyway.
                let value = scaled.isFinite ? Int8(scaled) : 0
                bytes.append(UInt8(bitPattern: value))
            }
        }
        return bytes
    }
}

/// llama.cpp's names of the tensors of Hugging Face's classes.
///
/// Source: `LLM_TENSOR_NAMES` in llama.cpp's `src/llama-arch.cpp`.
enum GGUFTensorNames {
    /// The name of the tensor that a checkpoint calls `name`: "blk.0.attn_norm.weight" for
    /// "model.layers.0.input_layernorm.weight".
    ///
    /// - Parameter addsNorms: whether what each part of a block adds has a norm.
    static func name(ofCheckpointName name: String, addsNorms: Bool) -> String {
        if let fixed = outer[name] { return fixed }
        // "transformer.h.0.ln_1.weight": two words, the layer, what it is, and its kind.
        let words = name.split(separator: ".").map(String.init)
        let part = words[3..<words.count - 1].joined(separator: ".")
        let added = addsNorms ? addedNorms[part] : nil
        guard let place = added ?? inner[part] else {
            preconditionFailure("no name in GGUF for \(name)")
        }
        return "blk.\(words[2]).\(place).\(words[words.count - 1])"
    }

    private static let outer = [
        "transformer.wte.weight": "token_embd.weight",
        "transformer.wpe.weight": positions,
        "transformer.ln_f.weight": "output_norm.weight",
        "transformer.ln_f.bias": "output_norm.bias",
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
        "gpt_neox.embed_in.weight": "token_embd.weight",
        "gpt_neox.final_layer_norm.weight": "output_norm.weight",
        "gpt_neox.final_layer_norm.bias": "output_norm.bias",
        "embed_out.weight": "output.weight",
    ]

    /// The factors that divide the frequencies of rotary positions.
    static let frequencyFactors = "rope_freqs.weight"

    /// The table of learned positions.
    static let positions = "position_embd.weight"

    /// The norms after and between the parts of a block, where what each adds has one.
    private static let addedNorms = [
        "post_attention_layernorm": "post_attention_norm",
        "pre_feedforward_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm",
    ]

    private static let inner = [
        "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
        "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
        "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
        "attention.query_key_value": "attn_qkv", "attention.dense": "attn_output",
        "mlp.dense_h_to_4h": "ffn_up", "mlp.dense_4h_to_h": "ffn_down",
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    ]
}
