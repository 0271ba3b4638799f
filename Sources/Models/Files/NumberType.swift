import Bytes

/// Number type of a tensor in a file; Quern computes in ``float32``.
public enum NumberType: String, Sendable, CaseIterable {
    /// IEEE 754 single precision.
    case float32 = "F32"
    /// IEEE 754 half precision: 11 significant bits, up to 65,504.
    case float16 = "F16"
    /// The upper half of a ``float32``: 8 significant bits, the same range.
    case bfloat16 = "BF16"
    /// IEEE 754 double precision, of which a ``float32`` keeps 24 significant bits.
    case float64 = "F64"

    /// Bytes of one number.
    public var byteCount: Int {
        switch self {
        case .float64: 8
        case .float32: 4
        case .float16, .bfloat16: 2
        }
    }

    /// Name in `config.json`.
    var configurationName: String {
        switch self {
        case .float32: "float32"
        case .float16: "float16"
        case .bfloat16: "bfloat16"
        case .float64: "float64"
        }
    }

    /// Reads as many numbers as `floats` has from `bytes`, which holds exactly these. O(count).
    func decode(_ bytes: RawSpan, into floats: FloatSlice) {
        precondition(bytes.byteCount == floats.count * byteCount, "as many bytes as numbers need")
        var output = unsafe MutableSpan(_unsafeStart: floats.base, count: floats.count)
        // The formats are little-endian, as is every processor that Swift supports.
        switch self {
        case .float32:
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(
                    start: floats.base, count: bytes.byteCount
                ).copyMemory(from: source)
            }
        case .float16:
            for index in output.indices {
                output[index] = HalfPrecision.float(
                    binary16: unsafe bytes.unsafeLoadUnaligned(
                        fromByteOffset: index * 2, as: UInt16.self))
            }
        case .bfloat16:
            for index in output.indices {
                output[index] = HalfPrecision.float(
                    bfloat16: unsafe bytes.unsafeLoadUnaligned(
                        fromByteOffset: index * 2, as: UInt16.self))
            }
        case .float64:
            for index in output.indices {
                output[index] = Float(
                    Double(
                        bitPattern: unsafe bytes.unsafeLoadUnaligned(
                            fromByteOffset: index * 8, as: UInt64.self)))
            }
        }
    }

    /// Hands the bytes of `floats` to `body`, each number rounded to the nearest, ties to even.
    /// O(count).
    func encode<Failure: Error>(
        _ floats: FloatSlice, _ body: (RawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        let span = unsafe Span(_unsafeStart: floats.base, count: floats.count)
        switch self {
        case .float32: try unsafe body(span.bytes)
        case .float16:
            let halves = span.indices.map { HalfPrecision.binary16(span[$0]) }
            try unsafe body(halves.span.bytes)
        case .bfloat16:
            let halves = span.indices.map { HalfPrecision.bfloat16(span[$0]) }
            try unsafe body(halves.span.bytes)
        case .float64:
            let doubles = span.indices.map { Double(span[$0]) }
            try unsafe body(doubles.span.bytes)
        }
    }
}
