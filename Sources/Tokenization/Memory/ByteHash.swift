/// A quick hash of a few bytes, for tables in memory only: it is never written to a file.
///
/// Eight bytes a multiplication, folded, in the manner of wyhash. Tables that use it compare the
/// bytes themselves, so a collision costs time and nothing else.
@inline(__always)
func quickHash(of text: ByteView, from start: Int, to end: Int) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: end - start) &* 0x9E37_79B9_7F4A_7C15
    var index = start
    while index + 8 <= end {
        hash = foldedProduct(hash ^ text.word(at: index), 0xA076_1D64_78BD_642F)
        index += 8
    }
    var rest: UInt64 = 0
    while index < end {
        rest = rest << 8 | UInt64(text[index])
        index += 1
    }
    return foldedProduct(hash ^ rest, 0xE703_7ED1_A0B4_28DB)
}

/// Both halves of the 128-bit product, folded into one.
@inline(__always)
func foldedProduct(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
}

/// The smallest power of two that is at least `count`.
func powerOfTwo(atLeast count: Int) -> Int {
    count <= 1 ? 1 : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
}
