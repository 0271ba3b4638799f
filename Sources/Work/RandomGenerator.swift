#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The xoshiro256** generator: the same numbers from the same seed, on every machine.
///
/// A value: copying it forks the sequence, and encoding it into a checkpoint lets a run go on where
/// it was. Source: Blackman and Vigna, <https://prng.di.unimi.it/xoshiro256starstar.c>.
public struct RandomGenerator: RandomNumberGenerator, Codable, Equatable, Sendable {
    private var state: [UInt64]

    /// A generator whose state is four numbers of SplitMix64 from `seed`.
    public init(seed: UInt64) {
        var words = SplitMix64(seed: seed)
        state = (0..<4).map { _ in words.next() }
    }

    /// Reads a state of four words, not all of them zero.
    public init(from decoder: any Decoder) throws {
        state = try [UInt64](from: decoder)
        guard state.count == 4, state.contains(where: { $0 != 0 }) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "a generator's state is four numbers, not all zero"))
        }
    }

    /// Writes the state as four words.
    public func encode(to encoder: any Encoder) throws { try state.encode(to: encoder) }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        let result = rotate(state[1] &* 5, 7) &* 9
        let t = state[1] << 17
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= t
        state[3] = rotate(state[3], 45)
        return result
    }

    /// A number in [0, 1) with 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number of the standard normal distribution, by the method of Box and Muller.
    public mutating func normal() -> Double {
        // 1 - u is in (0, 1], so that the logarithm is finite.
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * Double.pi * uniform())
    }
}

private func rotate(_ x: UInt64, _ count: UInt64) -> UInt64 { x &<< count | x &>> (64 &- count) }

/// Pseudo-random words, each a mix of the next multiple of one constant.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014);
/// <https://prng.di.unimi.it/splitmix64.c>.
package struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// A one-to-one mapping under which every bit depends on all.
    @inlinable
    package static func mix(_ word: UInt64) -> UInt64 {
        var mixed = word
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
