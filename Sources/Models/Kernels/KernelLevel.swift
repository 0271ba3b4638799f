import CKernels

/// A version of the numeric kernels, for one kind of processor.
///
/// Programs use ``best``; tests and benchmarks take others of ``allCases``. Two levels differ in
/// the last bits of their results, because they add in another order; one level gives the same bits
/// everywhere.
///
/// The environment variable `QUERN_LEVEL` chooses the level that ``best`` and ``best(_:)`` are, for
/// the kernels over text too: a name such as `portable`, `avx2` or `avx512`. The process then
/// behaves as on a processor that has nothing better. It is read once. A name that is no available
/// level's ends the process as soon as a level is asked for; see ``environmentFault``.
public struct KernelLevel: Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// The number that the C kernels know it by.
    let number: Int32

    /// Scalar loops that are easy to read, which the others are tested against.
    public static let plain = KernelLevel(number: Int32(QK_PLAIN))

    /// ``plain``, its products of operands rounded to bfloat16.
    public static let plainMixed = KernelLevel(number: Int32(QK_PLAIN_MIXED))

    /// Every level of this kind of processor, slowest first: `plain`, `plainMixed`, `portable`
    /// (vectors of four floats, which every 64-bit processor has), and on x86-64 `avx2` (AVX2 with
    /// FMA), `avx512`, `avx512VNNI` (its products of integers by AVX-512 VNNI, with the same bits)
    /// and `avx512Mixed` (its products of operands rounded to bfloat16, by AVX512-BF16).
    public static let allCases = (0..<qk_level_count).map(KernelLevel.init(number:))

    /// Its name, as `QUERN_LEVEL` has it.
    public var description: String { unsafe String(cString: qk_level_at(number).pointee.name) }

    /// Whether this processor and its operating system can run the level.
    public var isAvailable: Bool { unsafe qk_level_at(number).pointee.is_available() != 0 }

    /// In what its matrix products multiply.
    public var precision: Precision {
        unsafe qk_level_at(number).pointee.is_mixed != 0 ? .mixed : .float32
    }

    /// The fastest level in float32 that this processor has, or that `QUERN_LEVEL` chooses.
    public static let best = KernelLevel(number: qk_best_level())

    /// The fastest level of a precision; ``best`` where the processor has no fast one.
    public static func best(_ precision: Precision) -> KernelLevel {
        KernelLevel(number: precision == .mixed ? qk_best_mixed_level() : qk_best_level())
    }

    /// Reason for which `QUERN_LEVEL` chooses no level, as a sentence that names those which this
    /// processor has; `nil` if it chooses one, or is empty or not set.
    ///
    /// A program that asks before it works can end in its own way.
    public static var environmentFault: String? {
        unsafe qk_level_fault().map { unsafe String(cString: $0) }
    }
}

/// In what matrix products multiply. Parameters, sums and everything else are float32.
public enum Precision: String, Codable, CaseIterable, Sendable {
    /// Operands as they are.
    case float32
    /// Operands rounded to bfloat16, where the processor multiplies those faster.
    case mixed
}
