import Bytes

/// Numbers that a type of fewer bits cannot hold, and those that no model has: infinities and NaN.
///
/// Floats of one sign are ordered as their bits are, with infinity above every number and NaN above
/// infinity, so that one comparison of bits finds all that is too large.
extension FloatSlice {
    /// Bits of infinity: a magnitude from there on is no number.
    private static var infinity: UInt32 { 0x7F80_0000 }

    /// The first number whose magnitude has bits of `limit` or more; nil if there is none.
    /// O(count), at the speed of memory.
    func first(fromMagnitude limit: UInt32) -> Float? {
        let span = unsafe Span(_unsafeStart: base, count: count)
        // The sum has its highest bit from the limit on: an "and", an "add" and an "or" for each
        // number, which the compiler does for a vector of them at once.
        let (magnitude, offset) = (UInt32(0x7FFF_FFFF), 0x8000_0000 - limit)
        var any: UInt32 = 0
        for index in span.indices { any |= (span[index].bitPattern & magnitude) &+ offset }
        guard any >> 31 == 1 else { return nil }
        for index in span.indices where span[index].bitPattern & magnitude >= limit {
            return span[index]
        }
        return nil
    }

    /// Throws if a number is infinite or NaN. O(count).
    ///
    /// - Parameters:
    ///   - name: the tensor's name.
    ///   - path: the file that it was read from; nil for a model in memory.
    func checkFinite(name: String, path: String? = nil) throws(ModelError) {
        guard let value = first(fromMagnitude: Self.infinity) else { return }
        throw .notFiniteWeight(path: path, name: name, value: value)
    }
}

extension FloatBuffer {
    /// Whether no float in `range` is infinite or NaN. O(count), at the speed of memory.
    package func isFinite(_ range: Range<Int>) -> Bool {
        slice(range).first(fromMagnitude: Float.infinity.bitPattern) == nil
    }
}

extension NumberType {
    /// Bits of the least float32 that would be infinite in this type, rounded to the nearest, ties
    /// to even.
    private var overflow: UInt32 {
        switch self {
        case .float32, .float64: 0x7F80_0000
        // 65,520, half a step above the largest binary16.
        case .float16: 0x477F_F000
        // Half a step above the largest number with 8 significant bits.
        case .bfloat16: 0x7F7F_8000
        }
    }

    /// Throws if a number would be infinite in this type. Those that are infinite already are
    /// refused where they are read. O(count).
    func checkRange(of floats: FloatSlice, name: String) throws(ModelError) {
        guard byteCount < 4, let value = floats.first(fromMagnitude: overflow) else { return }
        throw .outOfRange(name: name, value: value, type: rawValue)
    }
}

extension LanguageModel {
    /// Throws if a parameter is infinite or NaN. O(parameters).
    public func checkFinite() throws(ModelError) {
        for tensor in layout.tensors {
            try parameters.slice(tensor.range).checkFinite(name: tensor.checkpointName)
        }
    }

    /// Throws if a matrix cannot be rounded to `format`: because a parameter is infinite or NaN, or
    /// because a number of a matrix would be infinite. O(parameters).
    ///
    /// Kernels round what they are given, the largest number standing for all beyond it, and would
    /// make another model of this one without a word.
    public func checkRange(of format: WeightFormat) throws(ModelError) {
        try checkFinite()
        let type: NumberType
        switch format {
        // The integers of a block have a factor with the range of float32.
        case .float32, .int8: return
        case .blocks4:
            for tensor in layout.tensors where tensor.shape.count > 1 {
                try FourBitBlocks.checkRange(
                    of: parameters.slice(tensor.range), name: tensor.checkpointName)
            }
            return
        case .float16: type = .float16
        case .bfloat16: type = .bfloat16
        }
        for tensor in layout.tensors where tensor.shape.count > 1 {
            try type.checkRange(
                of: parameters.slice(tensor.range), name: tensor.checkpointName)
        }
    }
}
