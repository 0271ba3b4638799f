/// Rows of numbers in blocks, most of which can be passed over: of a vocabulary's tokens few
/// decide, and whether a block holds one of them is known from a few wide instructions.
extension Span<Float> {
    /// The blocks in order, each with its first place.
    @inline(__always)
    func eachBlock(_ body: (_ start: Int, _ block: Span<Float>) -> Void) {
        for start in stride(from: 0, to: count, by: 32) {
            body(start, extracting(start..<Swift.min(start + 32, count)))
        }
    }

    /// Whether every number is 0, and none -0.
    var isZero: Bool {
        var bits: UInt32 = 0
        for index in indices { bits |= self[index].bitPattern }
        return bits == 0
    }

    /// Whether a number may be greater than `bound`; false only if none is.
    func reaches(above bound: Float) -> Bool { greatestKey > Self.key(bound) }

    /// The greatest number; 0 of none.
    var greatest: Float {
        guard count > 0 else { return 0 }
        let key = greatestKey
        return Float(bitPattern: UInt32(bitPattern: key ^ (key >> 31 & .max)))
    }

    private var greatestKey: Int32 {
        var most = Int32.min
        for index in indices { most = Swift.max(most, Self.key(self[index])) }
        return most
    }

    /// Integers in the order of the floats, for the greatest of which there are instructions that
    /// need not care for NaN.
    @inline(__always)
    private static func key(_ value: Float) -> Int32 {
        let bits = Int32(bitPattern: value.bitPattern)
        return bits ^ (bits >> 31 & .max)
    }
}
