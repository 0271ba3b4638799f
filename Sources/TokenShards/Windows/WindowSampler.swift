import Work

/// The order in which training sees windows: a permutation for each epoch, made from a key.
///
/// A position is one integer, so a run is resumed by remembering one number, and no list of windows
/// is ever kept. The permutation is a Feistel network on the next power of four, walked until it
/// falls below the count (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002); on
/// average that takes fewer than four steps.
struct WindowSampler: Sendable {
    /// Windows in an epoch.
    let windowCount: Int
    /// Chooses among the orders.
    let seed: UInt64
    private let halfBits: UInt64
    private static let roundCount = 6

    /// An order over `windowCount` windows.
    init(windowCount: Int, seed: UInt64) {
        precondition(windowCount > 0, "there is no window to sample")
        self.windowCount = windowCount
        self.seed = seed
        let bits = UInt64(UInt64.bitWidth - UInt64(windowCount - 1).leadingZeroBitCount)
        halfBits = max(1, (bits + 1) / 2)
    }

    /// The window at `position`: each epoch of `windowCount` positions sees every window once.
    subscript(position: Int) -> Int {
        precondition(position >= 0, "position \(position)")
        let (epoch, index) = position.quotientAndRemainder(dividingBy: windowCount)
        let key = SplitMix64.mix(seed &+ SplitMix64.mix(UInt64(epoch) &+ 1))
        var value = UInt64(index)
        repeat {
            value = permute(value, key)
        } while value >= UInt64(windowCount)
        return Int(value)
    }

    /// A permutation of the numbers below `4^halfBits`.
    private func permute(_ value: UInt64, _ key: UInt64) -> UInt64 {
        let mask = (1 as UInt64) << halfBits &- 1
        var left = value >> halfBits
        var right = value & mask
        for round in 0..<Self.roundCount {
            let next =
                left
                ^ (SplitMix64.mix(right ^ key &+ UInt64(round) &* 0x9E37_79B9_7F4A_7C15) & mask)
            left = right
            right = next
        }
        return left << halfBits | right
    }
}
