import CKernels

/// Which version of the numeric kernels runs.
///
/// Programs use ``best``; tests and benchmarks name one. Two levels differ in the last bits of
/// their results, because they add in another order; one level gives the same bits everywhere.
public enum KernelLevel: Int32, CaseIterable, Sendable {
    /// Scalar loops that are easy to read, which the others are tested against.
    case plain
    /// Vectors of four floats, which every 64-bit processor has.
    case portable
    /// AVX2 with FMA.
    case avx2
    /// AVX-512.
    case avx512
    /// ``plain``, its products of operands rounded to bfloat16.
    case plainMixed
    /// ``avx512``, its products of operands rounded to bfloat16, by AVX512-BF16.
    case avx512Mixed

    /// Whether this processor and its operating system can run the level.
    public var isAvailable: Bool { qk_level_is_available(rawValue) != 0 }

    /// In what its matrix products multiply.
    public var precision: Precision {
        switch self {
        case .plain, .portable, .avx2, .avx512: .float32
        case .plainMixed, .avx512Mixed: .mixed
        }
    }

    /// The fastest level in float32 that this processor has.
    public static let best = KernelLevel(rawValue: qk_best_level()) ?? .plain

    /// The fastest level of a precision; ``best`` where the processor has no fast one.
    public static func best(_ precision: Precision) -> KernelLevel {
        precision == .mixed && avx512Mixed.isAvailable ? .avx512Mixed : best
    }
}
