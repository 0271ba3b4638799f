/// The 64-bit XXH64 hash, computed piece by piece.
///
/// It finds any change by accident, at memory speed; it is no protection against a forger. Source:
/// the xxHash specification, <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>.
///
/// ```swift
/// XXH64.hash(of: "quern".utf8.span)
/// ```
public struct XXH64: Sendable {
    fileprivate static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    fileprivate static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    fileprivate static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    fileprivate static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    fileprivate static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    private var lanes: SIMD4<UInt64>
    private let seed: UInt64
    /// Up to 31 bytes that do not fill a stripe yet, the earliest in the lowest byte.
    private var pending = SIMD32<UInt8>.zero
    private var pendingCount = 0
    private var byteCount: UInt64 = 0

    /// A hash of no bytes yet.
    public init(seed: UInt64 = 0) {
        self.seed = seed
        lanes = SIMD4(
            seed &+ Self.prime1 &+ Self.prime2, seed &+ Self.prime2, seed, seed &- Self.prime1)
    }

    /// The hash of `bytes` alone. O(count).
    public static func hash(of bytes: RawSpan, seed: UInt64 = 0) -> UInt64 {
        var hash = XXH64(seed: seed)
        hash.update(bytes)
        return hash.digest()
    }

    /// The hash of `bytes` alone. O(count).
    public static func hash(of bytes: Span<UInt8>, seed: UInt64 = 0) -> UInt64 {
        unsafe hash(of: bytes.bytes, seed: seed)
    }

    /// Appends `bytes` to what is hashed. O(count).
    public mutating func update(_ bytes: RawSpan) {
        byteCount &+= UInt64(bytes.byteCount)
        var offset = 0
        if pendingCount > 0 {
            while pendingCount < 32, offset < bytes.byteCount {
                pending[pendingCount] = unsafe bytes.unsafeLoad(
                    fromUncheckedByteOffset: offset, as: UInt8.self)
                pendingCount += 1
                offset += 1
            }
            guard pendingCount == 32 else { return }
            for lane in 0..<4 { lanes[lane] = round(lanes[lane], pendingWord(at: lane * 8)) }
            pendingCount = 0
        }
        // In four variables, because the compiler would keep a vector, whose lanes it multiplies
        // one by one after having taken them out: a third of the speed.
        var (lane0, lane1, lane2, lane3) = (lanes[0], lanes[1], lanes[2], lanes[3])
        while offset &+ 32 <= bytes.byteCount {
            lane0 = round(lane0, load(bytes, offset))
            lane1 = round(lane1, load(bytes, offset &+ 8))
            lane2 = round(lane2, load(bytes, offset &+ 16))
            lane3 = round(lane3, load(bytes, offset &+ 24))
            offset &+= 32
        }
        lanes = SIMD4(lane0, lane1, lane2, lane3)
        while offset < bytes.byteCount {
            pending[pendingCount] = unsafe bytes.unsafeLoad(
                fromUncheckedByteOffset: offset, as: UInt8.self)
            pendingCount += 1
            offset += 1
        }
    }

    /// The hash of everything appended so far. More may be appended afterwards.
    public func digest() -> UInt64 {
        var hash: UInt64
        if byteCount >= 32 {
            hash =
                rotate(lanes[0], 1) &+ rotate(lanes[1], 7) &+ rotate(lanes[2], 12)
                &+ rotate(lanes[3], 18)
            for lane in 0..<4 {
                hash ^= round(0, lanes[lane])
                hash = hash &* Self.prime1 &+ Self.prime4
            }
        } else {
            hash = seed &+ Self.prime5
        }
        hash &+= byteCount

        var offset = 0
        while offset + 8 <= pendingCount {
            hash ^= round(0, pendingWord(at: offset))
            hash = rotate(hash, 27) &* Self.prime1 &+ Self.prime4
            offset += 8
        }
        if offset + 4 <= pendingCount {
            hash ^= (pendingWord(at: offset) & 0xFFFF_FFFF) &* Self.prime1
            hash = rotate(hash, 23) &* Self.prime2 &+ Self.prime3
            offset += 4
        }
        while offset < pendingCount {
            hash ^= UInt64(pending[offset]) &* Self.prime5
            hash = rotate(hash, 11) &* Self.prime1
            offset += 1
        }
        hash ^= hash >> 33
        hash &*= Self.prime2
        hash ^= hash >> 29
        hash &*= Self.prime3
        hash ^= hash >> 32
        return hash
    }

    /// Eight pending bytes as a little-endian word; offsets from 25 on give fewer.
    private func pendingWord(at offset: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<min(8, 32 - offset) {
            word |= UInt64(pending[offset + index]) << UInt64(index * 8)
        }
        return word
    }
}

/// A 64-bit value as sixteen hexadecimal digits.
package func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

// Callers have checked that the bytes are there.
private func load(_ bytes: RawSpan, _ offset: Int) -> UInt64 {
    UInt64(
        littleEndian: unsafe bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: offset, as: UInt64.self))
}

private func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
    value &<< count | value &>> (64 &- count)
}

private func round(_ accumulator: UInt64, _ input: UInt64) -> UInt64 {
    rotate(accumulator &+ input &* XXH64.prime2, 31) &* XXH64.prime1
}
