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

    /// Whether this processor and its operating system can run the level.
    public var isAvailable: Bool { qk_level_is_available(rawValue) != 0 }

    /// The fastest level that this processor has.
    public static let best = KernelLevel(rawValue: qk_best_level()) ?? .plain
}
