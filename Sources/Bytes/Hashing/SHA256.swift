/// SHA-256, and HMAC with it: what two processes that share a secret prove it with.
///
/// Plain code for short messages; nothing here is hashed in bulk. Sources: FIPS 180-4 and RFC 2104.
public struct SHA256 {
    /// Bytes of a digest.
    public static let byteCount = 32
    private static let blockSize = 64

    private var state: [UInt32]
    private var block: [UInt8] = []
    private var byteCount = 0

    /// The hash of nothing yet.
    public init() { state = Self.initialState }

    /// Takes more of the message. O(bytes).
    public mutating func update(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            block.append(byte)
            byteCount += 1
            if block.count == Self.blockSize { takeBlock() }
        }
    }

    /// The digest of the message, 32 bytes.
    public consuming func digest() -> [UInt8] {
        let bitCount = UInt64(byteCount) * 8
        update([0x80])
        while block.count != Self.blockSize - 8 { update([0]) }
        update((0..<8).map { UInt8(truncatingIfNeeded: bitCount >> UInt64(56 - 8 * $0)) })
        return state.flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) }
        }
    }

    /// The digest of `message`. O(bytes).
    public static func digest(of message: some Sequence<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(message)
        return hash.digest()
    }

    /// The code by which who knows `key` proves that `message` is from one who knows it. O(bytes).
    public static func authenticationCode(
        of message: some Sequence<UInt8>, key: [UInt8]
    ) -> [UInt8] {
        var key = key.count > blockSize ? digest(of: key) : key
        key += [UInt8](repeating: 0, count: blockSize - key.count)
        var inner = SHA256()
        inner.update(key.map { $0 ^ 0x36 })
        inner.update(message)
        var outer = SHA256()
        outer.update(key.map { $0 ^ 0x5C })
        outer.update(inner.digest())
        return outer.digest()
    }

    private mutating func takeBlock() {
        var words = (0..<16).map { index in
            (0..<4).reduce(0 as UInt32) { $0 << 8 | UInt32(block[4 * index + $1]) }
        }
        func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
            word >> count | word << (32 - count)
        }
        for index in 16..<64 {
            let (first, last) = (words[index - 15], words[index - 2])
            let small = rotated(first, 7) ^ rotated(first, 18) ^ first >> 3
            let large = rotated(last, 17) ^ rotated(last, 19) ^ last >> 10
            words.append(words[index - 16] &+ small &+ words[index - 7] &+ large)
        }
        var v = state
        for index in 0..<64 {
            let (a, e) = (v[0], v[4])
            let sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
            let choice = e & v[5] ^ ~e & v[6]
            let first = v[7] &+ sum1 &+ choice &+ Self.constants[index] &+ words[index]
            let sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
            let majority = a & v[1] ^ a & v[2] ^ v[1] & v[2]
            v = [first &+ sum0 &+ majority, a, v[1], v[2], v[3] &+ first, e, v[5], v[6]]
        }
        for index in 0..<8 { state[index] &+= v[index] }
        block.removeAll(keepingCapacity: true)
    }

    private static let primes: [UInt64] = (2..<312).filter { number in
        !(2..<number).contains { $0 * $0 <= number && number % $0 == 0 }
    }

    /// The first 32 bits of the fractions of the primes' square roots.
    private static let initialState = primes.prefix(8).map { fraction(of: $0, power: 2) }

    /// The first 32 bits of the fractions of the primes' cube roots.
    private static let constants = primes.prefix(64).map { fraction(of: $0, power: 3) }

    /// The 32 bits behind the point of a number's root: the largest whole root of the number times
    /// 2^(32 · power), without its upper bits.
    private static func fraction(of number: UInt64, power: Int) -> UInt32 {
        var root: UInt64 = 0
        for bit in (0..<37).reversed() {
            let next = root | 1 << UInt64(bit)
            // Up to 111 bits, so compared in two halves.
            let square = next.multipliedFullWidth(by: next)
            let limit: (high: UInt64, low: UInt64) =
                power == 2 ? (number, 0) : (number << 32, 0)
            var product: (high: UInt64, low: UInt64) = (square.high, square.low)
            if power == 3 {
                let low = square.low.multipliedFullWidth(by: next)
                product = (square.high * next + low.high, low.low)
            }
            if product.high < limit.high || product.high == limit.high && product.low == 0 {
                root = next
            }
        }
        return UInt32(truncatingIfNeeded: root)
    }
}
