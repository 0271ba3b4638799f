import CKernels

/// The numbers that the matrices of a model are kept in while it generates.
///
/// For one token every weight is read once and used once, so that memory sets the speed: half the
/// bytes are nearly twice the tokens a second. Sums are made in float32 whatever the format.
public enum WeightFormat: String, CaseIterable, Sendable {
    /// As trained.
    case float32
    /// Half the bytes, eleven bits of precision; for weights up to 65,504 in size.
    case float16
    /// The upper half of a float32: half the bytes, eight bits of precision.
    case bfloat16
    /// Blocks of 32 inputs that share a scale: integers from -127 to 127, a bit more than a quarter
    /// of the bytes.
    case int8

    /// The number that C has for it; nil for float32, which stays where it is.
    var reducedFormat: Int32? {
        switch self {
        case .float32: nil
        case .float16: Int32(QK_FLOAT16)
        case .bfloat16: Int32(QK_BFLOAT16)
        case .int8: Int32(QK_INT8)
        }
    }
}
