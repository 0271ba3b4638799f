/// The generator of random numbers behind Python's `random.Random(seed)`, and what that draws with
/// it: the same seed gives the same numbers, orders and samples as there.
///
/// Source: Matsumoto and Nishimura, "Mersenne Twister", 1998, with their seeding by an array, as
/// Python calls it; the ways of drawing are those of Python's `random` since 3.2.
///
/// ```swift
/// var random = MersenneTwister(seed: 1337)
/// random.shuffle(&items)
/// ```
package struct MersenneTwister: Sendable {
    private var state: [UInt32]
    private var index = Self.count

    private static let count = 624
    private static let middle = 397

    /// The generator that `random.Random(seed)` is.
    package init(seed: UInt64) {
        state = [UInt32](repeating: 0, count: Self.count)
        let high = UInt32(truncatingIfNeeded: seed >> 32)
        let key = [UInt32(truncatingIfNeeded: seed)] + (high == 0 ? [] : [high])
        fill(from: key)
    }

    /// The seeding by an array.
    private mutating func fill(from key: [UInt32]) {
        state[0] = 19_650_218
        for i in 1..<Self.count {
            state[i] = 1_812_433_253 &* (state[i - 1] ^ (state[i - 1] >> 30)) &+ UInt32(i)
        }
        var i = 1
        func advance(_ state: inout [UInt32]) {
            i += 1
            if i == Self.count {
                state[0] = state[Self.count - 1]
                i = 1
            }
        }
        for step in 0..<max(Self.count, key.count) {
            let j = step % key.count
            let mixed = (state[i - 1] ^ (state[i - 1] >> 30)) &* 1_664_525
            state[i] = (state[i] ^ mixed) &+ key[j] &+ UInt32(j)
            advance(&state)
        }
        for _ in 1..<Self.count {
            let mixed = (state[i - 1] ^ (state[i - 1] >> 30)) &* 1_566_083_941
            state[i] = (state[i] ^ mixed) &- UInt32(i)
            advance(&state)
        }
        state[0] = 0x8000_0000
    }

    /// The next 32 bits.
    package mutating func next() -> UInt32 {
        if index == Self.count { twist() }
        var y = state[index]
        index += 1
        y ^= y >> 11
        y ^= (y << 7) & 0x9D2C_5680
        y ^= (y << 15) & 0xEFC6_0000
        return y ^ (y >> 18)
    }

    private mutating func twist() {
        func twisted(_ high: UInt32, _ low: UInt32) -> UInt32 {
            let y = (high & 0x8000_0000) | (low & 0x7FFF_FFFF)
            return (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
        }
        let (n, m) = (Self.count, Self.middle)
        for i in 0..<n - m { state[i] = state[i + m] ^ twisted(state[i], state[i + 1]) }
        for i in n - m..<n - 1 { state[i] = state[i + m - n] ^ twisted(state[i], state[i + 1]) }
        state[n - 1] = state[m - 1] ^ twisted(state[n - 1], state[0])
        index = 0
    }

    /// `getrandbits(count)`, of 1 to 64 bits.
    package mutating func bits(_ count: Int) -> UInt64 {
        precondition((1...64).contains(count), "1 to 64 bits")
        guard count > 32 else { return UInt64(next() >> UInt32(32 - count)) }
        let low = UInt64(next())
        return low | UInt64(next() >> UInt32(64 - count)) << 32
    }

    /// `random()`: a number from 0 up to 1, with 53 bits.
    package mutating func real() -> Double {
        let (a, b) = (next() >> 5, next() >> 6)
        return (Double(a) * 67_108_864 + Double(b)) / 9_007_199_254_740_992
    }

    /// A number from 0 up to `bound`, which is at least 1: `randrange(bound)`.
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "nothing is below \(bound)")
        let width = Int.bitWidth - bound.leadingZeroBitCount
        while true {
            let number = bits(width)
            if number < UInt64(bound) { return Int(number) }
        }
    }

    /// `shuffle(elements)`. O(count).
    package mutating func shuffle<Element>(_ elements: inout [Element]) {
        for i in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(i, below(i + 1))
        }
    }

    /// `sample(range(count), k)`, for k up to `count`: numbers of a sample without repetition.
    /// O(count).
    package mutating func sample(_ k: Int, of count: Int) -> [Int] {
        precondition(k >= 0 && k <= count, "a sample of \(k) of \(count)")
        // Above this size Python draws again where a number has come already, instead of keeping a
        // pool of those that have not.
        var setSize = 21
        if k > 5 {
            var power = 4
            while power < 3 * k { power *= 4 }
            setSize += power
        }
        var result: [Int] = []
        result.reserveCapacity(k)
        if count <= setSize {
            var pool = Array(0..<count)
            for i in 0..<k {
                let j = below(count - i)
                result.append(pool[j])
                pool[j] = pool[count - i - 1]
            }
        } else {
            var seen = Set<Int>()
            for _ in 0..<k {
                var j = below(count)
                while !seen.insert(j).inserted { j = below(count) }
                result.append(j)
            }
        }
        return result
    }
}
