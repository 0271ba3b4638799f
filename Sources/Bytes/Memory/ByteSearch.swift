#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Copies `source` over the bytes of `target` from `start` on. O(count).
package func copyBytes(_ source: Span<UInt8>, to target: inout [UInt8], at start: Int) {
    var target = target.mutableSpan
    copyBytes(source, to: &target, at: start)
}

/// Copies `source` over the bytes of `target` from `start` on. O(count).
package func copyBytes(
    _ source: Span<UInt8>, to target: inout MutableSpan<UInt8>, at start: Int
) {
    precondition(start >= 0 && source.count <= target.count - start, "the target has room")
    unsafe source.withUnsafeBytes { from in
        unsafe target.withUnsafeMutableBytes { to in
            if let first = from.baseAddress {
                unsafe (to.baseAddress! + start).copyMemory(from: first, byteCount: from.count)
            }
        }
    }
}

/// Moves the bytes of `range` to the start of `buffer`. O(count).
package func moveBytesToFront(of buffer: inout [UInt8], from range: Range<Int>) {
    precondition(range.upperBound <= buffer.count, "the bytes are in the buffer")
    unsafe buffer.withUnsafeMutableBytes { bytes in
        if let start = bytes.baseAddress {
            unsafe start.copyMemory(from: start + range.lowerBound, byteCount: range.count)
        }
    }
}

/// The place of the first `byte` in `bytes`. O(count), at the C library's speed.
package func firstOffset(of byte: UInt8, in bytes: Span<UInt8>) -> Int? {
    unsafe bytes.withUnsafeBytes { haystack in
        guard let start = haystack.baseAddress,
            let found = unsafe memchr(start, Int32(byte), haystack.count)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - start
    }
}

/// Offset at which `needle`, which is not empty, first begins in `bytes`.
///
/// O(count): where its first and its last byte stand is looked for 32 places at once. The first two
/// would be an empty line in each paragraph.
package func firstOffset(of needle: [UInt8], in bytes: Span<UInt8>) -> Int? {
    guard needle.count > 1 else { return firstOffset(of: needle[0], in: bytes) }
    let ends = NeedleEnds(needle)
    let raw = unsafe bytes.bytes
    /// Behind the last place where the needle fits.
    let end = bytes.count - ends.distance
    var start = 0
    while start + 8 <= end {
        while start + 32 <= end {
            let found =
                ends.found(in: raw, at: start) | ends.found(in: raw, at: start &+ 8)
                | ends.found(in: raw, at: start &+ 16) | ends.found(in: raw, at: start &+ 24)
            if found != 0 { break }
            start &+= 32
        }
        guard start + 8 <= end else { break }
        let found = ends.found(in: raw, at: start)
        guard found != 0 else {
            start += 8
            continue
        }
        start += found.trailingZeroBitCount / 8
        if starts(with: needle, bytes, at: start) { return start }
        start += 1
    }
    while start < end {
        if starts(with: needle, bytes, at: start) { return start }
        start += 1
    }
    return nil
}

/// The first and the last byte of what is searched for.
private struct NeedleEnds {
    /// Distance from the first byte to the last.
    let distance: Int
    // Each byte eight times.
    private let first: UInt64
    private let last: UInt64

    private static let lowBits: UInt64 = 0x0101_0101_0101_0101

    init(_ needle: [UInt8]) {
        distance = needle.count - 1
        first = Self.lowBits &* UInt64(needle[0])
        last = Self.lowBits &* UInt64(needle[distance])
    }

    /// The high bit of the first of eight bytes from `place` on where both stand, and perhaps some
    /// above it; 0 if they stand nowhere. The caller has checked that all bytes are there.
    func found(in bytes: RawSpan, at place: Int) -> UInt64 {
        let word = unsafe bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: place, as: UInt64.self)
        let next = unsafe bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: place &+ distance, as: UInt64.self)
        // A byte is zero where both are as wanted.
        let other = (UInt64(littleEndian: word) ^ first) | (UInt64(littleEndian: next) ^ last)
        return (other &- Self.lowBits) & ~other & (Self.lowBits << 7)
    }
}

private func starts(with needle: [UInt8], _ bytes: Span<UInt8>, at start: Int) -> Bool {
    start + needle.count <= bytes.count
        && needle.indices.allSatisfy { bytes[start + $0] == needle[$0] }
}

extension [UInt8] {
    /// A copy of `bytes`. O(count).
    package init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// Appends a copy of `bytes`. O(count).
    package mutating func append(copying bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

extension ByteView {
    /// The first place of `byte` at or after `start`; the end of the bytes if there is none.
    /// O(distance), many bytes at a time.
    package func firstIndex(of byte: UInt8, from start: Int) -> Int {
        unsafe withBase { base in
            guard start < count,
                let found = unsafe memchr(base + start, Int32(byte), count - start)
            else { return count }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }
}
