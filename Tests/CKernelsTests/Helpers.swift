import CKernels

let plain = Int32(QK_PLAIN)

/// The levels that this processor has.
let availableLevels = (0..<qk_level_count).filter { qk_level_at($0).pointee.is_available() != 0 }

/// Those whose products are tested against the plain ones.
let productLevels = availableLevels.filter { $0 != plain && $0 != QK_PLAIN_MIXED }

/// Those of them that are tested against the plain one in all else.
let fastLevels = productLevels.filter { !isMixed($0) }

/// The simple loop that computes what the products of a level do.
func twin(of level: Int32) -> Int32 { isMixed(level) ? Int32(QK_PLAIN_MIXED) : plain }

func isMixed(_ level: Int32) -> Bool { qk_level_at(level).pointee.is_mixed != 0 }

/// Floats for C, in one allocation that is zero at first.
@safe final class Floats {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    init(_ count: Int) {
        unsafe base = .allocate(capacity: max(count, 1))
        unsafe base.initialize(repeating: 0, count: max(count, 1))
        self.count = count
    }

    /// Numbers in [-1, 1) that look random and are the same each time.
    convenience init(_ count: Int, seed: UInt64) {
        self.init(count)
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        for index in 0..<count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            unsafe base[index] = Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
        }
    }

    convenience init(copying other: Floats) {
        self.init(other.count)
        unsafe base.update(from: other.base, count: count)
    }

    deinit { unsafe base.deallocate() }

    subscript(index: Int) -> Float {
        get { unsafe base[index] }
        set { unsafe base[index] = newValue }
    }

    func fill(_ value: Float) { unsafe base.update(repeating: value, count: count) }

    /// The greatest difference, in units of the greatest magnitude in `other`, or of 1 if that is
    /// less.
    func error(against other: Floats) -> Float {
        var (difference, magnitude): (Float, Float) = (0, 1)
        for index in 0..<count {
            let (a, b) = unsafe (base[index], other.base[index])
            if !a.isFinite || !b.isFinite { return .infinity }
            difference = max(difference, abs(a - b))
            magnitude = max(magnitude, abs(b))
        }
        return difference / magnitude
    }
}

/// Every activation.
let activations = [QK_GELU_TANH, QK_GELU, QK_RELU, QK_SILU].map { Int32($0) }
