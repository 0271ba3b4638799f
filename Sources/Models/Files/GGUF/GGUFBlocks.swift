import Bytes

/// A type of numbers in a GGUF file that is read: single numbers, or blocks of them with common
/// factors.
///
/// Source: ggml's `ggml-common.h` and the functions `dequantize_row_…` of `ggml-quants.c`.
enum GGUFNumberFormat: UInt32, CaseIterable {
    case float32 = 0
    case float16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q4_K = 12
    case q5_K = 13
    case q6_K = 14
    case float64 = 28
    case bfloat16 = 30

    /// What ggml calls it.
    var name: String {
        switch self {
        case .float32: "F32"
        case .float16: "F16"
        case .float64: "F64"
        case .bfloat16: "BF16"
        default: "\(self)".uppercased()
        }
    }

    /// The type of single numbers; nil for blocks.
    private var single: NumberType? {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .float64: .float64
        default: nil
        }
    }

    /// Numbers of a block.
    var blockCount: Int {
        switch self {
        case .float32, .float16, .bfloat16, .float64: 1
        case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
        case .q4_K, .q5_K, .q6_K: 256
        }
    }

    /// Bytes of a block.
    var blockByteCount: Int {
        switch self {
        case .float32, .float16, .bfloat16, .float64: single?.byteCount ?? 0
        case .q4_0: 2 + 16
        case .q4_1: 4 + 16
        case .q5_0: 2 + 4 + 16
        case .q5_1: 4 + 4 + 16
        case .q8_0: 2 + 32
        case .q4_K: 4 + 12 + 128
        case .q5_K: 4 + 12 + 32 + 128
        case .q6_K: 128 + 64 + 16 + 2
        }
    }

    /// Bytes of rows of `width` numbers, `count` numbers in all; nil for rows without whole blocks,
    /// and for too many.
    func byteCount(of count: Int, width: Int) -> Int? {
        guard width % blockCount == 0 else { return nil }
        let (bytes, overflows) = (count / blockCount).multipliedReportingOverflow(
            by: blockByteCount)
        return overflows ? nil : bytes
    }

    /// Writes the `numbers` of a tensor, whose bytes are `bytes`, into `floats`. O(count).
    func decode(_ bytes: RawSpan, numbers: Range<Int>, into floats: FloatSlice) {
        precondition(floats.count == numbers.count, "as much room as numbers")
        if let single {
            let size = single.byteCount
            single.decode(
                bytes.extracting(numbers.lowerBound * size..<numbers.upperBound * size),
                into: floats)
            return
        }
        let span = Span<UInt8>(_bytes: bytes)
        var block = [Float](repeating: 0, count: blockCount)
        var output = unsafe MutableSpan(_unsafeStart: floats.base, count: floats.count)
        var start = numbers.lowerBound
        while start < numbers.upperBound {
            let (number, first) = start.quotientAndRemainder(dividingBy: blockCount)
            let count = min(blockCount - first, numbers.upperBound - start)
            let place = number * blockByteCount
            decodeBlock(span.extracting(place..<place + blockByteCount), into: &block)
            for index in 0..<count {
                output[start - numbers.lowerBound + index] = block[first + index]
            }
            start += count
        }
    }

    private func decodeBlock(_ x: Span<UInt8>, into y: inout [Float]) {
        func half(_ place: Int) -> Float {
            HalfPrecision.float(binary16: UInt16(x[place]) | UInt16(x[place + 1]) << 8)
        }
        func signed(_ place: Int) -> Float { Float(Int8(bitPattern: x[place])) }
        switch self {
        case .float32, .float16, .bfloat16, .float64: break
        case .q4_0, .q4_1, .q5_0, .q5_1:
            // A factor and, of some, a term; of some the fifth bits; then two numbers a byte.
            let hasTerm = self == .q4_1 || self == .q5_1
            let hasFifth = self == .q5_0 || self == .q5_1
            let (factor, term) = (half(0), hasTerm ? half(2) : 0)
            let fifths = hasTerm ? 4 : 2
            let quarters = fifths + (hasFifth ? 4 : 0)
            let middle: Float = hasTerm ? 0 : hasFifth ? 16 : 8
            for index in 0..<32 {
                let byte = x[quarters + index % 16]
                var value = index < 16 ? byte & 15 : byte >> 4
                if hasFifth { value |= (x[fifths + index / 8] >> UInt8(index % 8) & 1) << 4 }
                let product = factor * (Float(value) - middle)
                y[index] = hasTerm ? product + term : product
            }
        case .q8_0:
            let factor = half(0)
            for index in 0..<32 { y[index] = factor * signed(2 + index) }
        case .q4_K, .q5_K:
            // Eight groups of 32, each with six bits of a factor and six of a term.
            let (factor, term) = (half(0), half(2))
            let quarters = self == .q5_K ? 48 : 16
            for group in 0..<8 {
                let (scale, least) = Self.sixBits(x, group)
                let (d, m) = (factor * Float(scale), term * Float(least))
                for index in 0..<32 {
                    let byte = x[quarters + group / 2 * 32 + index]
                    var value = group % 2 == 0 ? byte & 15 : byte >> 4
                    if self == .q5_K { value |= (x[16 + index] >> UInt8(group) & 1) << 4 }
                    y[group * 32 + index] = d * Float(value) - m
                }
            }
        case .q6_K:
            // Two halves of four groups of 32: four bits in one place, two in another, and a factor
            // for each 16.
            let factor = half(208)
            for index in 0..<256 {
                let (part, group, place) = (index / 128, index % 128 / 32, index % 32)
                let low = x[part * 64 + group % 2 * 32 + place]
                let high = x[128 + part * 32 + place] >> UInt8(2 * group) & 3
                let value = (group < 2 ? low & 15 : low >> 4) | high << 4
                let scale = signed(192 + part * 8 + group * 2 + place / 16)
                y[index] = factor * scale * (Float(value) - 32)
            }
        }
    }

    /// Factor and term of a group: those of the first four stand in six bits of a byte each, those
    /// of the others in four bits, and in the two that these leave.
    private static func sixBits(_ x: Span<UInt8>, _ group: Int) -> (scale: UInt8, least: UInt8) {
        let start = 4
        guard group >= 4 else {
            return (x[start + group] & 63, x[start + group + 4] & 63)
        }
        return (
            x[start + group + 4] & 15 | (x[start + group - 4] >> 6) << 4,
            x[start + group + 4] >> 4 | (x[start + group] >> 6) << 4
        )
    }
}
