internal import CKernels
import Work

/// Computes MinHash signatures: for each of many permutations of the hashes of a text's shingles,
/// the least value.
///
/// - A shingle is ``NearDuplicateRule/shingleWordCount`` words in a row, or all of a text that has
///   fewer. Its hash is that of its words' hashes: from the basis of 64-bit FNV-1a on, xor with a
///   word's hash, times FNV's prime, for each word; then SplitMix64's finaliser, of which the upper
///   32 bits count.
/// - The permutations are datasketch's, ((a·x + b mod 2⁶⁴) mod 2⁶¹ − 1) mod 2³², with its constants
///   drawn otherwise: a₁, b₁, a₂, … are the words of SplitMix64 from the seed on without their
///   lowest three bits, of which those that are 0 (for a) or 2⁶¹ − 1 are passed over.
///
/// So datasketch computes the same signatures when it is given the same hashes and constants.
package struct MinHash: Sendable {
    private let shingleWordCount: Int
    private let rowCount: Int
    private let multipliers: [UInt64]
    private let offsets: [UInt64]
    private let level: Int32

    /// The permutations of `rule`.
    package init(_ rule: NearDuplicateRule) {
        self.init(rule, level: qk_best_level())
    }

    init(_ rule: NearDuplicateRule, level: Int32) {
        shingleWordCount = rule.shingleWordCount
        rowCount = rule.rowCount
        self.level = level
        var random = SplitMix64(seed: rule.seed)
        func draw(from least: UInt64) -> UInt64 {
            while true {
                let word = random.next() >> 3
                if word >= least, word < 1 << 61 - 1 { return word }
            }
        }
        var (multipliers, offsets): ([UInt64], [UInt64]) = ([], [])
        for _ in 0..<rule.permutationCount {
            multipliers.append(draw(from: 1))
            offsets.append(draw(from: 0))
        }
        (self.multipliers, self.offsets) = (multipliers, offsets)
    }

    /// The signature of `text`; empty if it has no words. O(bytes + words · permutations).
    package func signature(of text: Span<UInt8>) -> [UInt32] {
        let shingles = shingles(of: text)
        guard !shingles.isEmpty else { return [] }
        var signature = [UInt32](repeating: 0, count: multipliers.count)
        unsafe qk_text(level).pointee.min_hash(
            shingles.count, shingles, multipliers.count, multipliers, offsets, &signature)
        return signature
    }

    /// The hashes of the shingles of `text`, in order. O(bytes + words · words in a shingle).
    func shingles(of text: Span<UInt8>) -> [UInt32] {
        var words: [UInt64] = []
        words.reserveCapacity(text.count / 5)
        WordScanner.forEachWord(of: text) { words.append($0) }
        guard !words.isEmpty else { return [] }
        let length = min(shingleWordCount, words.count)
        let all = words.span
        return (0...words.count - length).map { start in
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for index in start..<start + length {
                hash = (hash ^ all[index]) &* 0x100_0000_01B3
            }
            return UInt32(truncatingIfNeeded: SplitMix64.mix(hash) >> 32)
        }
    }

    /// The key of a band: equal for equal values in the same band, and by chance for 2⁻⁶⁴ of
    /// others.
    func key(ofBand band: Int, in signature: [UInt32]) -> UInt64 {
        var key = SplitMix64.mix(UInt64(band) &+ 1)
        for value in signature[band * rowCount..<(band + 1) * rowCount] {
            key = SplitMix64.mix(key ^ UInt64(value))
        }
        return key
    }

    /// The share of values in which two signatures agree, which estimates the Jaccard index.
    static func similarity(_ one: [UInt32], _ other: [UInt32]) -> Double {
        var equal = 0
        for (left, right) in zip(one, other) where left == right { equal += 1 }
        return Double(equal) / Double(one.count)
    }
}
