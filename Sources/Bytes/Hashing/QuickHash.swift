/// A quick hash of a few bytes, for tables in memory only: it is never written to a file.
///
/// Eight bytes a multiplication, folded, in the manner of wyhash. Tables that use it compare the
/// bytes themselves, so a collision costs time and nothing else.
@inline(__always)
@inlinable
package func quickHash(of text: ByteView, from start: Int, to end: Int) -> UInt64 {
    let length = end - start
    var hash = UInt64(truncatingIfNeeded: length) &* 0x9E37_79B9_7F4A_7C15
    let last: UInt64
    if length >= 8 {
        var index = start
        while index + 8 < end {
            hash = foldedProduct(hash ^ text.word(at: index), 0xA076_1D64_78BD_642F)
            index += 8
        }
        // The last eight bytes may overlap those before: every byte counts, and none needs a loop.
        last = text.word(at: end - 8)
    } else if length >= 4 {
        last = UInt64(text.halfWord(at: start)) | UInt64(text.halfWord(at: end - 4)) << 32
    } else if length > 0 {
        last =
            UInt64(text[start]) | UInt64(text[start + length / 2]) << 8 | UInt64(text[end - 1])
            << 16
    } else {
        last = 0
    }
    return foldedProduct(hash ^ last, 0xE703_7ED1_A0B4_28DB)
}

/// A quick hash of bytes taken eight at a time with zeros after the last.
@inline(__always)
@inlinable
package func wordHash(of text: ByteView, from start: Int, to end: Int) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: end &- start) &* 0x9E37_79B9_7F4A_7C15
    var index = start
    while index < end {
        hash = foldedProduct(
            hash ^ text.word(at: index, count: end &- index), 0xA076_1D64_78BD_642F)
        index &+= 8
    }
    return hash
}

/// Both halves of the 128-bit product, folded into one.
@inline(__always)
@inlinable
package func foldedProduct(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
}

/// The smallest power of two that is at least `count`.
@inlinable
package func powerOfTwo(atLeast count: Int) -> Int {
    count <= 1 ? 1 : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
}
