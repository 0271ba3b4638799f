/// A piece of at most 15 bytes as two words, so that comparing pieces is comparing numbers.
struct PieceKey: BitwiseCopyable {
    /// The longest piece that has a key.
    static let maximumLength = 15

    /// The first eight bytes, the earliest lowest.
    let low: UInt64

    /// The other seven, and the length in the highest byte.
    let high: UInt64

    /// The key of the bytes from `start` up to `end`: at least one and at most fifteen.
    @inline(__always)
    init(_ text: ByteView, from start: Int, to end: Int) {
        let length = end - start
        let lowMask = UInt64.max &>> UInt64(truncatingIfNeeded: 64 - 8 * min(length, 8))
        let highMask = ~(UInt64.max &<< UInt64(truncatingIfNeeded: 8 * max(length - 8, 0)))
        if start + 16 <= text.count {
            low = text.word(at: start) & lowMask
            high = text.word(at: start + 8) & highMask | UInt64(length) &<< 56
        } else {
            (low, high) = Self.nearEnd(text, from: start, to: end)
        }
    }

    /// The key with these words.
    @inline(__always)
    init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    @inline(never)
    private static func nearEnd(
        _ text: ByteView, from start: Int, to end: Int
    ) -> (low: UInt64, high: UInt64) {
        var low: UInt64 = 0
        var high = UInt64(end - start) << 56
        for index in start..<end {
            let offset = index - start
            if offset < 8 {
                low |= UInt64(text[index]) << UInt64(8 * offset)
            } else {
                high |= UInt64(text[index]) << UInt64(8 * (offset - 8))
            }
        }
        return (low, high)
    }

    /// A quick hash, for tables in memory only.
    @inline(__always)
    var hash: UInt64 {
        foldedProduct(low ^ 0xA076_1D64_78BD_642F, high ^ 0xE703_7ED1_A0B4_28DB)
    }
}
