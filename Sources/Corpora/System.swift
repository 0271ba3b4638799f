#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#endif

/// The failure that `errno` describes now.
func systemFailure(_ operation: String, _ path: String) -> CorpusError {
    let name = path == "-" ? "standard input" : path
    return .failed(
        operation: operation, path: name, reason: unsafe String(cString: strerror(errno)))
}

/// `read(2)`, whose name is also that of methods.
func systemRead(_ descriptor: Int32, _ room: UnsafeMutableRawBufferPointer) -> Int {
    unsafe read(descriptor, room.baseAddress, room.count)
}

/// Copies `source` over the bytes of `target` from `start` on. O(count).
func copyBytes(_ source: Span<UInt8>, to target: inout [UInt8], at start: Int) {
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
func moveBytesToFront(of buffer: inout [UInt8], from range: Range<Int>) {
    precondition(range.upperBound <= buffer.count, "the bytes are in the buffer")
    unsafe buffer.withUnsafeMutableBytes { bytes in
        if let start = bytes.baseAddress {
            unsafe start.copyMemory(from: start + range.lowerBound, byteCount: range.count)
        }
    }
}

/// The place of the first `byte` in `bytes`. O(count), at the C library's speed.
func firstOffset(of byte: UInt8, in bytes: Span<UInt8>) -> Int? {
    unsafe bytes.withUnsafeBytes { haystack in
        guard let start = haystack.baseAddress,
            let found = unsafe memchr(start, Int32(byte), haystack.count)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - start
    }
}

/// Where `needle`, which is not empty, first begins in `bytes`.
///
/// O(count): where its first two bytes stand is looked for eight places at once, because the first alone
/// may be a line's end, which is everywhere.
func firstOffset(of needle: [UInt8], in bytes: Span<UInt8>) -> Int? {
    guard needle.count > 1 else { return firstOffset(of: needle[0], in: bytes) }
    let lowBits: UInt64 = 0x0101_0101_0101_0101
    let first = lowBits &* UInt64(needle[0])
    let second = lowBits &* UInt64(needle[1])
    let raw = unsafe bytes.bytes
    var start = 0
    // Nine bytes are looked at.
    while start + 9 <= bytes.count {
        let word = unsafe raw.unsafeLoadUnaligned(
            fromUncheckedByteOffset: start, as: UInt64.self)
        let next = unsafe raw.unsafeLoadUnaligned(
            fromUncheckedByteOffset: start + 1, as: UInt64.self)
        // A byte is zero where both are as wanted; its high bit is then set, and perhaps some above it.
        let other = (UInt64(littleEndian: word) ^ first) | (UInt64(littleEndian: next) ^ second)
        let found = (other &- lowBits) & ~other & (lowBits << 7)
        guard found != 0 else {
            start += 8
            continue
        }
        start += found.trailingZeroBitCount / 8
        if starts(with: needle, bytes, at: start) { return start }
        start += 1
    }
    while start + needle.count <= bytes.count {
        if starts(with: needle, bytes, at: start) { return start }
        start += 1
    }
    return nil
}

private func starts(with needle: [UInt8], _ bytes: Span<UInt8>, at start: Int) -> Bool {
    start + needle.count <= bytes.count
        && needle.indices.allSatisfy { bytes[start + $0] == needle[$0] }
}

extension [UInt8] {
    /// A copy of `bytes`. O(count).
    init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// Appends a copy of `bytes`. O(count).
    mutating func append(copying bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
